// What passes a NAT, in both address families: questions and answers of every kind, errors about them, fragments, and
// published services from outside, from inside and from the gateway itself.
#include <netrig/base/unique_fd.h>
#include <netrig/fixtures/lab_test.h>
#include <netrig/nft/conntrack.h>
#include <netrig/suites/tools.h>
#include <netrig/testing/connection.h>
#include <netrig/testing/eventually.h>
#include <netrig/traffic/ping.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <map>
#include <poll.h>
#include <sys/socket.h>

// libnftables never frees what libxtables makes of a rule of iptables'. Read by LeakSanitizer.
extern "C" const char* __lsan_default_suppressions() { return "leak:xtables_malloc\nleak:libnftables.so\n"; }  // NOLINT

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr std::uint32_t kNarrow = 1400;  // bytes, the MTU of the last cable

// pc and server are behind gw, which translates; isp and remote know nothing of their network.
class NatPathsTest : public LabTest {
 public:
  void SetUp() override {
    LabTest::SetUp();
    if (IsSkipped()) return;
    Topology home;
    const auto gw = home.router("gw");
    const auto pc = home.host("pc");
    const auto server = home.host("server");
    auto isp = home.router("isp");
    const auto remote = home.host("remote");
    home.segment("lan", "10.2.0.0/24, fd02::/64").join(gw, {.name = "lan"}).join(pc, {}).join(server, {});
    home.segment("wan", "203.0.113.0/24, 2001:db8:113::/64").join(gw, {.name = "wan"}).join(isp, {});
    home.segment("far", "198.51.100.0/24, 2001:db8:100::/64").mtu(kNarrow).join(isp, {}).join(remote, {});
    isp.no_automatic_routes();
    build(home);
  }

 protected:
  static constexpr AddressFamily kFamilies[] = {AddressFamily::ipv4, AddressFamily::ipv6};

  [[nodiscard]] Node gw() { return node("gw"); }
  [[nodiscard]] Node pc() { return node("pc"); }
  [[nodiscard]] Node server() { return node("server"); }
  [[nodiscard]] Node isp() { return node("isp"); }
  [[nodiscard]] Node remote() { return node("remote"); }
  [[nodiscard]] IpAddress public_address(AddressFamily family) { return gw().address("wan", family); }

  void masquerade() {
    gw().load_ruleset_text(R"(
      table inet nat {
        chain postrouting { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
      })");
  }
  // `matches` (protocol and ports) go to the server, `port` there if one is given: from wherever, the gateway included.
  void publish(const std::string& matches, const std::string& port = {}) {
    const auto both = [&](AddressFamily family) {
      const bool v4 = family == AddressFamily::ipv4;
      const auto to = server().address(family).to_string();
      return fmt::format("{} daddr {} {} dnat {} to {}\n", v4 ? "ip" : "ip6", public_address(family).to_string(),
                         matches, v4 ? "ip" : "ip6",
                         port.empty() ? to : (v4 ? to + ":" + port : "[" + to + "]:" + port));
    };
    const auto rules = both(AddressFamily::ipv4) + both(AddressFamily::ipv6);
    gw().load_ruleset_text(fmt::format(R"(
      table inet nat {{
        chain prerouting {{ type nat hook prerouting priority dstnat
          {0} }}
        chain output {{ type nat hook output priority -100
          {0} }}
        chain postrouting {{ type nat hook postrouting priority srcnat
          oifname "wan" masquerade
          iifname "lan" oifname "lan" ct status dnat masquerade comment "hairpin"
        }}
      }})",
                                       rules));
  }
  // The first and the last port reach the server under their numbers, from whom they come; those beside them do not.
  void expect_ports_6000_to_6009_alone() {
    std::map<traffic::Service, traffic::Listener> listeners;
    for (const std::uint16_t port : std::array<std::uint16_t, 4>{5999, 6000, 6009, 6010}) {
      for (const auto& service : {tcp(port), udp(port)}) listeners.emplace(service, server().listen(service));
    }
    for (const auto family : kFamilies) {
      const auto to = public_address(family);
      for (const std::uint16_t port : std::array<std::uint16_t, 2>{6000, 6009}) {
        const auto because = Because(Verdict::accepted)
                                 .translated_to(traffic::Endpoint{server().address(family), Port{port}}.to_string());
        for (const auto& service : {tcp(port), udp(port)}) {
          EXPECT_THAT(remote(), CanReach(to, service, because));
          EXPECT_THAT(listeners.at(service).last_peer(),
                      Optional(Field(&traffic::Endpoint::address, remote().address(family))))
              << service;
        }
      }
      for (const std::uint16_t port : std::array<std::uint16_t, 2>{5999, 6010}) {
        for (const auto& service : {tcp(port), udp(port)}) {
          EXPECT_THAT(remote(), CannotReach(to, service, Verdict::no_listener));
          EXPECT_FALSE(listeners.at(service).last_peer()) << service;
        }
      }
    }
  }
};

TEST_F(NatPathsTest, WithoutItNothingComesBack) {
  proves("the network outside has no way back to an address inside");
  EXPECT_THAT(pc(), CannotReach(remote().address(), icmp(), Because(Verdict::no_route).at(isp())));
}

TEST_F(NatPathsTest, PingsPass) {
  masquerade();
  for (const auto family : kFamilies) {
    const auto because = Because(Verdict::accepted).translated_to(public_address(family).to_string());
    EXPECT_THAT(pc(), CanReach(remote().address(family), icmp(), because));
  }
  for (const auto family : kFamilies) {
    EXPECT_THAT(gw(), HasConnection(AllOf(ConnectsFrom(pc().address(family)), ConnectsTo(remote().address(family)),
                                          TranslatedTo(public_address(family)))));
  }
  NETRIG_NEEDS_TOOL("conntrack");
  const auto known = gw().exec({"conntrack", "-L", "-p", "icmp"}).out;
  EXPECT_THAT(known, AllOf(HasSubstr("src=10.2.0.2"), HasSubstr("dst=203.0.113.1"))) << known;
  const auto known6 = gw().exec({"conntrack", "-L", "-f", "ipv6", "-p", "icmpv6"}).out;
  EXPECT_THAT(known6, AllOf(HasSubstr("src=fd02::2"), HasSubstr("dst=2001:db8:113::1"))) << known6;
}

TEST_F(NatPathsTest, ConnectionsAndDatagramsPass) {
  proves("the far end sees the gateway's public address");
  masquerade();
  const auto web = remote().listen(tcp(80)), names = remote().listen(udp(53));
  for (const auto family : kFamilies) {
    const auto because = Because(Verdict::accepted).translated_to(public_address(family).to_string());
    EXPECT_THAT(pc(), CanReach(remote().address(family), tcp(80), because));
    EXPECT_EQ(web.last_peer()->address, public_address(family));
    EXPECT_THAT(pc(), CanReach(remote().address(family), udp(53), because));
    EXPECT_EQ(names.last_peer()->address, public_address(family));
  }
}

TEST_F(NatPathsTest, IptablesTranslatesTheSame) {
  NETRIG_NEEDS_TOOL("iptables");
  NETRIG_NEEDS_TOOL("ip6tables");
  for (const auto* tool : {"iptables", "ip6tables"}) {
    const auto done = gw().exec({tool, "-t", "nat", "-A", "POSTROUTING", "-o", "wan", "-j", "MASQUERADE"});
    ASSERT_TRUE(done.success()) << done.err;
  }
  const auto web = remote().listen(tcp(80));
  for (const auto family : kFamilies) {
    const auto because = Because(Verdict::accepted).translated_to(public_address(family).to_string());
    EXPECT_THAT(pc(), CanReach(remote().address(family), tcp(80), because));
    EXPECT_THAT(pc(), CanReach(remote().address(family), icmp(), because));
  }
}

// ---- errors about what went out: the packet that they quote is translated back (RFC 5508 section 4)

TEST_F(NatPathsTest, AClosedPortIsTold) {
  masquerade();
  for (const auto family : kFamilies) {
    EXPECT_THAT(pc(), CannotReach(remote().address(family), udp(9), Verdict::no_listener));
    EXPECT_EQ(pc().probe(remote().address(family), udp(9)).kind, traffic::ProbeOutcome::Kind::refused);
    EXPECT_THAT(pc(), CannotReach(remote().address(family), tcp(9), Verdict::no_listener));
  }
}

TEST_F(NatPathsTest, AHopThatIsTooFarIsTold) {
  masquerade();
  for (const auto family : kFamilies) {
    const auto report = pc().ping({.destination = remote().address(family), .count = 1, .ttl = 2});
    ASSERT_EQ(report.errors.size(), 1U) << report;
    EXPECT_THAT(report.errors[0].from, Optional(isp().address(family))) << report;
    EXPECT_THAT(report.errors[0].reason(), HasSubstr(family == AddressFamily::ipv4 ? "Time to live" : "Time exceeded"))
        << report;
  }
}

TEST_F(NatPathsTest, APathThatIsTooNarrowIsTold) {
  masquerade();
  for (const auto family : kFamilies) {
    const auto report =
        pc().ping({.destination = remote().address(family), .count = 1, .size = 1440, .dont_fragment = true});
    ASSERT_EQ(report.errors.size(), 1U) << report;
    EXPECT_EQ(report.errors[0].mtu, kNarrow) << report;
  }
}

// ---- fragments: connection tracking puts them together before any rule sees a port (nf_defrag_ipv4, nf_defrag_ipv6)

// Counts fragments as they arrive, before they are put together (priority -450; defragmentation is at -400).
constexpr const char* kFragmentCounter = R"(
  table inet fragments {
    chain arriving {
      type filter hook prerouting priority -450
      ip frag-off & 0x1fff != 0 counter comment "IPv4"
      exthdr frag exists counter comment "IPv6"
    }
  })";

TEST_F(NatPathsTest, FragmentsPass) {
  proves("a packet in fragments is translated whole, and answered");
  masquerade();
  gw().load_ruleset_text(kFragmentCounter);
  for (const auto family : kFamilies) {
    const auto report = pc().ping({.destination = isp().address("wan", family), .count = 1, .size = 4000});
    EXPECT_TRUE(report.complete()) << report;
    const auto rules = gw().rules();
    const auto* counting = rules.find_comment(family == AddressFamily::ipv4 ? "IPv4" : "IPv6");
    EXPECT_GE(counting->count()->packets, 4U) << "they did not come in fragments";  // two there, two back, at least
  }
}

// A datagram of that size there and back.
bool comes_back(const Node& from, const IpAddress& to, std::uint16_t port, std::size_t size,
                std::chrono::milliseconds patience) {
  return from.run([&] {
    const UniqueFd socket{::socket(to.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_storage address{};
    socklen_t length = sizeof(sockaddr_in);
    if (to.is_v4()) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(address);
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      std::memcpy(&v4.sin_addr, to.bytes().data(), to.bytes().size());
    } else {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      std::memcpy(&v6.sin6_addr, to.bytes().data(), to.bytes().size());
      length = sizeof(sockaddr_in6);
    }
    const std::string sent(size, 'x');
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return false;
    if (::send(socket.get(), sent.data(), sent.size(), 0) != static_cast<ssize_t>(size)) return false;
    std::string got(size + 1, '\0');
    pollfd entry{socket.get(), POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(patience.count())) <= 0) return false;
    const auto received = ::recv(socket.get(), got.data(), got.size(), 0);
    return received == static_cast<ssize_t>(size) && got.substr(0, size) == sent;
  });
}

TEST_F(NatPathsTest, ARuleOnPortsSeesFragmentsWhole) {
  proves("a datagram of three fragments passes a rule on its port where connections are tracked, and only there");
  gw().load_ruleset_text(R"(
    table inet filter {
      chain forward {
        type filter hook forward priority filter; policy drop;
        udp dport 53 counter accept comment "with ports"
        udp sport 53 accept
        counter comment "without ports"
      }
    })");
  const auto names = isp().listen(udp(53));
  for (const auto& route : {"10.2.0.0/24 203.0.113.1", "fd02::/64 2001:db8:113::1"}) {
    const std::string_view text{route};
    const auto space = text.find(' ');
    isp().add_route({.destination = *IpPrefix::parse(text.substr(0, space)),
                     .hops = {{.via = *IpAddress::parse(text.substr(space + 1))}}});
  }
  for (const auto family : kFamilies) {
    const auto to = isp().address("wan", family);
    EXPECT_TRUE(comes_back(pc(), to, 53, 1000, std::chrono::seconds{10}));
    const auto counted = [&](const char* rule) { return gw().rules().find_comment(rule)->count()->packets; };
    const auto passed = counted("with ports"), dropped = counted("without ports");
    EXPECT_FALSE(comes_back(pc(), to, 53, 4000, std::chrono::milliseconds{1}));
    // Of three fragments the first has the ports.
    EXPECT_TRUE(eventually(std::chrono::seconds{10},
                           [&] { return counted("with ports") + counted("without ports") == passed + dropped + 3; }));
    EXPECT_EQ(counted("with ports"), passed + 1);
    EXPECT_EQ(counted("without ports"), dropped + 2);
  }
  gw().load_ruleset_text("add rule inet filter forward ct state invalid drop");  // which asks for tracking
  for (const auto family : kFamilies)
    EXPECT_TRUE(comes_back(pc(), isp().address("wan", family), 53, 4000, std::chrono::seconds{10}));
}

// ---- published services

TEST_F(NatPathsTest, AServiceIsPublishedForTheOutside) {
  proves("the outside reaches the server by the gateway's address, and the server sees who asks");
  publish("tcp dport 8080", "80");
  const auto web = server().listen(tcp(80));
  for (const auto family : kFamilies) {
    const auto because =
        Because(Verdict::accepted).translated_to(traffic::Endpoint{server().address(family), Port{80}}.to_string());
    EXPECT_THAT(remote(), CanReach(public_address(family), tcp(8080), because));
    EXPECT_EQ(web.last_peer()->address, remote().address(family));
  }
}

TEST_F(NatPathsTest, AServiceIsPublishedForTheInsideToo) {
  proves("hairpin: a neighbour uses the public address, and the server sees the gateway");
  publish("tcp dport 8080", "80");
  const auto web = server().listen(tcp(80));
  for (const auto family : kFamilies) {
    const auto because = Because(Verdict::accepted).translated_to(gw().address("lan", family).to_string());
    EXPECT_THAT(pc(), CanReach(public_address(family), tcp(8080), because));
    EXPECT_EQ(web.last_peer()->address, gw().address("lan", family));
    EXPECT_THAT(server(), CanReach(public_address(family), tcp(8080))) << "the server asks for itself";
  }
}

TEST_F(NatPathsTest, WithoutHairpinTheNeighboursAnswerIsNobodys) {
  proves("a server that answers a neighbour past the gateway is not understood");
  publish("tcp dport 8080", "80");
  const auto web = server().listen(tcp(80));
  const auto rules = gw().ruleset();
  const auto* hairpin = rules.find_comment("hairpin");
  gw().load_ruleset_text(fmt::format("delete rule inet nat postrouting handle {}", hairpin->handle));
  pc().load_ruleset_text(R"(
    table inet t {
      chain in {
        type filter hook input priority filter
        meta nfproto ipv4 tcp sport 80 tcp flags syn,ack / syn,ack counter comment "IPv4 past the gateway"
        meta nfproto ipv6 tcp sport 80 tcp flags syn,ack / syn,ack counter comment "IPv6 past the gateway"
      }
    })");
  for (const auto family : kFamilies) {
    const auto outcome = pc().probe(public_address(family), tcp(8080), std::chrono::milliseconds{1});
    EXPECT_NE(outcome.kind, traffic::ProbeOutcome::Kind::answered) << outcome;
    const auto* past = family == AddressFamily::ipv4 ? "IPv4 past the gateway" : "IPv6 past the gateway";
    EXPECT_TRUE(
        eventually(std::chrono::seconds{10}, [&] { return pc().rules().find_comment(past)->count()->packets > 0; }));
    EXPECT_THAT(gw(),
                HasConnection(AllOf(ConnectsFrom(pc().address(family)), ConnectsTo(public_address(family), Port{8080}),
                                    ForwardedTo(server().address(family), Port{80}), InState("SYN_SENT"))));
  }
}

TEST_F(NatPathsTest, AServiceIsPublishedForTheGatewayItself) {
  proves("what the gateway asks its own public address goes to the server, by the output hook");
  publish("tcp dport 8080", "80");
  const auto web = server().listen(tcp(80));
  for (const auto family : kFamilies) {
    const auto because =
        Because(Verdict::accepted).translated_to(traffic::Endpoint{server().address(family), Port{80}}.to_string());
    EXPECT_THAT(gw(), CanReach(public_address(family), tcp(8080), because));
    EXPECT_TRUE(web.last_peer().has_value());
  }
}

TEST_F(NatPathsTest, RangesOfPortsAreForwarded) {
  proves("a range of TCP ports and one of UDP ports keep their numbers; the ports beside them are not forwarded");
  publish("meta l4proto { tcp, udp } th dport 6000-6009");
  expect_ports_6000_to_6009_alone();
}

TEST_F(NatPathsTest, RangesOfPortsAreForwardedByIptables) {
  proves("`-j DNAT` of a TCP and of a UDP range publishes the same");
  NETRIG_NEEDS_TOOL("iptables");
  NETRIG_NEEDS_TOOL("ip6tables");
  for (const auto family : kFamilies) {
    const auto* tool = family == AddressFamily::ipv4 ? "iptables" : "ip6tables";
    for (const auto* protocol : {"tcp", "udp"}) {
      const auto done =
          gw().exec({tool, "-t", "nat", "-A", "PREROUTING", "-i", "wan", "-p", protocol, "--dport", "6000:6009", "-j",
                     "DNAT", "--to-destination", server().address(family).to_string()});
      ASSERT_TRUE(done.success()) << done.err;
    }
  }
  expect_ports_6000_to_6009_alone();
}

}  // namespace
}  // namespace netrig
