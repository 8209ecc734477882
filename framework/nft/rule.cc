#include <netrig/nft/codec/instruction.h>
#include <netrig/nft/rule.h>

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

namespace netrig::nft {
namespace {

// An address stands for the prefix of its full length.
Result<IpPrefix> parse_destination(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return IpPrefix::parse(text);
  return IpPrefix::single(NETRIG_TRY(IpAddress::parse(text)));
}

void keep_fault(Rule& rule, Error error) {
  if (!rule.fault) rule.fault = std::move(error);
}

Rule& interface(Rule& rule, bool incoming, std::string_view pattern, Op op) {
  std::string_view name = pattern;
  if (name.ends_with('*')) name.remove_suffix(1);
  if (auto parsed = InterfaceName::parse(name); !parsed) keep_fault(rule, std::move(parsed).error());
  return rule.add(InterfaceMatch{incoming, std::string{pattern}, op});
}

Rule& match_address(Rule& rule, Side side, std::string_view text, Op op) {
  auto prefix = parse_destination(text);
  if (prefix) return rule.add(AddressMatch{side, *prefix, op});
  keep_fault(rule, std::move(prefix).error());
  return rule;
}

Rule& translate(Rule& rule, Side side, std::string_view text, std::optional<PortRange> ports) {
  auto target = IpAddress::parse(text);
  if (target) return rule.add(Translate{side, *target, ports});
  keep_fault(rule, std::move(target).error());
  return rule;
}

}  // namespace

Rule& Rule::add(Expression expression) {
  expressions.push_back(std::move(expression));
  return *this;
}

Rule& Rule::iif(std::string_view pattern, Op op) { return interface(*this, true, pattern, op); }
Rule& Rule::iif(const InterfaceName& name, Op op) { return add(InterfaceMatch{true, name.to_string(), op}); }
Rule& Rule::oif(std::string_view pattern, Op op) { return interface(*this, false, pattern, op); }
Rule& Rule::oif(const InterfaceName& name, Op op) { return add(InterfaceMatch{false, name.to_string(), op}); }

Rule& Rule::saddr(std::string_view text, Op op) { return match_address(*this, Side::source, text, op); }
Rule& Rule::saddr(const IpPrefix& prefix, Op op) { return add(AddressMatch{Side::source, prefix, op}); }
Rule& Rule::saddr(const IpAddress& address, Op op) { return saddr(IpPrefix::single(address), op); }
Rule& Rule::daddr(std::string_view text, Op op) { return match_address(*this, Side::destination, text, op); }
Rule& Rule::daddr(const IpPrefix& prefix, Op op) { return add(AddressMatch{Side::destination, prefix, op}); }
Rule& Rule::daddr(const IpAddress& address, Op op) { return daddr(IpPrefix::single(address), op); }

Rule& Rule::family(AddressFamily family, Op op) { return add(FamilyMatch{family, op}); }
Rule& Rule::protocol(Protocol protocol, Op op) { return add(ProtocolMatch{protocol, op}); }
Rule& Rule::sport(Protocol protocol, PortRange ports, Op op) {
  return add(PortMatch{protocol, Side::source, ports, op});
}
Rule& Rule::dport(Protocol protocol, PortRange ports, Op op) {
  return add(PortMatch{protocol, Side::destination, ports, op});
}
Rule& Rule::ct_state(CtState states, Op op) { return add(CtStateMatch{states, op}); }
Rule& Rule::icmp_type(IcmpType type, Op op) { return add(IcmpMatch{type, op}); }
Rule& Rule::icmpv6_type(Icmpv6Type type, Op op) { return add(Icmpv6Match{type, op}); }
Rule& Rule::mark(std::uint32_t mark, Op op) { return add(MarkMatch{mark, op}); }
Rule& Rule::in(Field field, std::string set) { return add(SetMatch{field, std::move(set)}); }
Rule& Rule::not_in(Field field, std::string set) { return add(SetMatch{field, std::move(set), {}, true}); }
Rule& Rule::in(Field field, std::vector<SetElement> elements) { return add(SetMatch{field, {}, std::move(elements)}); }
Rule& Rule::not_in(Field field, std::vector<SetElement> elements) {
  return add(SetMatch{field, {}, std::move(elements), true});
}
Rule& Rule::vmap(Field field, std::string map) { return add(VerdictMap{field, std::move(map)}); }
Rule& Rule::vmap(Field field, std::vector<SetElement> elements) {
  return add(VerdictMap{field, {}, std::move(elements)});
}

Rule& Rule::counter() { return add(Counter{}); }
Rule& Rule::comment(std::string text) {
  remark = std::move(text);
  return *this;
}
Rule& Rule::trace() { return add(TraceSet{}); }
Rule& Rule::set_mark(std::uint32_t mark) { return add(MarkSet{mark}); }
Rule& Rule::accept() { return add(Verdict{Verdict::Kind::accept}); }
Rule& Rule::drop() { return add(Verdict{Verdict::Kind::drop}); }
Rule& Rule::jump(std::string chain) { return add(Verdict{Verdict::Kind::jump, std::move(chain)}); }
Rule& Rule::go_to(std::string chain) { return add(Verdict{Verdict::Kind::go_to, std::move(chain)}); }
Rule& Rule::return_to_caller() { return add(Verdict{Verdict::Kind::return_to_caller}); }
Rule& Rule::reject(Reject how) { return add(how); }
Rule& Rule::masquerade() { return add(Masquerade{}); }
Rule& Rule::masquerade(PortRange ports) { return add(Masquerade{ports}); }
Rule& Rule::redirect() { return add(Redirect{}); }
Rule& Rule::redirect(PortRange ports) { return add(Redirect{ports}); }
Rule& Rule::snat(const IpAddress& address, std::optional<PortRange> ports) {
  return add(Translate{Side::source, address, ports});
}
Rule& Rule::snat(std::string_view address, std::optional<PortRange> ports) {
  return translate(*this, Side::source, address, ports);
}
Rule& Rule::dnat(const IpAddress& address, std::optional<PortRange> ports) {
  return add(Translate{Side::destination, address, ports});
}
Rule& Rule::dnat(std::string_view address, std::optional<PortRange> ports) {
  return translate(*this, Side::destination, address, ports);
}
Rule& Rule::dnat_port(PortRange ports) { return add(Translate{Side::destination, {}, ports}); }

std::optional<Counter> Rule::count() const {
  for (const Expression& expression : expressions) {
    if (const auto* counter = std::get_if<Counter>(&expression)) return *counter;
  }
  return std::nullopt;
}

bool Rule::blocks() const {
  return std::ranges::any_of(expressions, [](const Expression& expression) {
    if (std::holds_alternative<Reject>(expression)) return true;
    if (const auto* unknown = std::get_if<Unknown>(&expression)) return unknown->text == codec::kXtReject;
    const auto* verdict = std::get_if<Verdict>(&expression);
    return verdict != nullptr && verdict->kind == Verdict::Kind::drop;
  });
}

std::string to_string(const Rule& rule, Family family) {
  std::string text;
  for (const Expression& expression : rule.expressions) {
    if (!text.empty()) text += ' ';
    text += to_string(expression, family);
  }
  if (!rule.remark.empty()) text += fmt::format("{}comment \"{}\"", text.empty() ? "" : " ", rule.remark);
  return text;
}

std::ostream& operator<<(std::ostream& out, const Rule& rule) { return out << to_string(rule); }

Result<Rule> canonical(const Rule& rule, Family family) {
  auto steps = codec::lower(rule, family);
  if (!steps) {
    Error error = std::move(steps).error();
    if (error.operation.empty())
      error.operation =
          fmt::format("put rule '{}' into a table of family {}", to_string(rule, family), to_string(family));
    return fail(std::move(error));
  }
  Rule result;
  result.remark = rule.remark;
  result.expressions = codec::raise(*steps, family, [](std::size_t) { return std::string{}; });
  return result;
}

bool same_rule(const Rule& a, const Rule& b, Family family) {
  const auto plain = [family](const Rule& rule) {
    Rule result = canonical(rule, family).value_or(rule);
    result.handle = 0;
    for (Expression& expression : result.expressions) {
      if (std::holds_alternative<Counter>(expression)) expression = Counter{};
    }
    return result;
  };
  return plain(a) == plain(b);
}

}  // namespace netrig::nft
