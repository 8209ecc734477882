#include <netrig/nft/rule_cases.h>

#include <iterator>
#include <utility>

namespace netrig::nft {
namespace {

constexpr CtState kReplies = CtState::established | CtState::related;

std::vector<RuleCase> matches() {
  const auto inet = [](const Rule& rule, std::string text) {
    return RuleCase{Family::inet, Hook::forward, rule, std::move(text)};
  };
  return {
      inet(Rule{}.saddr("10.0.0.1").drop(), "ip saddr 10.0.0.1 drop"),
      inet(Rule{}.saddr("10.0.0.0/24").daddr("10.0.1.1", Op::not_equal).accept(),
           "ip saddr 10.0.0.0/24 ip daddr != 10.0.1.1 accept"),
      inet(Rule{}.daddr("10.0.0.0/20").drop(), "ip daddr 10.0.0.0/20 drop"),
      inet(Rule{}.saddr("0.0.0.0/0").drop(), "ip saddr 0.0.0.0/0 drop"),
      inet(Rule{}.saddr("fd00::/64").drop(), "ip6 saddr fd00::/64 drop"),
      inet(Rule{}.daddr("fd00::1").drop(), "ip6 daddr fd00::1 drop"),
      inet(Rule{}.saddr("fd00::/65", Op::not_equal).drop(), "ip6 saddr != fd00::/65 drop"),
      inet(Rule{}.daddr("::/0").drop(), "ip6 daddr ::/0 drop"),
      inet(Rule{}.tcp_dport(80).accept(), "tcp dport 80 accept"),
      inet(Rule{}.udp_sport({1000, 2000}).drop(), "udp sport 1000-2000 drop"),
      inet(Rule{}.tcp_sport({10, 20}, Op::not_equal).drop(), "tcp sport != 10-20 drop"),
      inet(Rule{}.udp_dport(53, Op::not_equal).drop(), "udp dport != 53 drop"),
      inet(Rule{}.dport(Protocol::sctp, 5).drop(), "sctp dport 5 drop"),
      inet(Rule{}.add(PortMatch{{}, Side::destination, 53}).accept(), "th dport 53 accept"),
      inet(Rule{}.tcp_sport(1024).tcp_dport(80).saddr("10.0.0.1").drop(),
           "tcp sport 1024 tcp dport 80 ip saddr 10.0.0.1 drop"),
      inet(Rule{}.protocol(Protocol::tcp).drop(), "meta l4proto tcp drop"),
      inet(Rule{}.protocol(Protocol::icmpv6, Op::not_equal).drop(), "meta l4proto != ipv6-icmp drop"),
      inet(Rule{}.protocol(static_cast<Protocol>(250)).drop(), "meta l4proto 250 drop"),
      inet(Rule{}.family(AddressFamily::ipv4).drop(), "meta nfproto ipv4 drop"),
      inet(Rule{}.family(AddressFamily::ipv6, Op::not_equal).drop(), "meta nfproto != ipv6 drop"),
      inet(Rule{}.iif("lan0").oif("wan0", Op::not_equal).accept(), R"(iifname "lan0" oifname != "wan0" accept)"),
      inet(Rule{}.iif("veth*").accept(), R"(iifname "veth*" accept)"),
      inet(Rule{}.ct_state(kReplies).accept(), "ct state established,related accept"),
      inet(Rule{}.ct_state(CtState::new_connection).drop(), "ct state new drop"),
      inet(Rule{}.ct_state(CtState::invalid | CtState::untracked, Op::not_equal).drop(),
           "ct state ! invalid,untracked drop"),
      inet(Rule{}.icmp_type(IcmpType::echo_request).accept(), "icmp type echo-request accept"),
      inet(Rule{}.icmp_type(static_cast<IcmpType>(77), Op::not_equal).drop(), "icmp type != 77 drop"),
      inet(Rule{}.saddr("10.0.0.0/24").icmp_type(IcmpType::echo_reply).accept(),
           "ip saddr 10.0.0.0/24 icmp type echo-reply accept"),
      inet(Rule{}.icmpv6_type(Icmpv6Type::nd_neighbor_solicit).accept(), "icmpv6 type nd-neighbor-solicit accept"),
      inet(Rule{}.mark(16).drop(), "meta mark 0x00000010 drop"),
      inet(Rule{}.mark(16, Op::not_equal).drop(), "meta mark != 0x00000010 drop"),
  };
}

std::vector<RuleCase> statements() {
  const auto inet = [](const Rule& rule, std::string text) {
    return RuleCase{Family::inet, Hook::forward, rule, std::move(text)};
  };
  return {
      inet(Rule{}.counter(), "counter packets 0 bytes 0"),
      inet(
          Rule{}.iif("lan0").tcp_dport(80).ct_state(kReplies).counter().comment("web").accept(),
          R"(iifname "lan0" tcp dport 80 ct state established,related counter packets 0 bytes 0 accept comment "web")"),
      inet(Rule{}.drop().comment(R"(with {braces} and \)"), R"(drop comment "with {braces} and \")"),
      inet(Rule{}.comment(std::string(127, 'x')).drop(), R"(drop comment ")" + std::string(127, 'x') + R"(")"),
      inet(Rule{}.set_mark(3).accept(), "meta mark set 0x00000003 accept"),
      inet(Rule{}.tcp_dport(80).trace(), "tcp dport 80 meta nftrace set 1"),
      inet(Rule{}.jump("elsewhere"), "jump elsewhere"),
      inet(Rule{}.go_to("elsewhere"), "goto elsewhere"),
      inet(Rule{}.return_to_caller(), "return"),
      inet(Rule{}.add(Verdict{Verdict::Kind::next_rule}), "continue"),
      inet(Rule{}.reject(), "reject"),
      inet(Rule{}.reject(Reject::no_route()), "reject with icmpx no-route"),
      inet(Rule{}.reject(Reject::host_unreachable()), "reject with icmpx host-unreachable"),
      inet(Rule{}.reject(Reject::admin_prohibited()), "reject with icmpx admin-prohibited"),
      inet(Rule{}.tcp_dport(80).reject(Reject::tcp_reset()), "tcp dport 80 reject with tcp reset"),
      inet(Rule{}.saddr("10.0.0.1").reject(), "ip saddr 10.0.0.1 reject"),
      inet(Rule{}.reject({Reject::With::icmp, 3}), "reject with icmp port-unreachable"),
      inet(Rule{}.saddr("10.0.0.1").reject({Reject::With::icmp, 1}),
           "ip saddr 10.0.0.1 reject with icmp host-unreachable"),
      inet(Rule{}.reject({Reject::With::icmpv6, 1}), "reject with icmpv6 admin-prohibited"),
      {Family::ip, Hook::input, Rule{}.reject(), "reject"},
      {Family::ip, Hook::input, Rule{}.tcp_dport(1).reject({Reject::With::icmp, 13}),
       "tcp dport 1 reject with icmp admin-prohibited"},
      {Family::ip6, Hook::input, Rule{}.reject(), "reject"},
      {Family::ip6, Hook::input, Rule{}.udp_dport(1).reject({Reject::With::icmpv6, 0}),
       "udp dport 1 reject with icmpv6 no-route"},
  };
}

std::vector<RuleCase> translations() {
  const auto in = [](Family family, const Rule& rule, std::string text) {
    return RuleCase{family, Hook::prerouting, rule, std::move(text)};
  };
  const auto out = [](Family family, const Rule& rule, std::string text) {
    return RuleCase{family, Hook::postrouting, rule, std::move(text)};
  };
  return {
      out(Family::inet, Rule{}.oif("wan0").masquerade(), R"(oifname "wan0" masquerade)"),
      out(Family::inet, Rule{}.saddr("10.0.0.0/24").oif("wan0").masquerade(),
          R"(ip saddr 10.0.0.0/24 oifname "wan0" masquerade)"),
      out(Family::inet, Rule{}.family(AddressFamily::ipv4).masquerade(), "meta nfproto ipv4 masquerade"),
      out(Family::inet, Rule{}.tcp_dport(3).masquerade({1000, 2000}), "tcp dport 3 masquerade to :1000-2000"),
      out(Family::inet, Rule{}.snat("10.9.9.9"), "snat ip to 10.9.9.9"),
      out(Family::inet, Rule{}.udp_sport(5).snat("fd00::1", PortRange{7, 9}), "udp sport 5 snat ip6 to [fd00::1]:7-9"),
      out(Family::ip, Rule{}.snat("10.9.9.9"), "snat to 10.9.9.9"),
      out(Family::ip6, Rule{}.saddr("fd00::/64").snat("fd01::1"), "ip6 saddr fd00::/64 snat to fd01::1"),
      in(Family::inet, Rule{}.iif("wan0").tcp_dport(8080).dnat("10.2.0.2", PortRange{80}),
         R"(iifname "wan0" tcp dport 8080 dnat ip to 10.2.0.2:80)"),
      in(Family::inet, Rule{}.udp_dport(53).dnat("fd00::1", PortRange{5353}),
         "udp dport 53 dnat ip6 to [fd00::1]:5353"),
      in(Family::inet, Rule{}.dnat("fd00::1"), "dnat ip6 to fd00::1"),
      in(Family::ip, Rule{}.tcp_dport(9).dnat("10.2.0.2", PortRange{80}), "tcp dport 9 dnat to 10.2.0.2:80"),
      in(Family::ip, Rule{}.tcp_dport(9).dnat_port({80, 90}), "tcp dport 9 dnat to :80-90"),
      in(Family::ip6, Rule{}.tcp_dport(9).dnat("fd00::1", PortRange{80}), "tcp dport 9 dnat to [fd00::1]:80"),
      in(Family::inet, Rule{}.tcp_dport(8080).redirect(80), "tcp dport 8080 redirect to :80"),
      in(Family::ip6, Rule{}.udp_dport(8080).redirect({80, 90}), "udp dport 8080 redirect to :80-90"),
      in(Family::inet, Rule{}.redirect(), "redirect"),
  };
}

std::vector<RuleCase> other_families() {
  const auto bridge = [](const Rule& rule, std::string text, std::string needs = {}) {
    return RuleCase{Family::bridge, Hook::forward, rule, std::move(text), std::move(needs)};
  };
  return {
      {Family::ip, Hook::input, Rule{}.saddr("10.1.0.0/16").tcp_dport(80).accept(),
       "ip saddr 10.1.0.0/16 tcp dport 80 accept"},
      {Family::ip, Hook::output, Rule{}.icmp_type(IcmpType::destination_unreachable).accept(),
       "icmp type destination-unreachable accept"},
      {Family::ip6, Hook::input, Rule{}.icmpv6_type(Icmpv6Type::echo_request).accept(),
       "icmpv6 type echo-request accept"},
      {Family::ip6, Hook::output, Rule{}.daddr("fe80::/10").udp_dport(1).drop(),
       "ip6 daddr fe80::/10 udp dport 1 drop"},
      bridge(Rule{}.saddr("10.0.0.1").daddr("10.0.0.2").drop(), "ip saddr 10.0.0.1 ip daddr 10.0.0.2 drop"),
      bridge(Rule{}.tcp_dport(1).saddr("fd00::1").drop(), "tcp dport 1 ip6 saddr fd00::1 drop"),
      bridge(Rule{}.icmp_type(IcmpType::echo_request).drop(), "icmp type echo-request drop"),
      bridge(Rule{}.icmpv6_type(Icmpv6Type::nd_redirect).drop(), "icmpv6 type nd-redirect drop"),
      bridge(Rule{}.family(AddressFamily::ipv6).drop(), "meta protocol ip6 drop"),
      bridge(Rule{}.iif("port1").counter().accept(), R"(iifname "port1" counter packets 0 bytes 0 accept)"),
      bridge(Rule{}.ct_state(kReplies).accept(), "ct state established,related accept", "nf_conntrack_bridge"),
  };
}

// Of what a bridge may refuse a packet with, see nft_reject_bridge_validate() in the kernel's nft_reject_bridge.c: at
// prerouting and input alone.
std::vector<RuleCase> statements_on_a_bridge() {
  const auto input = [](const Rule& rule, std::string text, std::string needs = {}) {
    return RuleCase{Family::bridge, Hook::input, rule, std::move(text), std::move(needs)};
  };
  constexpr const char* kReject = "nft_reject_bridge";
  return {
      input(Rule{}.reject(), "reject", kReject),
      input(Rule{}.reject(Reject::admin_prohibited()), "reject with icmpx admin-prohibited", kReject),
      input(Rule{}.tcp_dport(80).reject(Reject::tcp_reset()), "tcp dport 80 reject with tcp reset", kReject),
      input(Rule{}.saddr("10.0.0.1").reject({Reject::With::icmp, 1}),
            "ip saddr 10.0.0.1 reject with icmp host-unreachable", kReject),
      input(Rule{}.saddr("fd00::1").reject({Reject::With::icmpv6, 1}),
            "ip6 saddr fd00::1 reject with icmpv6 admin-prohibited", kReject),
      input(Rule{}.add(Log{.prefix = "frame: ", .level = Log::Level::info}).drop(),
            R"(log prefix "frame: " level info drop)"),
      input(Rule{}.add(Log{.group = 3, .snaplen = 100}).accept(), "log group 3 snaplen 100 accept"),
      input(Rule{}.add(Limit{.rate = 10}).accept(), "limit rate 10/second accept"),
      input(Rule{}.add(Limit{.rate = 3, .per = Limit::Per::hour, .burst = 20, .over = true}).drop(),
            "limit rate over 3/hour burst 20 packets drop"),
      input(Rule{}.mark(16, Op::not_equal).drop(), "meta mark != 0x00000010 drop"),
      input(Rule{}.iif("port1").set_mark(3).accept(), R"(iifname "port1" meta mark set 0x00000003 accept)"),
  };
}

std::vector<RuleCase> further() {
  const auto inet = [](const Expression& expression, const std::string& text) {
    return RuleCase{Family::inet, Hook::forward, Rule{}.add(expression).accept(), text + " accept"};
  };
  using enum TcpFlag;
  return {
      inet(TcpFlagsMatch{syn}, "tcp flags syn"),
      inet(TcpFlagsMatch{syn | ack}, "tcp flags syn,ack"),
      inet(TcpFlagsMatch{fin | cwr, {}, Op::not_equal}, "tcp flags ! fin,cwr"),
      inet(TcpFlagsMatch{syn, fin | syn | rst | ack}, "tcp flags syn / fin,syn,rst,ack"),
      inet(TcpFlagsMatch{syn | ack, syn | ack, Op::not_equal}, "tcp flags != syn,ack / syn,ack"),
      inet(CtStatusMatch{CtStatus::dnat}, "ct status dnat"),
      inet(CtStatusMatch{CtStatus::assured | CtStatus::snat}, "ct status assured,snat"),
      inet(CtStatusMatch{CtStatus::seen_reply, Op::not_equal}, "ct status ! seen-reply"),
      inet(CtMarkMatch{16}, "ct mark 0x00000010"),
      inet(CtMarkMatch{16, Op::not_equal}, "ct mark != 0x00000010"),
      inet(CtMarkSet{7}, "ct mark set 0x00000007"),
      inet(NumberMatch{.modulus = 3, .value = 1}, "numgen inc mod 3 1"),
      inet(NumberMatch{.random = true, .modulus = 10, .value = 0, .op = Op::not_equal}, "numgen random mod 10 != 0"),
      inet(Limit{.rate = 10}, "limit rate 10/second"),
      inet(Limit{.rate = 3, .per = Limit::Per::hour, .burst = 20, .over = true},
           "limit rate over 3/hour burst 20 packets"),
      inet(Limit::of_bytes(10 << 20, Limit::Per::second, 1 << 20), "limit rate 10 mbytes/second burst 1 mbytes"),
      inet(Limit::of_bytes(1025, Limit::Per::minute), "limit rate 1025 bytes/minute"),
      inet(Limit{.rate = 3 << 10, .per = Limit::Per::day, .burst = 3000, .over = true, .bytes = true},
           "limit rate over 3 kbytes/day burst 3000 bytes"),
      inet(ConnectionLimit{5}, "ct count 5"),
      inet(ConnectionLimit{20, true}, "ct count over 20"),
      inet(Log{}, "log"),
      inet(Log{.prefix = "new: ", .level = Log::Level::info}, R"(log prefix "new: " level info)"),
      inet(Log{.prefix = "to 3", .group = 3}, R"(log prefix "to 3" group 3)"),
      inet(Log{.group = 4, .snaplen = 100, .queue_threshold = 5}, "log group 4 snaplen 100 queue-threshold 5"),
      inet(Log{.flags = LogFlags::tcp_sequence}, "log flags tcp sequence"),
      inet(Log{.prefix = "x", .flags = LogFlags::tcp_sequence | LogFlags::tcp_options | LogFlags::ip_options},
           R"(log prefix "x" flags tcp sequence,options flags ip options)"),
      inet(Log{.level = Log::Level::debug, .flags = LogFlags::skuid | LogFlags::ether},
           "log level debug flags skuid flags ether"),
      inet(Log{.flags = LogFlags::all}, "log flags all"),
      inet(Log{.level = Log::Level::audit}, "log level audit"),
      {Family::ip, Hook::output, Rule{}.udp_dport(53).add(NoTrack{}), "udp dport 53 notrack"},
  };
}

std::vector<RuleCase> wider_translations() {
  const auto address = [](std::string_view text) { return IpAddress::parse(text).value(); };
  const auto out = [](Family family, const Rule& rule, std::string text) {
    return RuleCase{family, Hook::postrouting, rule, std::move(text)};
  };
  return {
      out(Family::inet, Rule{}.add(Masquerade{{}, NatFlags::random}), "masquerade random"),
      out(Family::inet,
          Rule{}.tcp_dport(3).add(Masquerade{PortRange{10, 20}, NatFlags::fully_random | NatFlags::persistent}),
          "tcp dport 3 masquerade to :10-20 fully-random,persistent"),
      out(Family::ip, Rule{}.add(Translate{Side::source, address("10.0.0.1"), {}, address("10.0.0.9")}),
          "snat to 10.0.0.1-10.0.0.9"),
      out(Family::inet,
          Rule{}.add(Translate{Side::source, address("10.0.0.1"), {}, address("10.0.0.9"), NatFlags::persistent}),
          "snat ip to 10.0.0.1-10.0.0.9 persistent"),
      out(Family::ip6,
          Rule{}.udp_dport(5).add(Translate{Side::source, address("fd00::1"), PortRange{7, 9}, address("fd00::4")}),
          "udp dport 5 snat to [fd00::1]-[fd00::4]:7-9"),
      {Family::ip, Hook::prerouting, Rule{}.tcp_dport(5).add(Redirect{PortRange{80}, NatFlags::random}),
       "tcp dport 5 redirect to :80 random"},
  };
}

}  // namespace

std::vector<RuleCase> rule_cases() {
  std::vector<RuleCase> all;
  for (auto& part : {matches(), statements(), translations(), other_families(), statements_on_a_bridge(), further(),
                     wider_translations(), set_cases()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace netrig::nft
