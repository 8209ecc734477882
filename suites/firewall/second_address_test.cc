// A server of several addresses answers datagrams from the one that was asked, so that clients, and NATs, know the
// answer.
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/suites/tools.h>
#include <netrig/topology/measure.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace netrig {
namespace {

using traffic::Endpoint;

class SecondAddressTest : public RoutedSubnetsTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  void SetUp() override {
    RoutedSubnetsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const auto& own : further()) right().add_address("eth0", own);
  }
  // Beside its first address, by which the kernel would answer.
  [[nodiscard]] static std::vector<InterfaceAddress> further() {
    std::vector<InterfaceAddress> addresses;
    for (const std::string last : {"50", "51", "52"}) {
      const auto text = v4() ? "10.10.2." + last + (last == "52" ? "/32" : "/24")
                             : "fd10:2::" + last + (last == "52" ? "/128" : "/64");
      addresses.push_back(InterfaceAddress::parse(text).value());
    }
    return addresses;
  }
  [[nodiscard]] static bool v4() { return GetParam() == AddressFamily::ipv4; }

  // The router's address becomes that one.
  void publish(const IpAddress& inside) {
    router().load_ruleset_text(fmt::format(
        "table {0} nat {{ chain pre {{ type nat hook prerouting priority dstnat; iifname left udp dport 5300 dnat to "
        "{1}; }}; }}",
        v4() ? "ip" : "ip6", Endpoint{inside, Port{53}}.to_string()));
  }
  [[nodiscard]] IpAddress published() { return router().address("left", GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Families, SecondAddressTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& info) { return info.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(SecondAddressTest, AListenerAnswersFromTheAddressThatWasAsked) {
  proves("a datagram to any address of a server is answered from that address");
  const auto names = right().listen(udp(53));
  EXPECT_THAT(left(), CanReach(right().address(GetParam()), udp(53)));
  for (const auto& own : further()) EXPECT_THAT(left(), CanReach(own.address(), udp(53)));
}

TEST_P(SecondAddressTest, AListenerAnswersItsOwnMachine) {
  const auto names = right().listen(udp(53));
  for (const auto& own : further()) EXPECT_THAT(right(), CanReach(own.address(), udp(53)));
}

TEST_P(SecondAddressTest, AListenerAnswersThroughPortForwarding) {
  const auto names = right().listen(udp(53));
  for (const auto& own : further()) {
    publish(own.address());
    EXPECT_THAT(left(),
                CanReach(published(), udp(5300),
                         Because(Verdict::accepted).translated_to(Endpoint{own.address(), Port{53}}.to_string())));
    router().flush_rules();
  }
}

TEST_P(SecondAddressTest, RequestsThatAreMeasuredAreAnsweredToo) {
  proves("latency over UDP is measured to any address of the server, also behind port forwarding");
  traffic::LatencyLoad load{.protocol = traffic::LatencyLoad::Protocol::udp, .rate = 0, .count = 5};
  load.run.destination = further().back().address();
  const auto direct = measure(left(), right(), load, GetParam());
  EXPECT_EQ(direct.lost, 0U) << direct;

  publish(further().front().address());
  load.run.destination = published();
  load.run.port = Port{53};
  load.run.destination_port = Port{5300};
  const auto forwarded = measure(left(), right(), load, GetParam());
  EXPECT_EQ(forwarded.lost, 0U) << forwarded;
}

}  // namespace
}  // namespace netrig
