// Look-ups in sets and verdict maps, with the text that nft shows for them.
#include <netrig/nft/rule_cases.h>

#include <utility>

namespace netrig::nft {
namespace {

RuleCase with(Set set, const Rule& rule, std::string text, Family family = Family::inet) {
  return {family, Hook::forward, rule, std::move(text), {}, {std::move(set)}};
}
RuleCase inet(const Rule& rule, std::string text) { return {Family::inet, Hook::forward, rule, std::move(text)}; }

Set of(Set set, const std::vector<SetElement>& elements) {
  set.elements = elements;
  return set;
}

std::vector<RuleCase> named_sets() {
  using enum KeyType;
  return {
      with(of(Set::values("hosts", ipv4_addr), {"10.0.0.9", "10.0.0.1", "9.0.0.200", "10.0.0.10", "127.0.0.1"}),
           Rule{}.in(Field::ip_saddr, "hosts").drop(), "ip saddr @hosts drop"),
      with(Set::values("nobody", ipv4_addr), Rule{}.not_in(Field::ip_daddr, "nobody").accept(),
           "ip daddr != @nobody accept"),
      with(of(Set::values("six", ipv6_addr), {"fd00::2", "fd00::1"}), Rule{}.in(Field::ip6_saddr, "six").accept(),
           "ip6 saddr @six accept"),
      with(of(Set::ranges("nets", ipv4_addr),
              {"10.0.1.0/24", "10.0.0.0/24", "192.0.2.7", "10.9.0.1-10.9.0.9", "255.0.0.0/8", "0.0.0.0/8"}),
           Rule{}.in(Field::ip_daddr, "nets").drop(), "ip daddr @nets drop"),
      with(of(Set::ranges("high", ipv4_addr), {"128.0.0.0/1"}), Rule{}.in(Field::ip_saddr, "high").drop(),
           "ip saddr @high drop"),
      with(of(Set::ranges("nets6", ipv6_addr),
              {"fd00::/64", "fd00:0:0:1::/64", "ff00::/8", "fd01::1", "fd02::1-fd02::9"}),
           Rule{}.in(Field::ip6_daddr, "nets6").drop(), "ip6 daddr @nets6 drop"),
      with(of(Set::values("web", inet_service), {443, 80, 1, 2, 3, 8080, 65535}),
           Rule{}.in(Field::tcp_dport, "web").accept(), "tcp dport @web accept"),
      with(of(Set::ranges("ports", inet_service), {"1000-2000", 80, PortRange{60000, 65535}}),
           Rule{}.not_in(Field::udp_sport, "ports").drop(), "udp sport != @ports drop"),
      with(of(Set::values("any", inet_service), {53}), Rule{}.in(Field::th_dport, "any").accept(),
           "th dport @any accept"),
      with(of(Set::values("names", ifname), {"lan0", "lo", "eth0", "eth10", "eth0.100", "b1", "a9", "abcdefghijklmno"}),
           Rule{}.in(Field::iifname, "names").counter(), "iifname @names counter packets 0 bytes 0"),
      with({.name = "said", .type = {.key = inet_service}, .elements = {22}, .comment = "a word or two"},
           Rule{}.in(Field::sctp_dport, "said").accept(), "sctp dport @said accept"),
      with(of(Set::values("hosts", ipv4_addr), {"10.0.0.9"}), Rule{}.in(Field::ip_saddr, "hosts").drop(),
           "ip saddr @hosts drop", Family::ip),
      with(of(Set::ranges("nets6", ipv6_addr), {"fd00::/64"}), Rule{}.in(Field::ip6_saddr, "nets6").drop(),
           "ip6 saddr @nets6 drop", Family::ip6),
      with(of(Set::values("hosts", ipv4_addr), {"10.0.0.9"}), Rule{}.in(Field::ip_saddr, "hosts").drop(),
           "ip saddr @hosts drop", Family::bridge),
  };
}

std::vector<RuleCase> verdict_maps() {
  using enum KeyType;
  return {
      with(Set::verdicts("services", inet_service)
               .add(22, Verdict::accept())
               .add(80, Verdict::jump("elsewhere"))
               .add(25, Verdict::drop())
               .add(443, Verdict::go_to("elsewhere"))
               .add(53, Verdict::return_to_caller())
               .add(1, Verdict::next_rule()),
           Rule{}.vmap(Field::tcp_dport, "services"), "tcp dport vmap @services"),
      with(Set::range_verdicts("zones", ipv4_addr)
               .add("10.0.1.0/24", Verdict::drop())
               .add("10.0.0.0/24", Verdict::jump("elsewhere"))
               .add("10.0.2.1", Verdict::accept()),
           Rule{}.vmap(Field::ip_saddr, "zones"), "ip saddr vmap @zones"),
      with(Set::range_verdicts("zones6", ipv6_addr).add("fd00::/16", Verdict::drop()).add("::1", Verdict::accept()),
           Rule{}.vmap(Field::ip6_daddr, "zones6"), "ip6 daddr vmap @zones6"),
      with(Set::verdicts("doors", ifname).add("lan0", Verdict::accept()).add("wan0", Verdict::jump("elsewhere")),
           Rule{}.vmap(Field::iifname, "doors"), "iifname vmap @doors"),
      inet(Rule{}.vmap(Field::tcp_dport, {{80, Verdict::jump("elsewhere")}, {22, Verdict::accept()}}),
           "tcp dport vmap { 22 : accept, 80 : jump elsewhere }"),
      inet(Rule{}.vmap(Field::ip_saddr, {{"10.0.0.0/24", Verdict::accept()}, {"10.0.1.0/24", Verdict::drop()}}),
           "ip saddr vmap { 10.0.0.0/24 : accept, 10.0.1.0/24 : drop }"),
      inet(Rule{}.counter().vmap(Field::oifname, {{"wan0", Verdict::drop()}}),
           R"(counter packets 0 bytes 0 oifname vmap { "wan0" : drop })"),
  };
}

std::vector<RuleCase> several_values() {
  return {
      inet(Rule{}.in(Field::tcp_dport, {443, 80}).accept(), "tcp dport { 80, 443 } accept"),
      inet(Rule{}.not_in(Field::udp_dport, {53}).drop(), "udp dport != { 53 } drop"),
      inet(Rule{}.in(Field::tcp_dport, {"80-90", 91, 443}).accept(), "tcp dport { 80-91, 443 } accept"),
      inet(Rule{}.in(Field::ip_saddr, {"10.0.0.7", "10.0.0.1"}).drop(), "ip saddr { 10.0.0.1, 10.0.0.7 } drop"),
      inet(Rule{}.in(Field::ip_saddr, {"10.0.0.0/24", "10.0.1.0/24", "172.16.0.0/12"}).drop(),
           "ip saddr { 10.0.0.0/23, 172.16.0.0/12 } drop"),
      inet(Rule{}.in(Field::ip6_saddr, {"fd00::/64", "fd00::1:0:0:0:9"}).drop(),
           "ip6 saddr { fd00::/64, fd00:0:0:1::9 } drop"),
      inet(Rule{}.in(Field::iifname, {"lan0", "lo"}).in(Field::tcp_sport, {1, 2}).accept(),
           R"(iifname { "lo", "lan0" } tcp sport { 1, 2 } accept)"),
      {Family::ip6, Hook::input, Rule{}.in(Field::ip6_saddr, {"fd00::9", "fd00::1"}).drop(),
       "ip6 saddr { fd00::1, fd00::9 } drop"},
  };
}

}  // namespace

std::vector<RuleCase> set_cases() {
  std::vector<RuleCase> all;
  for (auto& part : {named_sets(), verdict_maps(), several_values()}) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace netrig::nft
