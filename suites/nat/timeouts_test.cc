// How long a NAT's mappings live, as values and by their end, and what renews them; in both address families.
#include <netrig/nft/presets_nat.h>
#include <netrig/suites/nat/behind_nat.h>
#include <netrig/suites/nat/witness.h>
#include <netrig/topology/nat_trial.h>

#include <fmt/format.h>

#include <regex>
#include <sys/socket.h>
#include <utility>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::Le;

constexpr auto kUntilExpired = 10s;

class MappingTimeOuts : public BehindNatTest {
 protected:
  // From a port of pc's that nobody used yet; it has arrived.
  void send_datagram(AddressFamily family) {
    auto probe = TrialSocket::open_unused(pc(), nft::Protocol::udp, pc().address(family));
    auto deaf = TrialSocket::open(server(), nft::Protocol::udp, {server().address(family), Port{9}});
    probe.send(deaf.local(), 1);
    ASSERT_TRUE(deaf.receive(Deadline::after(kUntilExpired)));
  }

  // A connection that stands. The server closes nothing by itself.
  struct Connection {
    traffic::Probe client;
    TrialSocket server;
    Port seen;  // the client's, outside
    void close_one_way() const { EXPECT_EQ(::shutdown(client.fd(), SHUT_WR), 0); }
  };
  // A socket that was closed keeps its port in both families.
  static Port port_of(AddressFamily family) {
    return Port{family == AddressFamily::ipv4 ? std::uint16_t{5000} : std::uint16_t{6000}};
  }
  // From that port.
  Connection connect(const Node& from, const IpAddress& to) {
    auto listener = TrialSocket::open(server(), nft::Protocol::tcp, {to, Port{80}});
    listener.listen();
    const traffic::ProbeSpec spec{.service = tcp(80), .destination = to, .source_port = port_of(to.family())};
    auto client = value_or_throw(from.run([&] { return traffic::Probe::open(spec); }));
    EXPECT_TRUE(client.run(Deadline::after(kUntilExpired)).answered());
    auto accepted = listener.accept(Deadline::after(kUntilExpired)).value();
    return {std::move(client), std::move(accepted.first), accepted.second.port};
  }

  // One that is never answered.
  TrialSocket begin_to_connect(AddressFamily family) {
    server().load_ruleset_text(
        "table inet deaf { chain c { type filter hook input priority 0; tcp dport 81 drop; }; }");
    auto client = TrialSocket::open_unused(pc(), nft::Protocol::tcp, pc().address(family));
    client.connect({server().address(family), Port{81}});
    return client;
  }

  // What the only TCP connection of the family is in, for how long at most.
  ::testing::AssertionResult comes_to(AddressFamily family, const std::string& state, std::uint32_t more_than,
                                      std::uint32_t at_most) {
    return eventually(kUntilExpired,
                      [&] {
                        const auto known = translated_connections(gw(), family, nft::Protocol::tcp);
                        return known.size() == 1 && known[0].tcp_state == state && known[0].timeout > more_than &&
                               known[0].timeout <= at_most;
                      })
           << gw().snapshot();
  }
  ::testing::AssertionResult forgets(AddressFamily family, nft::Protocol protocol) {
    return eventually(kUntilExpired, [&] { return translated_connections(gw(), family, protocol).empty(); })
           << gw().snapshot();
  }
};

// Linux's own are 30 s, and 120 s when somebody answered.
TEST_F(MappingTimeOuts, AreFiveMinutesForUdpAlsoWhenNobodyAnswers) {
  translate(nft::port_restricted_cone());
  for (const auto family : kFamilies) {
    send_datagram(family);
    EXPECT_THAT(seconds_left(gw(), family, nft::Protocol::udp), AllOf(Gt(120U), Le(300U))) << family;
  }
}

// Linux's own is 5 days.
TEST_F(MappingTimeOuts, AreTwoHoursAndFourMinutesForTcp) {
  translate(nft::port_restricted_cone());
  for (const auto family : kFamilies) {
    const auto connection = connect(pc(), server().address(family));
    EXPECT_TRUE(comes_to(family, "ESTABLISHED", 7000, 7440)) << family;  // by the last packet of the handshake
  }
}

// Linux's own is 120 s.
TEST_F(MappingTimeOuts, AreFourMinutesForTcpThatIsBeingOpened) {
  translate(nft::port_restricted_cone());
  for (const auto family : kFamilies) {
    const auto client = begin_to_connect(family);
    EXPECT_TRUE(comes_to(family, "SYN_SENT", 120, 240)) << family;
  }
}

// Linux's own are 60 s, and 30 s for the last acknowledgement.
TEST_F(MappingTimeOuts, AreFourMinutesForTcpThatIsBeingClosed) {
  translate(nft::port_restricted_cone());
  for (const auto family : kFamilies) {
    const auto connection = connect(pc(), server().address(family));
    connection.close_one_way();
    EXPECT_TRUE(comes_to(family, "CLOSE_WAIT", 120, 240)) << family;
  }
}

TEST_F(MappingTimeOuts, AreWhatWasAskedFor) {
  translate({.timeouts = {.udp = 1000s, .tcp_established = 20'000s, .tcp_transitory = 2000s}});
  for (const auto family : kFamilies) {
    send_datagram(family);
    EXPECT_THAT(seconds_left(gw(), family, nft::Protocol::udp), AllOf(Gt(700U), Le(1000U))) << family;
    const auto connection = connect(pc(), server().address(family));
    EXPECT_TRUE(comes_to(family, "ESTABLISHED", 19'000, 20'000)) << family;
    connection.close_one_way();
    EXPECT_TRUE(comes_to(family, "CLOSE_WAIT", 1000, 2000)) << family;
  }
}

// The port that pc had belongs to nobody, although its socket is open still: tv has it next.
TEST_F(MappingTimeOuts, EndMappingsOfUdp) {
  translate({.timeouts = {.udp = 1s}});
  for (const auto family : kFamilies) {
    const auto open = [&](const Node& node, std::uint16_t port) {
      return TrialSocket::open(node, nft::Protocol::udp, {node.address(family), Port{port}});
    };
    auto holder = open(pc(), 5000), heir = open(tv(), 5000), at = open(server(), 3478);
    const auto seen = [&](TrialSocket& sender) {
      sender.send(at.local(), 1);
      return at.receive(Deadline::after(kUntilExpired)).value().from.port;
    };
    EXPECT_EQ(seen(holder), Port{5000});
    EXPECT_TRUE(forgets(family, nft::Protocol::udp)) << family;
    // The sets forget by a clock of their own.
    EXPECT_TRUE(eventually(kUntilExpired, [&] { return !gw().ruleset_text().contains("expires"); }))
        << gw().ruleset_text();
    EXPECT_EQ(seen(heir), Port{5000}) << family;
  }
}

TEST_F(MappingTimeOuts, EndMappingsOfConnectionsThatStand) {
  translate({.timeouts = {.udp = 1s, .tcp_established = 1s}});
  for (const auto family : kFamilies) {
    const auto silent = connect(pc(), server().address(family));
    EXPECT_EQ(silent.seen, port_of(family));
    EXPECT_TRUE(forgets(family, nft::Protocol::tcp)) << family;
    EXPECT_TRUE(eventually(kUntilExpired, [&] { return !gw().ruleset_text().contains("expires"); }))
        << gw().ruleset_text();
    EXPECT_EQ(connect(tv(), server().address(family)).seen, port_of(family)) << family;
  }
}

TEST_F(MappingTimeOuts, EndConnectionsThatNobodyAnswers) {
  translate({.timeouts = {.tcp_transitory = 1s}});
  for (const auto family : kFamilies) {
    {
      const auto client = begin_to_connect(family);
      EXPECT_TRUE(eventually(kUntilExpired, [&] {
        return !translated_connections(gw(), family, nft::Protocol::tcp).empty();
      })) << family;
    }  // nothing is sent again
    EXPECT_TRUE(forgets(family, nft::Protocol::tcp)) << family;
  }
}

TEST_F(MappingTimeOuts, EndConnectionsThatAreHalfClosed) {
  translate({.timeouts = {.tcp_transitory = 1s}});
  for (const auto family : kFamilies) {
    const auto connection = connect(pc(), server().address(family));
    EXPECT_TRUE(comes_to(family, "ESTABLISHED", 7000, 7440)) << family;
    connection.close_one_way();
    EXPECT_TRUE(forgets(family, nft::Protocol::tcp)) << family;
  }
}

// Elements of the NAT's sets and maps that are about to expire.
class Renewal : public BehindNatTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  traffic::Endpoint inside() { return {pc().address(GetParam()), Port{5000}}; }
  traffic::Endpoint outside() { return {gw().address("wan", GetParam()), Port{5000}}; }
  TrialSocket client() { return TrialSocket::open(pc(), nft::Protocol::udp, inside()); }
  TrialSocket at() {
    return TrialSocket::open(server(), nft::Protocol::udp, {server().address(GetParam()), Port{3478}});
  }
  void write_old_mapping() {
    const auto n = GetParam() == AddressFamily::ipv4 ? 4 : 6;
    const auto pc_address = inside().address.to_string();
    const std::string life = "timeout 5m expires 59s";
    const auto element = [&](const char* set, const std::string& key, const std::string& value = "") {
      return fmt::format("add element inet translation {}{} {{ udp . 5000{} {}{} }}\n", set, n, key, life, value);
    };
    gw().load_ruleset_text(element("taken", "") + element("owners", " . " + pc_address) +
                           element("inside_address", "", " : " + pc_address) + element("inside_port", "", " : 5000") +
                           element("contacted", " . " + server().address(GetParam()).to_string()));
  }
  // How many elements have less than a minute left.
  std::ptrdiff_t old_elements() {
    const auto rules = gw().ruleset_text();
    const std::regex old{"expires [0-9]+s"};
    return std::distance(std::sregex_iterator{rules.begin(), rules.end(), old}, {});
  }
};

TEST_P(Renewal, IsDoneByPacketsFromInside) {
  translate(nft::restricted_cone());
  write_old_mapping();
  ASSERT_EQ(old_elements(), 5);
  auto from = client(), to = at();
  from.send(to.local(), 1);
  ASSERT_TRUE(to.receive(Deadline::after(kUntilExpired)));
  EXPECT_EQ(old_elements(), 0) << gw().ruleset_text();
}

TEST_P(Renewal, IsDoneByAnswersFromInside) {
  translate(nft::restricted_cone());
  write_old_mapping();
  auto from = client(), to = at();
  to.send(outside(), 1);
  ASSERT_TRUE(from.receive(Deadline::after(kUntilExpired)));
  EXPECT_EQ(old_elements(), 5);  // not by packets from outside: they would hold a mapping open for ever
  from.send(to.local(), 1);
  ASSERT_TRUE(to.receive(Deadline::after(kUntilExpired)));
  EXPECT_EQ(old_elements(), 0) << gw().ruleset_text();
}

INSTANTIATE_TEST_SUITE_P(Families, Renewal, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return to_string(family.param); });

}  // namespace
}  // namespace netrig
