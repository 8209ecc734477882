// Who reaches whom, in a lab of three networks round a gateway with rules.
#include <netrig/base/unique_fd.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/reachability.h>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <netinet/in.h>
#include <sys/socket.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using traffic::icmp;
using traffic::tcp;
using traffic::udp;

class ReachabilityTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  static Topology topology() {
    Topology plan;
    const auto gw = plan.router("gw");
    int number = 0;
    for (const char* name : {"guest", "staff", "printer"}) {
      ++number;
      plan.segment(std::string{name} + "s", fmt(number)).join(plan.host(name), gw);
    }
    return plan;
  }
  static std::string fmt(int number) {
    const auto text = std::to_string(number);
    return "10.0." + text + ".0/24, fd00:" + text + "::/64";
  }
  [[nodiscard]] Reachability seen(const std::vector<traffic::Service>& services) const {
    return reachability({guest_, staff_, printer_}, services, {.family = GetParam(), .patience = 30s});
  }

  const Lab lab_{topology()};
  const Node gw_ = lab_["gw"], guest_ = lab_["guest"], staff_ = lab_["staff"], printer_ = lab_["printer"];
};
INSTANTIATE_TEST_SUITE_P(Families, ReachabilityTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(ReachabilityTest, ShowsEachCellAndWaitsForNothingThatARuleDropped) {
  gw_.load_ruleset_text(R"(table inet t { chain guard { type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "eth0" oifname "eth1" tcp dport 22 accept
    iifname "eth1" oifname "eth2" tcp dport 631 accept
    iifname "eth1" meta l4proto { icmp, ipv6-icmp } accept
    iifname "eth2" oifname "eth0" reject
    iifname "eth2" oifname "eth1" udp dport 53 accept
  }; })");
  const auto matrix = seen({tcp(631), tcp(22), udp(53), icmp()});
  EXPECT_EQ(matrix.to_string(),
            "        | guest | staff  | printer\n"
            "guest   | -     | 22     | none\n"
            "staff   | icmp  | -      | 631 icmp\n"
            "printer | none  | udp/53 | -\n");
  EXPECT_TRUE(matrix.reached(staff_, printer_, tcp(631)));
  EXPECT_FALSE(matrix.reached(guest_, printer_, tcp(631)));
  EXPECT_THROW((void)matrix.reached(guest_, gw_, tcp(631)), SetupError);
}

TEST_P(ReachabilityTest, WithoutRulesEverybodyReachesEverybody) {
  const auto web = staff_.listen(tcp(80));  // the port is taken: nobody is brought there
  EXPECT_EQ(seen({tcp(80), icmp()}).to_string(),
            "        | guest | staff | printer\n"
            "guest   | -     | all   | all\n"
            "staff   | all   | -     | all\n"
            "printer | all   | all   | -\n");
  EXPECT_EQ(guest_.probe(printer_.address(), tcp(80)).kind, traffic::ProbeOutcome::Kind::refused);  // nobody stayed
}

TEST_P(ReachabilityTest, TellsWhatBecameOfEachQuestion) {
  gw_.load_ruleset_text(R"(table inet t { chain guard { type filter hook forward priority 0;
    iifname "eth0" oifname "eth1" drop
    iifname "eth0" oifname "eth2" reject
    icmp type echo-reply drop
    icmpv6 type echo-reply drop
  }; })");
  const auto matrix = seen({tcp(22), icmp()});  // guest, staff, printer
  EXPECT_EQ(matrix.verdicts[0][1][0], Verdict::dropped);
  EXPECT_EQ(matrix.verdicts[0][2][0], Verdict::rejected);
  EXPECT_EQ(matrix.verdicts[1][2][0], Verdict::accepted);
  EXPECT_EQ(matrix.verdicts[1][2][1], Verdict::dropped);  // the reply
}

TEST_P(ReachabilityTest, ADaemonThatKeepsSilentIsNotTakenForARule) {
  const auto daemon = printer_.run([] {
    UniqueFd fd{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(53);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
    return fd;
  });
  const auto matrix = reachability({guest_, printer_}, {udp(53)}, {.family = GetParam(), .patience = 1ms});
  EXPECT_EQ(matrix.verdicts[0][1][0], Verdict::ignored);
  EXPECT_FALSE(matrix.cells[0][1][0]);
}

TEST_P(ReachabilityTest, MissingForwardingIsTold) {
  gw_.set_forwarding(GetParam(), false);
  const auto matrix = reachability({guest_, printer_}, {udp(53), icmp()}, {.family = GetParam(), .patience = 1ms});
  for (const auto verdict : matrix.verdicts[0][1]) EXPECT_EQ(verdict, Verdict::not_forwarded);
}

TEST(Reachability, OfNobodyIsEmpty) { EXPECT_EQ(reachability({}, {icmp()}).to_string(), "\n"); }

// Three rules among twenty nodes: h3 hears nothing on port 22, h7 asks nobody on port 80, h11 hears no echo request of
// h5.
std::string expected_among_twenty(std::size_t from, std::size_t to) {
  std::vector<std::string> reached;
  if (from != 7) reached.emplace_back("80");
  if (to != 3) reached.emplace_back("22");
  if (from != 5 || to != 11) reached.emplace_back("icmp");
  return from == to ? "-" : reached.size() == 3 ? "all" : fmt::format("{}", fmt::join(reached, " "));
}

TEST_P(ReachabilityTest, TwentyNodesAreAskedAtOnce) {
  Topology plan;
  auto segment = plan.segment("lan", "10.0.0.0/24, fd00::/64");
  for (int i = 0; i < 20; ++i) segment.join(plan.host("h" + std::to_string(i)));
  const Lab lab{plan};
  std::vector<Node> nodes;
  for (int i = 0; i < 20; ++i) nodes.push_back(lab["h" + std::to_string(i)]);
  const auto rule = [&](std::size_t node, const std::string& hook, const std::string& text) {
    nodes[node].load_ruleset_text("table inet t { chain c { type filter hook " + hook + " priority 0; " + text + ";" +
                                  " }; }");
  };
  rule(3, "input", "tcp dport 22 drop");
  rule(7, "output", "tcp dport 80 drop");
  rule(11, "input",
       "ip saddr " + nodes[5].address(AddressFamily::ipv4).to_string() + " icmp type echo-request drop; " +
           "ip6 saddr " + nodes[5].address(AddressFamily::ipv6).to_string() + " icmpv6 type echo-request drop");
  const auto seen = reachability(nodes, {tcp(80), tcp(22), icmp()}, {.family = GetParam(), .patience = 30s});
  std::vector<std::string> wrong;
  for (std::size_t from = 0; from < nodes.size(); ++from) {
    for (std::size_t to = 0; to < nodes.size(); ++to) {
      const auto cell = seen.cell(from, to), expected = expected_among_twenty(from, to);
      if (cell != expected) wrong.push_back(fmt::format("h{} to h{}: {}, not {}", from, to, cell, expected));
    }
  }
  EXPECT_THAT(wrong, ::testing::IsEmpty());
}

// What each learns of the others is not counted in the neighbour tables, which all namespaces of the machine share.
TEST_P(ReachabilityTest, TakesNoRoomInTheMachinesNeighbourTables) {
  constexpr int kNodes = 8;
  Topology plan;
  auto segment = plan.segment("lan", "10.0.0.0/24, fd00::/64");
  for (int i = 0; i < kNodes; ++i) segment.join(plan.host("h" + std::to_string(i)));
  const Lab lab{plan};
  std::vector<Node> nodes;
  for (int i = 0; i < kNodes; ++i) nodes.push_back(lab["h" + std::to_string(i)]);
  const auto seen = reachability(nodes, {udp(9)}, {.family = GetParam(), .patience = 30s});
  std::size_t missing = 0;
  for (const auto& from : nodes) {
    const auto known = value_or_throw(
        from.netlink([&](auto& socket) { return netlink::dump_neighbours(socket, {.family = GetParam()}); }));
    for (const auto& to : nodes) {
      if (from == to) continue;
      if (!seen.reached(from, to, udp(9))) ++missing;
      const auto entry = std::ranges::find(known, to.address(GetParam()), &netlink::Neighbour::address);
      ASSERT_NE(entry, known.end()) << from.name() << " does not know " << to.name();
      EXPECT_TRUE(entry->external_learn && entry->mac) << from.name() << ": " << *entry;
    }
  }
  EXPECT_EQ(missing, 0U);
}

}  // namespace
}  // namespace netrig
