// The guide, "Add DNS resolver to the namespace": each namespace has a resolver of its own, answered by a real DNS
// server.
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/suites/tools.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace netrig {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

class GuideResolver : public RoutedSubnetsTest {
 protected:
  // A DNS server at `right` that knows one name in both families and nothing else.
  process::Process start_server() {
    return right().start({"dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
                          "--pid-file=", "--user=", "--group=", "--bind-interfaces", "--interface=eth0",
                          "--log-facility=-", "--host-record=service.example,192.0.2.80,2001:db8::80"},
                         listening(traffic::udp(53)));
  }
  void set_resolver(const Node& node, const IpAddress& server) {
    const auto written = node.exec(process::sh("echo 'nameserver " + server.to_string() + "' > /etc/resolv.conf"));
    ASSERT_TRUE(written.status.success()) << written.err;
  }
};

TEST_F(GuideResolver, AnswersFromTheServerThatTheNamespaceNames) {
  NETRIG_NEEDS_TOOL("getent");
  proves("a program in a namespace resolves names at the server in that namespace's /etc/resolv.conf");
  NETRIG_NEEDS_TOOL("dnsmasq");
  const auto server = start_server();
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    set_resolver(left(), right().address(family));
    const auto answer = left().exec({"getent", "ahosts", "service.example"});
    EXPECT_THAT(answer.out, HasSubstr("192.0.2.80")) << answer.err;
    EXPECT_THAT(answer.out, HasSubstr("2001:db8::80"));
  }
}

TEST_F(GuideResolver, AgreesWithDig) {
  proves("dig gets the same answer");
  NETRIG_NEEDS_TOOL("dnsmasq");
  NETRIG_NEEDS_TOOL("dig");
  const auto server = start_server();
  set_resolver(left(), right().address());
  EXPECT_EQ(trimmed(left().exec({"dig", "+short", "+tries=1", "service.example", "A"}).out), "192.0.2.80");
  EXPECT_EQ(trimmed(left().exec({"dig", "+short", "+tries=1", "service.example", "AAAA"}).out), "2001:db8::80");
}

TEST_F(GuideResolver, IsTheNamespacesOwn) {
  proves("one namespace's resolver is neither another's nor the host's");
  const auto before = read_file("/etc/resolv.conf");
  set_resolver(left(), IpAddress::parse("10.99.99.99").value());
  EXPECT_THAT(left().exec({"cat", "/etc/resolv.conf"}).out, HasSubstr("10.99.99.99"));
  EXPECT_THAT(right().exec({"cat", "/etc/resolv.conf"}).out, Not(HasSubstr("10.99.99.99")));
  EXPECT_EQ(read_file("/etc/resolv.conf"), before);
}

TEST_F(GuideResolver, KnowsTheLabsNodesByName) {
  NETRIG_NEEDS_TOOL("getent");
  proves("the names of the lab's nodes resolve without any server");
  EXPECT_THAT(left().exec({"getent", "ahostsv4", "right1"}).out, HasSubstr(right().address().to_string()));
  EXPECT_THAT(left().exec({"getent", "ahostsv6", "right1"}).out,
              HasSubstr(right().address(AddressFamily::ipv6).to_string()));
}

}  // namespace
}  // namespace netrig
