// The guide, "Per-Namespace Firewall Rules": policies, an allow list, port forwarding, listing with counters.
#include <netrig/base/scope_exit.h>
#include <netrig/fixtures/bridged_hosts_test.h>
#include <netrig/fixtures/published_service_test.h>
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/nft/presets.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/eventually.h>
#include <netrig/testing/reach.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr AddressFamily kFamilies[] = {AddressFamily::ipv4, AddressFamily::ipv6};

class GuideForwardDrop : public RoutedSubnetsTest {};

TEST_F(GuideForwardDrop, StopsWhatIsForwardedWithIptables) {
  proves("`iptables -P FORWARD DROP` in one namespace stops what it forwards, and only that");
  NETRIG_NEEDS_TOOL("iptables");
  ASSERT_TRUE(router().exec({"iptables", "-P", "FORWARD", "DROP"}).status.success());
  EXPECT_THAT(left(), CannotReach(right().address(), traffic::icmp()));
  EXPECT_THAT(left(), CanReach(router().address("left"), traffic::icmp()));
}

TEST_F(GuideForwardDrop, StopsWhatIsForwardedAsAValue) {
  proves("a drop policy as a value stops both families");
  router().add_rules(nft::forward_policy(nft::Policy::drop));
  for (const auto family : kFamilies) {
    EXPECT_THAT(left(), CannotReach(right().address(family), traffic::icmp()));
    EXPECT_THAT(left(), CanReach(router().address("left", family), traffic::icmp()));
  }
}

class GuideOutputFilter : public BridgedHostsTest {
 protected:
  // On the gateway: web, secure web, names, and something that is not allowed.
  void listen() {
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{80, 443, 22})
      listeners_.push_back(gateway().listen(traffic::tcp(port)));
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{53, 123})
      listeners_.push_back(gateway().listen(traffic::udp(port)));
  }
  void expect_only_the_allowed(AddressFamily family) {
    const auto to = gateway().address(family);
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{80, 443})
      EXPECT_THAT(host(0), CanReach(to, traffic::tcp(port)));
    EXPECT_THAT(host(0), CanReach(to, traffic::udp(53)));
    for (const auto& service : {traffic::tcp(22), traffic::udp(123), traffic::icmp()})
      EXPECT_THAT(host(0), CannotReach(to, service, Because(Verdict::dropped).by_policy().at(host(0))));
  }

 private:
  std::vector<traffic::Listener> listeners_;
};

TEST_F(GuideOutputFilter, LetsOutOnlyWebAndNamesWithIptables) {
  proves("the guide's OUTPUT lines let out TCP 80 and 443 and UDP 53, and nothing else");
  NETRIG_NEEDS_TOOL("iptables");
  listen();
  const auto rules = host(0).exec(process::sh(R"(set -e
iptables -A OUTPUT -p tcp --dport 80 -j ACCEPT
iptables -A OUTPUT -p tcp --dport 443 -j ACCEPT
iptables -A OUTPUT -p udp --dport 53 -j ACCEPT
iptables -P OUTPUT DROP)"));
  ASSERT_TRUE(rules.status.success()) << rules.err;
  expect_only_the_allowed(AddressFamily::ipv4);
}

TEST_F(GuideOutputFilter, LetsOutOnlyWebAndNamesAsAValue) {
  proves("the same as one value, in both families");
  listen();
  host(0).add_rules(
      nft::only_out({{nft::Protocol::tcp, Port{80}}, {nft::Protocol::tcp, Port{443}}, {nft::Protocol::udp, Port{53}}}));
  for (const auto family : kFamilies) expect_only_the_allowed(family);
}

TEST_F(GuideOutputFilter, LeavesTheNeighboursAlone) {
  proves("a namespace's rules are its own: the next container is not filtered");
  host(0).add_rules(nft::output_policy(nft::Policy::drop));
  EXPECT_THAT(host(0),
              CannotReach(gateway().address(), traffic::icmp(), Because(Verdict::dropped).by_policy().at(host(0))));
  EXPECT_THAT(host(1), CanReach(gateway(), traffic::icmp()));
}

TEST_F(GuideOutputFilter, ListsRulesWithCounters) {
  proves("`iptables -L -n -v` counts the packets that were let out");
  NETRIG_NEEDS_TOOL("iptables");
  const auto web = gateway().listen(traffic::tcp(80));
  ASSERT_TRUE(
      host(0).exec({"iptables", "-A", "OUTPUT", "-p", "tcp", "--dport", "80", "-j", "ACCEPT"}).status.success());
  ASSERT_THAT(host(0), CanReach(gateway().address(), traffic::tcp(80)));
  // Until the last packets of the connection, which end in their own time, are through.
  EXPECT_TRUE(eventually(std::chrono::seconds{10}, [&] {
    const auto listing = lines_of(host(0).exec({"iptables", "-L", "OUTPUT", "-n", "-v", "-x"}).out);
    const auto rule = std::ranges::find_if(listing, [](const auto& line) { return line.contains("dpt:80"); });
    return rule != listing.end() && std::stoi(*rule) >= 3;  // SYN, ACK, FIN at least
  }));
}

TEST_F(GuideOutputFilter, ListsRulesWithCountersByNft) {
  proves("`nft list ruleset` counts the packets that were let out, and so does the value of the rule");
  NETRIG_NEEDS_TOOL("nft");
  const auto web = gateway().listen(traffic::tcp(80));
  host(0).load_ruleset_text(R"(
    table inet filter {
      chain output {
        type filter hook output priority filter
        tcp dport 80 counter accept comment "web"
      }
    })");
  ASSERT_THAT(host(0), CanReach(gateway().address(), traffic::tcp(80)));
  // Until the last packets of the connection, which end in their own time, are through.
  EXPECT_TRUE(eventually(std::chrono::seconds{10}, [&] {
    const auto listing = host(0).exec({"nft", "list", "ruleset"}).out;
    const auto rules = host(0).rules();
    const auto packets = rules.find_comment("web")->count()->packets;
    return packets >= 3 &&  // SYN, ACK, FIN at least
           listing.contains("tcp dport 80 counter packets " + std::to_string(packets) + " ");
  }));
}

class GuidePortForwarding : public PublishedServiceTest {};

TEST_F(GuidePortForwarding, PublishesAnHttpServer) {
  proves("port 8080 of the gateway is port 80 of the container, for a real HTTP server and client, in both families");
  NETRIG_NEEDS_TOOL("python3");
  NETRIG_NEEDS_TOOL("curl");
  // Not named by the pid: every test program has the same one in its pid namespace.
  std::string pattern = (std::filesystem::temp_directory_path() / "netrig-http-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const std::filesystem::path folder{pattern};
  const ScopeExit remove{[&] {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }};
  std::ofstream{folder / "index.html"} << "hello from the container\n";
  const auto http =
      server().start({"python3", "-m", "http.server", "80", "--bind", "::", "--directory", folder.string()},
                     listening(traffic::tcp(80)));
  for (const auto family : kFamilies) {
    const auto host = gateway().address("wan", family);
    const auto url = host.is_v4() ? "http://" + host.to_string() + ":8080/" : "http://[" + host.to_string() + "]:8080/";
    const auto page = client().exec({"curl", "-sS", "--max-time", "10", url});
    EXPECT_EQ(page.out, "hello from the container\n") << page.err;
  }
}

TEST_F(GuidePortForwarding, PublishesNothingElse) {
  proves("other ports of the gateway answer for themselves");
  const auto hidden = server().listen(traffic::tcp(22));
  EXPECT_THAT(client(), CannotReach(gateway().address("wan"), traffic::tcp(22), Verdict::no_listener));
}

TEST_F(GuidePortForwarding, WorksWithTheGuidesIptablesLines) {
  proves("the guide's DNAT and FORWARD lines publish the service through a gateway that drops by default");
  NETRIG_NEEDS_TOOL("iptables");
  gateway().change_rules(nft::Transaction{}.flush_ruleset());
  const auto to = server().address().to_string();
  const auto rules =
      gateway().exec(process::sh("set -e\n"
                                 "iptables -P FORWARD DROP\n"
                                 "iptables -t nat -A PREROUTING -i wan -p tcp --dport 8080 -j DNAT --to-destination " +
                                 to +
                                 ":80\n"
                                 "iptables -A FORWARD -p tcp -d " +
                                 to +
                                 " --dport 80 -m state --state NEW,ESTABLISHED,RELATED -j ACCEPT\n"
                                 "iptables -A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT\n"));
  ASSERT_TRUE(rules.status.success()) << rules.err;
  auto web = server().listen(traffic::tcp(80));
  EXPECT_THAT(client(), CanReach(gateway().address("wan"), traffic::tcp(8080)));
  ASSERT_TRUE(web.last_peer().has_value());
  EXPECT_EQ(web.last_peer()->address, client().address());
}

}  // namespace
}  // namespace netrig
