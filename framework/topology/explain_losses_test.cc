// What the kernel counts of lost packets, as explain() uses it: the counts are everybody's, so others' losses prove
// nothing. A client, a gateway, a server; both families.
#include <netrig/base/unique_fd.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/losses.h>
#include <netrig/topology/reachability.h>
#include <netrig/topology/test_topologies.h>
#include <netrig/traffic/socket_address.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using traffic::SocketAddress;
using traffic::tcp;
using traffic::udp;

namespace of_losses {  // the names are those of other tests of explain()

// For what nothing explains.
constexpr ExplainOptions kHasty{.patience = 100ms};
// Long: only what is not explained by evidence waits for it.
constexpr ExplainOptions kPatient{.patience = 30s};

netlink::Device device(const char* name) { return {.name = value_or_throw(InterfaceName::parse(name))}; }

// Sends ten datagrams at a time from a node, on a thread of its own.
class Others {
 public:
  Others(const Node& node, const IpAddress& from, const IpAddress& to)
      : thread_{[this, node, own = SocketAddress{from, Port{}}, far = SocketAddress{to, Port{9}}] {
          const auto socket =
              node.run([&] { return UniqueFd{::socket(own.get()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)}; });
          EXPECT_EQ(::bind(socket.get(), own.get(), own.size), 0);
          while (!end_) {
            for (int i = 0; i < 10; ++i) ::sendto(socket.get(), "x", 1, 0, far.get(), far.size);
            sent_ = true;
            sent_.notify_all();
            ::poll(nullptr, 0, 1);
          }
        }} {
    sent_.wait(false);
  }
  Others(const Others&) = delete;
  Others& operator=(const Others&) = delete;
  ~Others() {
    end_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> end_ = false, sent_ = false;
  std::thread thread_;
};

class ExplainLossesTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  [[nodiscard]] static bool v4() { return GetParam() == AddressFamily::ipv4; }
  static IpPrefix prefix(const char* v4, const char* v6) {
    return IpPrefix::parse(GetParam() == AddressFamily::ipv4 ? v4 : v6).value();
  }
  static IpPrefix lan() { return prefix("10.0.1.0/24", "fd00:1::/64"); }
  static IpPrefix dmz() { return prefix("10.0.2.0/24", "fd00:2::/64"); }
  static AddressFamily other_family() { return v4() ? AddressFamily::ipv6 : AddressFamily::ipv4; }
  [[nodiscard]] IpAddress to() const { return server_.address(GetParam()); }
  // What the gateway decides about packets with a mark shows in no look at its routes.
  void swallow_what_is_marked() const {
    gw_.load_ruleset_text(
        "table inet t { chain marks { type filter hook prerouting priority mangle; tcp dport 80 mark set 7; }; }");
    gw_.add_rule({.family = GetParam(), .mark = 7, .table = 100});
    gw_.add_route({.destination = dmz(), .type = netlink::RouteType::blackhole, .table = 100});
  }
  // The server's answers end at the gateway.
  void swallow_answers() const {
    gw_.add_rule({.family = GetParam(), .from = dmz(), .table = 100});
    gw_.add_route({.destination = lan(), .type = netlink::RouteType::blackhole, .table = 100});
  }

  const Lab lab_{test::behind_a_gateway()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
};

std::string family_name(const ::testing::TestParamInfo<AddressFamily>& family) {
  return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6";
}
INSTANTIATE_TEST_SUITE_P(Families, ExplainLossesTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

TEST_P(ExplainLossesTest, WhatTheFilterRefusesOfOthersProvesNothing) {
  const auto web = server_.listen(tcp(80));
  for (const auto family : kAddressFamilies)  // ARP obeys the filter too, and the others are of IPv4
    ASSERT_TRUE(explain(client_, server_.address(family), tcp(80), kPatient).answered());
  swallow_what_is_marked();
  gw_.set_sysctl("net.ipv4.conf.all.rp_filter", "1");
  client_.add_address("eth0", InterfaceAddress::parse("10.9.9.9/32").value());
  const Others refused{client_, IpAddress::parse("10.9.9.9").value(), server_.address(AddressFamily::ipv4)};
  const auto path = explain(client_, to(), tcp(80), kHasty);
  EXPECT_EQ(path.verdict, Verdict::unknown) << path;
  EXPECT_EQ(path.node, "gw") << path;
  EXPECT_FALSE(path.proven) << path;
}

TEST_P(ExplainLossesTest, CountsOfTheOtherFamilyAreNotThisOnes) {
  const auto web = server_.listen(tcp(80));
  gw_.set_forwarding(other_family(), false);
  const Others lost{client_, IpAddress::any(other_family()), server_.address(other_family())};
  const auto seen =
      losses_of_another(client_, {to(), tcp(80)}, gw_, {.wanted = {}, .deadline = Deadline::after(100ms)});
  EXPECT_THAT(seen.grown, IsEmpty()) << losses_text(gw_, seen.grown);
  EXPECT_FALSE(seen.found);
}

TEST_P(ExplainLossesTest, ASilentServiceIsNotExplainedByTheWayBackOfAnAnswerThatItNeverSent) {
  const auto web = server_.listen(tcp(80));
  const auto silent = server_.run([&] {
    UniqueFd socket{::socket(v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const SocketAddress own{IpAddress::any(GetParam()), Port{7000}};
    EXPECT_EQ(::bind(socket.get(), own.get(), own.size), 0);
    return socket;
  });
  swallow_answers();
  const auto path = explain(client_, to(), udp(7000), kHasty);
  EXPECT_EQ(path.verdict, Verdict::ignored) << path;
  EXPECT_EQ(path.node, "server") << path;
  EXPECT_FALSE(path.proven) << path;
  const auto answering = explain(client_, to(), tcp(80), kPatient);
  EXPECT_EQ(answering.verdict, Verdict::no_route) << answering;
  EXPECT_THAT(answering.reason, StartsWith("on the way back: "));

  const auto seen = reachability({client_, server_}, {udp(7000), tcp(80)}, {.family = GetParam(), .patience = 100ms});
  EXPECT_EQ(seen.verdicts[0][1][0], Verdict::ignored);
  EXPECT_EQ(seen.verdicts[0][1][1], Verdict::no_route);
}

// Two zones for what is asked and one for what answers: of two connections with the same addresses and ports the second
// clashes with the first one's answers, and connection tracking gives it up after all rules.
class ExplainTrackingTest : public ExplainLossesTest {
 protected:
  static constexpr Port kClashing{1023}, kOthers{1022}, kFree{1021};

  void SetUp() override {
    choose_zone("1");
    gw_.set_sysctl("net.netfilter.nf_conntrack_tcp_timeout_close", "600");  // what is known stays known to the end
    for (const Port port : {kClashing, kOthers}) ASSERT_TRUE(asked(port, kPatient).answered());
    choose_zone("2");
  }
  void choose_zone(const std::string& zone) const {
    gw_.load_ruleset_text(
        "flush ruleset; table inet t { chain zones { type filter hook prerouting priority raw; iif "
        "eth0 tcp dport 80 ct original zone set " +
        zone + "; }; chain f { type filter hook forward priority 0; ct state new accept; }; }");
  }
  [[nodiscard]] Path asked(const Port port, const ExplainOptions& options = kHasty) const {
    return explain(client_, to(), tcp(80), {.patience = options.patience, .origin = {.port = port}});
  }

  const traffic::Listener web_ = server_.listen(tcp(80));
};
INSTANTIATE_TEST_SUITE_P(Families, ExplainTrackingTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

TEST_P(ExplainTrackingTest, WhatItGivesUpIsToldByItsCounts) {
  const auto path = asked(kClashing);
  EXPECT_EQ(path.verdict, Verdict::dropped) << path;
  EXPECT_EQ(path.node, "gw");
  EXPECT_TRUE(path.proven) << path;
  EXPECT_FALSE(path.rule) << path;
  EXPECT_THAT(path.reason, StartsWith("dropped at \"gw\" by connection tracking: a connection that it knows has these "
                                      "addresses and ports in one direction; it counted another such probe: "));
  EXPECT_THAT(path.reason, HasSubstr("conntrack insert_failed +")) << path;
}

TEST_P(ExplainTrackingTest, WhatItGaveUpBeforeProvesNothing) {
  ASSERT_EQ(asked(kClashing).verdict, Verdict::dropped);
  EXPECT_TRUE(asked(kFree, kPatient).answered());
  ASSERT_GT(count_losses(gw_)["conntrack insert_failed"], 0U);
  gw_.flush_rules();
  swallow_what_is_marked();
  const auto path = asked(kFree);
  EXPECT_EQ(path.verdict, Verdict::unknown) << path;
  EXPECT_THAT(path.to_string(), Not(HasSubstr("conntrack"))) << path;
}

// Whether it is told as the reason or beside it depends on what others lose in the same moment.
TEST_P(ExplainTrackingTest, WhatItGivesUpOfOthersTooIsNamed) {
  const std::jthread others{[this](const std::stop_token& end) {
    const traffic::ProbeSpec spec{.service = tcp(80), .destination = to(), .source_port = kOthers};
    try {
      while (!end.stop_requested()) (void)client_.probe(spec, 1ms);
    } catch (const SetupError& error) {
      ADD_FAILURE() << error.what();
    }
  }};
  EXPECT_THAT(asked(kClashing).to_string(), HasSubstr("conntrack insert_failed +"));
}

// The cable swallows the packet, so that the gateway's filter never meets it.
TEST(ReversePathProof, SettingsAloneProveNothing) {
  const Lab lab{test::behind_a_gateway()};
  const auto client = lab["client"], gw = lab["gw"];
  const auto web = lab["server"].listen(tcp(80));
  const auto to = lab["server"].address(AddressFamily::ipv4);
  ASSERT_TRUE(explain(client, to, tcp(80), kPatient).answered());
  for (const auto& route : gw.snapshot().routes) {
    if (route.destination == IpPrefix::parse("10.0.1.0/24").value()) gw.remove_route(route);
  }
  gw.set_sysctl("net.ipv4.conf.all.rp_filter", "2");
  client.add_neighbour({.device = device("eth0"),
                        .address = gw.address("eth0", AddressFamily::ipv4),
                        .mac = MacAddress::parse("02:00:00:00:77:77").value(),
                        .state = netlink::NeighbourState::permanent});
  const auto path = explain(client, to, tcp(80), kHasty);
  EXPECT_EQ(to_string(path.there), "client eth0") << path;
  EXPECT_FALSE(path.proven) << path;
}

// A server that asks for itself by its public address, which the gateway translates: only the destination.
TEST(MartianSource, OfAHairpinIsToldWithoutACount) {
  const Lab lab{test::behind_a_gateway()};
  const auto gw = lab["gw"], server = lab["server"];
  const auto web = server.listen(tcp(80));
  const auto own = server.address(AddressFamily::ipv4).to_string();
  gw.load_ruleset_text("table ip t { chain pre { type nat hook prerouting priority dstnat; tcp dport 80 dnat to " +
                       own + "; }; }");
  const auto path = explain(server, gw.address("eth0", AddressFamily::ipv4), tcp(80), kPatient);
  EXPECT_EQ(path.verdict, Verdict::reverse_path) << path;
  EXPECT_EQ(path.node, "server") << path;
  EXPECT_THAT(path.reason, HasSubstr("the address is its own (martian source)"));
  EXPECT_THAT(path.state, Each(Not(HasSubstr("counted another")))) << path;
  EXPECT_TRUE(path.proven) << path;
}

}  // namespace of_losses
}  // namespace
}  // namespace netrig
