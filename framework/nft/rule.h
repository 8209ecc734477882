// A firewall or NAT rule as a plain value, written as one says it:
//
//   Rule{}.iif("lan0").tcp_dport(80).ct_state(CtState::new_connection).counter().accept().comment("web")
//   // iifname "lan0" tcp dport 80 ct state new counter packets 0 bytes 0 accept comment "web"
//   Rule{}.oif("wan0").saddr("10.2.0.0/24").masquerade()
//
// Matches that need another one (`tcp dport` needs `meta l4proto tcp`) get it as `nft` would do it.
#pragma once

#include <netrig/net/interface_name.h>
#include <netrig/nft/expression.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::nft {

/// Expressions in order, and a comment. Malformed text given to a method is kept as `fault`, which applying reports.
class Rule {
 public:
  std::vector<Expression> expressions;
  std::string remark;          ///< the comment: up to 127 bytes, no quotation mark or line break
  std::uint64_t handle = 0;    ///< the kernel's number of a listed rule, 0 of one that was written here
  std::optional<Error> fault;  ///< the first malformed argument

  Rule& add(Expression expression);

  Rule& iif(std::string_view pattern, Op op = Op::equal);
  Rule& iif(const InterfaceName& name, Op op = Op::equal);
  Rule& oif(std::string_view pattern, Op op = Op::equal);
  Rule& oif(const InterfaceName& name, Op op = Op::equal);
  /// An address or a prefix of either family: `10.0.0.1`, `fd00::/64`.
  Rule& saddr(std::string_view text, Op op = Op::equal);
  Rule& saddr(const IpPrefix& prefix, Op op = Op::equal);
  Rule& saddr(const IpAddress& address, Op op = Op::equal);
  Rule& daddr(std::string_view text, Op op = Op::equal);
  Rule& daddr(const IpPrefix& prefix, Op op = Op::equal);
  Rule& daddr(const IpAddress& address, Op op = Op::equal);
  Rule& family(AddressFamily family, Op op = Op::equal);
  Rule& protocol(Protocol protocol, Op op = Op::equal);
  Rule& sport(Protocol protocol, PortRange ports, Op op = Op::equal);
  Rule& dport(Protocol protocol, PortRange ports, Op op = Op::equal);
  Rule& tcp_sport(PortRange ports, Op op = Op::equal) { return sport(Protocol::tcp, ports, op); }
  Rule& tcp_dport(PortRange ports, Op op = Op::equal) { return dport(Protocol::tcp, ports, op); }
  Rule& udp_sport(PortRange ports, Op op = Op::equal) { return sport(Protocol::udp, ports, op); }
  Rule& udp_dport(PortRange ports, Op op = Op::equal) { return dport(Protocol::udp, ports, op); }
  Rule& ct_state(CtState states, Op op = Op::equal);
  Rule& icmp_type(IcmpType type, Op op = Op::equal);
  Rule& icmpv6_type(Icmpv6Type type, Op op = Op::equal);
  Rule& mark(std::uint32_t mark, Op op = Op::equal);
  /// What is in the named set of the rule's table: `ip saddr @guests`.
  Rule& in(Field field, std::string set);
  Rule& not_in(Field field, std::string set);
  /// What is among these: `tcp dport { 80, 443, 8000-8080 }`.
  Rule& in(Field field, std::vector<SetElement> elements);
  Rule& in(Field field, std::initializer_list<SetElement> elements) {
    return in(field, std::vector<SetElement>{elements});
  }
  Rule& not_in(Field field, std::vector<SetElement> elements);
  Rule& not_in(Field field, std::initializer_list<SetElement> elements) {
    return not_in(field, std::vector<SetElement>{elements});
  }

  Rule& counter();
  Rule& comment(std::string text);
  Rule& set_mark(std::uint32_t mark);
  Rule& trace();
  Rule& accept();
  Rule& drop();
  Rule& jump(std::string chain);
  Rule& go_to(std::string chain);
  Rule& return_to_caller();
  /// The verdict that the named map of the rule's table has; none, and the next rule, for what is not in it.
  Rule& vmap(Field field, std::string map);
  /// `tcp dport vmap { 22 : accept, 80 : jump web }`
  Rule& vmap(Field field, std::vector<SetElement> elements);
  Rule& vmap(Field field, std::initializer_list<SetElement> elements) {
    return vmap(field, std::vector<SetElement>{elements});
  }
  /// Port unreachable unless another kind is named: `reject(Reject::tcp_reset())`.
  Rule& reject(Reject how = {});
  Rule& masquerade();
  Rule& masquerade(PortRange ports);
  Rule& redirect();
  Rule& redirect(PortRange ports);
  Rule& snat(const IpAddress& address, std::optional<PortRange> ports = {});
  Rule& snat(std::string_view address, std::optional<PortRange> ports = {});
  Rule& dnat(const IpAddress& address, std::optional<PortRange> ports = {});
  Rule& dnat(std::string_view address, std::optional<PortRange> ports = {});
  /// Only the port, the address stays; in ip and ip6 tables only.
  Rule& dnat_port(PortRange ports);

  /// The counter's value, if the rule has one (the first).
  [[nodiscard]] std::optional<Counter> count() const;
  /// Whether a packet that it matches goes no further: drop, reject, or iptables' REJECT.
  [[nodiscard]] bool blocks() const;

  friend bool operator==(const Rule&, const Rule&) = default;
};

/// As `nft list ruleset` prints it in a table of `family`, without the handle.
std::string to_string(const Rule& rule, Family family = Family::inet);
std::ostream& operator<<(std::ostream& out, const Rule& rule);

/// What listing this rule from a table of `family` will give: dependencies as nft shows them, counters as given,
/// no handle. An error names the part that such a table cannot hold: an IPv6 address in ip, ports upside down.
Result<Rule> canonical(const Rule& rule, Family family);
/// Whether both do the same in a table of `family`; counter values and handles do not matter.
bool same_rule(const Rule& a, const Rule& b, Family family);

}  // namespace netrig::nft
