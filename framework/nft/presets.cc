#include <netrig/nft/presets.h>

#include <utility>

namespace netrig::nft {
namespace {

constexpr CtState kReplies = CtState::established | CtState::related;

TableName filter_table() { return {Family::inet, "filter"}; }
TableName nat_table() { return {Family::inet, "nat"}; }

Chain filter_chain(Hook hook, Policy policy) {
  return Chain::base(to_string(hook), ChainType::filter, hook, priority::kFilter, policy);
}

Ruleset ruleset_of(const TableName& table, Chain chain) {
  Ruleset ruleset;
  ruleset.add(Table{.family = table.family, .name = table.name}).add(std::move(chain));
  return ruleset;
}

}  // namespace

ChainName forward_chain() { return {filter_table(), "forward"}; }
ChainName input_chain() { return {filter_table(), "input"}; }
ChainName output_chain() { return {filter_table(), "output"}; }
ChainName prerouting_chain() { return {nat_table(), "prerouting"}; }
ChainName postrouting_chain() { return {nat_table(), "postrouting"}; }

Ruleset nat_masquerade(const InterfaceName& out, std::optional<IpPrefix> inside) {
  Rule rule;
  rule.oif(out);
  if (inside) rule.saddr(*inside);
  Chain chain = Chain::base("postrouting", ChainType::nat, Hook::postrouting, priority::kSrcnat);
  chain.add(rule.counter().masquerade());
  return ruleset_of(nat_table(), std::move(chain));
}

Ruleset forward_policy(Policy policy) { return ruleset_of(filter_table(), filter_chain(Hook::forward, policy)); }
Ruleset input_policy(Policy policy) { return ruleset_of(filter_table(), filter_chain(Hook::input, policy)); }
Ruleset output_policy(Policy policy) { return ruleset_of(filter_table(), filter_chain(Hook::output, policy)); }

Ruleset port_forward(const InterfaceName& in, Protocol protocol, Port port, const IpAddress& to, Port to_port) {
  Chain chain = Chain::base("prerouting", ChainType::nat, Hook::prerouting, priority::kDstnat);
  chain.add(Rule{}.iif(in).dport(protocol, port).counter().dnat(to, to_port));
  return ruleset_of(nat_table(), std::move(chain));
}

Rule allow_out(const InterfaceName& inside, const InterfaceName& outside) {
  return Rule{}.iif(inside).oif(outside).counter().accept();
}

Rule allow_replies(const InterfaceName& inside, const InterfaceName& outside) {
  return Rule{}.iif(outside).oif(inside).ct_state(kReplies).counter().accept();
}

Rule allow_published(Protocol protocol, const IpAddress& to, Port to_port) {
  return Rule{}.daddr(to).dport(protocol, to_port).ct_state(CtState::new_connection | kReplies).counter().accept();
}

Ruleset only_out(const std::vector<Service>& services, bool replies) {
  Chain chain = filter_chain(Hook::output, Policy::drop);
  if (replies) chain.add(Rule{}.ct_state(kReplies).counter().accept());
  for (const Icmpv6Type type : {Icmpv6Type::nd_neighbor_solicit, Icmpv6Type::nd_neighbor_advert}) {
    chain.add(Rule{}.icmpv6_type(type).counter().accept());
  }
  for (const Service& service : services) chain.add(Rule{}.dport(service.protocol, service.port).counter().accept());
  return ruleset_of(filter_table(), std::move(chain));
}

Ruleset guide_gateway(const InterfaceName& inside, const InterfaceName& outside) {
  Ruleset ruleset = nat_masquerade(outside);
  Chain forward = filter_chain(Hook::forward, Policy::drop);
  forward.add(allow_out(inside, outside)).add(allow_replies(inside, outside));
  return ruleset.add(ruleset_of(filter_table(), std::move(forward)));
}

Ruleset guide_output() {
  return only_out({{Protocol::tcp, Port{80}}, {Protocol::tcp, Port{443}}, {Protocol::udp, Port{53}}}, true);
}

}  // namespace netrig::nft
