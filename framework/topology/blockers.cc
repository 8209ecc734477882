#include <netrig/topology/blockers.h>

#include <algorithm>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

using nft::Hook;

// Whether a match lets the packet through; what is not known of the packet speaks for no match.
class Fits {
 public:
  explicit Fits(const ProbePacket& packet) : packet_{packet} {}

  bool operator()(const nft::FamilyMatch& match) const { return holds(match.family == packet_.family, match.op); }
  bool operator()(const nft::ProtocolMatch& match) const { return holds(match.protocol == packet_.protocol, match.op); }
  bool operator()(const nft::AddressMatch& match) const {
    if (match.prefix.family() != packet_.family) return false;
    const auto& address = match.side == nft::Side::source ? packet_.source : packet_.destination;
    return !address || holds(match.prefix.contains(*address), match.op);
  }
  bool operator()(const nft::PortMatch& match) const {
    if (match.protocol && *match.protocol != packet_.protocol) return false;
    if (is_icmp()) return false;
    const auto& port = match.side == nft::Side::source ? packet_.source_port : packet_.destination_port;
    return !port || holds(match.ports.contains(*port), match.op);
  }
  bool operator()(const nft::IcmpMatch&) const { return packet_.protocol == nft::Protocol::icmp; }
  bool operator()(const nft::Icmpv6Match&) const { return packet_.protocol == nft::Protocol::icmpv6; }
  template <class Other>
  bool operator()(const Other&) const {
    return true;
  }

 private:
  static bool holds(bool equal, nft::Op op) { return equal == (op == nft::Op::equal); }
  [[nodiscard]] bool is_icmp() const {
    return packet_.protocol == nft::Protocol::icmp || packet_.protocol == nft::Protocol::icmpv6;
  }

  const ProbePacket& packet_;
};

bool may_match(const nft::Ruleset& ruleset, const nft::Counted& blocker, const ProbePacket& packet) {
  const nft::Chain* chain = ruleset.find(blocker.chain);
  if (blocker.position == 0 || chain == nullptr || blocker.position > chain->rules.size()) return true;  // a policy
  return std::ranges::all_of(chain->rules[blocker.position - 1].expressions,
                             [&](const auto& expression) { return std::visit(Fits{packet}, expression); });
}

std::vector<Hook> hooks_of(Encounter encounter) {
  switch (encounter) {
    case Encounter::sent:
      return {Hook::output, Hook::postrouting};
    case Encounter::received:
      return {Hook::ingress, Hook::prerouting, Hook::input};
    case Encounter::routed:
      return {Hook::ingress, Hook::prerouting, Hook::forward, Hook::postrouting};
    case Encounter::either:
      return {Hook::ingress, Hook::prerouting, Hook::forward, Hook::input, Hook::postrouting};
    case Encounter::bridged:
      return {Hook::prerouting, Hook::forward, Hook::postrouting};
  }
  return {};
}

nft::Family seen_as(Encounter encounter, AddressFamily family) {
  if (encounter == Encounter::bridged) return nft::Family::bridge;
  return family == AddressFamily::ipv4 ? nft::Family::ip : nft::Family::ip6;
}

nft::Protocol protocol_of(const traffic::Service& service, AddressFamily family) {
  if (service.is_tcp()) return nft::Protocol::tcp;
  if (service.is_udp()) return nft::Protocol::udp;
  return family == AddressFamily::ipv4 ? nft::Protocol::icmp : nft::Protocol::icmpv6;
}

}  // namespace

ProbePacket ProbePacket::request(const std::optional<IpAddress>& source, const IpAddress& destination,
                                 const traffic::Service& service) {
  return {.family = destination.family(),
          .protocol = protocol_of(service, destination.family()),
          .source = source,
          .destination = destination,
          .destination_port = service.port()};
}

ProbePacket ProbePacket::answer() const {
  ProbePacket reply = *this;
  std::swap(reply.source, reply.destination);
  std::swap(reply.source_port, reply.destination_port);
  return reply;
}

ProbePacket ProbePacket::translated() const { return {.family = family, .protocol = protocol}; }

std::vector<nft::Counted> possible_blockers(const nft::Ruleset& ruleset, Encounter encounter,
                                            const ProbePacket& packet) {
  std::vector<nft::Counted> blockers;
  for (const Hook hook : hooks_of(encounter)) {
    for (auto& blocker : nft::blockers_at(ruleset, hook, seen_as(encounter, packet.family))) {
      if (may_match(ruleset, blocker, packet)) blockers.push_back(std::move(blocker));
    }
  }
  return blockers;
}

std::vector<nft::Counted> seen_blocking(const nft::Ruleset& before, const nft::Ruleset& after, Encounter encounter,
                                        const ProbePacket& packet) {
  auto seen = nft::blocked_between(before, after);
  const auto possible = possible_blockers(after, encounter, packet);
  std::erase_if(seen, [&](const nft::Counted& counted) {
    return std::ranges::none_of(possible, [&](const nft::Counted& each) {
      return each.chain == counted.chain && each.position == counted.position;
    });
  });
  return seen;
}

bool translates(const nft::Ruleset& ruleset) {
  return std::ranges::any_of(ruleset.tables, [](const nft::Table& table) {
    return std::ranges::any_of(
        table.chains, [](const nft::Chain& chain) { return chain.hook && chain.hook->type == nft::ChainType::nat; });
  });
}

}  // namespace topology
}  // namespace netrig
