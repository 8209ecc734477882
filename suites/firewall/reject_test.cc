// Every kind of `reject`, in both address families: what the sender is told, and how the failure names it.
#include <netrig/fixtures/routed_subnets_test.h>
#include <netrig/suites/tools.h>
#include <netrig/topology/explain.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace netrig {
namespace {

constexpr auto kIpv4 = AddressFamily::ipv4, kIpv6 = AddressFamily::ipv6;

struct Kind {
  std::string name;
  AddressFamily family;
  std::string statement;  // nft's, as it lists it
  std::string answer;     // as nft names the message
  int error;              // what the kernel makes of it for a socket: icmp_err_convert[], icmpv6_err_convert()
  bool udp = true;        // whether datagrams are answered so too
};

// RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"Ipv4NetUnreachable", kIpv4, "reject with icmp net-unreachable", "net-unreachable", ENETUNREACH},
      {"Ipv4HostUnreachable", kIpv4, "reject with icmp host-unreachable", "host-unreachable", EHOSTUNREACH},
      {"Ipv4ProtocolUnreachable", kIpv4, "reject with icmp prot-unreachable", "prot-unreachable", ENOPROTOOPT},
      {"Ipv4PortUnreachable", kIpv4, "reject with icmp port-unreachable", "port-unreachable", ECONNREFUSED},
      {"Ipv4NetProhibited", kIpv4, "reject with icmp net-prohibited", "net-prohibited", ENETUNREACH},
      {"Ipv4HostProhibited", kIpv4, "reject with icmp host-prohibited", "host-prohibited", EHOSTUNREACH},
      {"Ipv4AdminProhibited", kIpv4, "reject with icmp admin-prohibited", "admin-prohibited", EHOSTUNREACH},
      {"Ipv4Reset", kIpv4, "reject with tcp reset", "tcp reset", ECONNREFUSED, false},
      {"Ipv4OfBothNoRoute", kIpv4, "reject with icmpx no-route", "net-unreachable", ENETUNREACH},
      {"Ipv4OfBothHost", kIpv4, "reject with icmpx host-unreachable", "host-unreachable", EHOSTUNREACH},
      {"Ipv4OfBothAdmin", kIpv4, "reject with icmpx admin-prohibited", "admin-prohibited", EHOSTUNREACH},
      {"Ipv4Plain", kIpv4, "reject", "port-unreachable", ECONNREFUSED},
      {"Ipv6NoRoute", kIpv6, "reject with icmpv6 no-route", "no-route", ENETUNREACH},
      {"Ipv6AdminProhibited", kIpv6, "reject with icmpv6 admin-prohibited", "admin-prohibited", EACCES},
      {"Ipv6AddressUnreachable", kIpv6, "reject with icmpv6 addr-unreachable", "addr-unreachable", EHOSTUNREACH},
      {"Ipv6PortUnreachable", kIpv6, "reject with icmpv6 port-unreachable", "port-unreachable", ECONNREFUSED},
      {"Ipv6PolicyFail", kIpv6, "reject with icmpv6 policy-fail", "policy-fail", EACCES},
      {"Ipv6RejectRoute", kIpv6, "reject with icmpv6 reject-route", "reject-route", EACCES},
      {"Ipv6Reset", kIpv6, "reject with tcp reset", "tcp reset", ECONNREFUSED, false},
      {"Ipv6OfBothNoRoute", kIpv6, "reject with icmpx no-route", "no-route", ENETUNREACH},
      {"Ipv6OfBothHost", kIpv6, "reject with icmpx host-unreachable", "addr-unreachable", EHOSTUNREACH},
      {"Ipv6OfBothAdmin", kIpv6, "reject with icmpx admin-prohibited", "admin-prohibited", EACCES},
      {"Ipv6Plain", kIpv6, "reject", "port-unreachable", ECONNREFUSED},
  };
  return all;
}

class RejectKindTest : public RoutedSubnetsTest, public ::testing::WithParamInterface<Kind> {};

TEST_P(RejectKindTest, TellsTheSender) {
  const auto& kind = GetParam();
  proves(fmt::format("`{}` tells an {} sender {}, and the failure names rule and message", kind.statement,
                     to_string(kind.family), kind.answer));
  const auto* const protocols = kind.udp ? "{ tcp, udp }" : "tcp";
  router().load_ruleset_text(fmt::format(R"(
    table inet filter {{
      chain forward {{
        type filter hook forward priority filter;
        iifname "left" meta l4proto {} th dport 80 {} comment "not here"
      }}
    }})",
                                         protocols, kind.statement));
  const auto to = right().address(kind.family);
  const auto because = Because(Verdict::rejected).by("not here").with(kind.answer).at(router());
  const auto web = right().listen(tcp(80)), datagrams = right().listen(udp(80));
  for (const auto& service : {tcp(80), udp(80)}) {
    if (service.is_udp() && !kind.udp) continue;
    EXPECT_THAT(left(), CannotReach(to, service, because));
    EXPECT_EQ(left().probe(to, service).error, kind.error) << service;
  }
  EXPECT_EQ(web.last_peer(), std::nullopt);
  EXPECT_EQ(datagrams.last_peer(), std::nullopt);
  if (is_installed("nft")) {
    EXPECT_THAT(router().exec({"nft", "list", "ruleset"}).out, ::testing::HasSubstr(" " + kind.statement + " comment"));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, RejectKindTest, ::testing::ValuesIn(kinds()),
                         [](const auto& info) { return info.param.name; });

class IptablesRejectTest : public RoutedSubnetsTest {
 protected:
  struct Target {
    std::string option, answer;
  };
  // One after the other, each in the place of the one before.
  void expect_told(const std::string& tool, AddressFamily family, const std::vector<Target>& targets) {
    const auto web = right().listen(tcp(80));
    for (const auto& [option, answer] : targets) {
      const auto done = router().exec(process::sh(fmt::format(
          "set -e; {0} -F FORWARD; {0} -A FORWARD -p tcp --dport 80 -j REJECT --reject-with {1}", tool, option)));
      ASSERT_TRUE(done.success()) << done.err;
      EXPECT_THAT(left(),
                  CannotReach(right().address(family), tcp(80), Because(Verdict::rejected).with(answer).at(router())))
          << option;
    }
  }
};

TEST_F(IptablesRejectTest, EveryKindOfIpv4TellsTheSender) {
  proves("each `iptables --reject-with` tells the sender what nft calls the same");
  NETRIG_NEEDS_TOOL("iptables");
  expect_told("iptables", kIpv4,
              {{"icmp-net-unreachable", "net-unreachable"},
               {"icmp-host-unreachable", "host-unreachable"},
               {"icmp-proto-unreachable", "prot-unreachable"},
               {"icmp-port-unreachable", "port-unreachable"},
               {"icmp-net-prohibited", "net-prohibited"},
               {"icmp-host-prohibited", "host-prohibited"},
               {"icmp-admin-prohibited", "admin-prohibited"},
               {"tcp-reset", "tcp reset"}});
}

TEST_F(IptablesRejectTest, EveryKindOfIpv6TellsTheSender) {
  proves("each `ip6tables --reject-with` tells the sender what nft calls the same");
  NETRIG_NEEDS_TOOL("ip6tables");
  expect_told("ip6tables", kIpv6,
              {{"icmp6-no-route", "no-route"},
               {"icmp6-adm-prohibited", "admin-prohibited"},
               {"icmp6-addr-unreachable", "addr-unreachable"},
               {"icmp6-port-unreachable", "port-unreachable"},
               {"icmp6-policy-fail", "policy-fail"},
               {"icmp6-reject-route", "reject-route"},
               {"tcp-reset", "tcp reset"}});
}

}  // namespace
}  // namespace netrig
