#include <netrig/netlink/address.h>
#include <netrig/topology/classify_nat.h>
#include <netrig/topology/nat_trial.h>

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace netrig {
inline namespace topology {

namespace {

using nft::Filtering;
using nft::Mapping;
using traffic::Endpoint;

IpAddress second_address(const Node& server, const IpAddress& first) {
  const auto found = value_or_throw(server.netlink(
      [&](netlink::Socket& socket) { return netlink::dump_addresses(socket, {.family = first.family()}); }));
  for (const auto& address : found) {
    const auto& own = address.local.address();
    if (own != first && !own.is_loopback() && !own.is_link_local()) return own;
  }
  throw SetupError{Error::invalid("classify NAT", server.name(),
                                  fmt::format("it has no second address of {} beside {}: give it one by add_address()",
                                              netrig::to_string(first.family()), first.to_string()))};
}

TrialEnds ends_of(const Node& client, const Node& server, const NatQuestion& question) {
  const auto first = server.address(question.family);
  const auto second = question.alternate_address ? *question.alternate_address : second_address(server, first);
  const auto& [port, other] = std::pair{question.port, question.alternate_port};
  return {client,
          server,
          client.address(question.family),
          {{{Endpoint{first, port}, Endpoint{first, other}}, {Endpoint{second, port}, Endpoint{second, other}}}},
          Deadline::after(question.timeout)};
}

Mapping mapping_of(const NatTrial::Mapped& mapped) {
  const auto& [first, second, third] = mapped.outside;
  if (second != third) return Mapping::address_and_port_dependent;
  return first == second ? Mapping::endpoint_independent : Mapping::address_dependent;
}

Filtering filtering_of(const NatTrial::Heard& heard) {
  if (heard.other_address) return Filtering::endpoint_independent;
  return heard.other_port ? Filtering::address_dependent : Filtering::address_and_port_dependent;
}

bool keeps_port(const NatTrial::Mapped& mapped) {
  return std::ranges::all_of(mapped.outside, [&](const auto& seen) { return seen.port == mapped.inside.port; });
}

// A mapping that depends on the destination has another port for this one.
bool is_outside(const Endpoint& from, const Endpoint& outside, Mapping mapping) {
  return mapping == Mapping::endpoint_independent ? from == outside : from.address == outside.address;
}

}  // namespace

NatClass classify_nat(const Node& client, const Node& server, const NatQuestion& question) {
  if (question.protocol != nft::Protocol::udp && question.protocol != nft::Protocol::tcp) {
    throw SetupError{
        Error::invalid("classify NAT", nft::to_string(question.protocol), "only udp and tcp can be asked")};
  }
  const OnOneProcessor in_order;
  const auto ends = ends_of(client, server, question);
  const auto trial = question.protocol == nft::Protocol::udp ? udp_trial(ends) : tcp_trial(ends);
  const auto once = trial->map(), again = trial->map();
  NatClass found{.protocol = question.protocol, .inside = once.inside, .mapped = once.outside.front()};
  found.mapping = std::max(mapping_of(once), mapping_of(again));
  found.preserves_port = keeps_port(once) && keeps_port(again);
  found.filtering = filtering_of(trial->filter());
  if (!found.translates()) return found;
  const auto hairpin = trial->hairpin();
  found.hairpins = hairpin.from.has_value();
  found.hairpins_with_outside_source = found.hairpins && is_outside(*hairpin.from, hairpin.outside, found.mapping);
  return found;
}

std::string NatClass::to_string() const {
  const auto loop = !hairpins                      ? "no hairpinning"
                    : hairpins_with_outside_source ? "hairpins"
                                                   : "hairpins with an inside source";
  return fmt::format("{} {} -> {}: {} mapping, {} filtering, {}, {}", nft::to_string(protocol), inside.to_string(),
                     mapped.to_string(), nft::to_string(mapping), nft::to_string(filtering),
                     preserves_port ? "preserves ports" : "other ports", translates() ? loop : "not translated");
}

std::ostream& operator<<(std::ostream& out, const NatClass& found) { return out << found.to_string(); }

}  // namespace topology
}  // namespace netrig
