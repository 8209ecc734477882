// What is wrong with addresses once everybody has theirs: on one interface, on one link, in one routed network.
#include <netrig/topology/planner.h>

#include <fmt/format.h>

#include <algorithm>

namespace netrig {
inline namespace topology {

namespace {

std::string adding(const InterfaceAddress& own, const PlannedInterface& interface) {
  return fmt::format("add address {} dev {}", own.to_string(), interface.name.to_string());
}

bool is_single(const InterfaceAddress& own) { return own.length() == address_bits(own.family()); }

// ---- one interface

bool is_ordinary(const IpAddress& address) {
  return !address.is_unspecified() && !address.is_multicast() && !address.is_loopback();
}

// Why no host can have it; empty when one can.
std::string reserved_as(const InterfaceAddress& own) {
  if (!is_ordinary(own.address())) return "it is no unicast address of a link";
  const auto prefix = own.prefix();
  if (own.length() + 1 >= address_bits(own.family())) return {};  // RFC 3021, RFC 6164
  if (own.address() == prefix.address()) {
    if (own.address().is_v4()) return fmt::format("it is the network address of {}", prefix.to_string());
    return fmt::format("it is the subnet-router anycast address of {} (RFC 4291 section 2.6.1)", prefix.to_string());
  }
  if (own.address().is_v4() && own.address() == prefix.last_address())
    return fmt::format("it is the broadcast address of {}", prefix.to_string());
  return {};
}

void check_interfaces_of(Planner& planner, const PlannedNode& node) {
  for (const auto& interface : node.interfaces) {
    for (const auto& own : interface.addresses) {
      const auto what = adding(own, interface);
      if (const auto reason = reserved_as(own); !reason.empty())
        planner.problem(what, node.name, reason + ": choose another");
      if (own.address().is_link_local()) continue;
      for (const auto& other : node.interfaces) {
        if (&other <= &interface || other.segment == interface.segment) continue;
        for (const auto& theirs : other.addresses) {
          if (!own.prefix().overlaps(theirs.prefix())) continue;
          planner.problem(what, node.name,
                          fmt::format("its prefix overlaps {} on {}, another link: the node could not tell where to "
                                      "send; use prefixes that share no address",
                                      theirs.to_string(), other.name.to_string()));
        }
      }
    }
  }
}

// ---- one segment

void check_against_segment(Planner& planner, const SegmentSpec& segment, InterfaceRef ref) {
  for (const auto& own : planner.at(ref).addresses) {
    std::string wanted;
    bool inside = own.address().is_link_local();
    for (const auto& prefix : segment.prefixes) {
      if (prefix.family() != own.family()) continue;
      wanted += (wanted.empty() ? "" : ", ") + prefix.to_string();
      inside = inside || prefix.contains(own.address());
    }
    if (inside || wanted.empty()) continue;
    planner.problem(adding(own, planner.at(ref)), planner.plan.nodes[ref.node].name,
                    fmt::format("segment {} is {}: choose an address of it, or give the segment a prefix that holds it",
                                segment.name, wanted));
  }
}

// ---- one link: a broadcast domain

class LinkCheck {
 public:
  explicit LinkCheck(Planner& planner) : planner_{planner} {}

  void add(std::size_t domain, InterfaceRef ref) {
    check_mac(domain, ref);
    for (const auto& own : planner_.at(ref).addresses) {
      check_address(domain, ref, own);
      if (!is_single(own)) check_length(domain, ref, own);
    }
  }

  void check_mac(std::size_t domain, InterfaceRef ref) {
    const auto& interface = planner_.at(ref);
    const auto [other, fresh] = macs_.try_emplace({domain, interface.mac}, ref);
    if (fresh) return;
    planner_.problem(fmt::format("set address {} dev {}", interface.mac.to_string(), interface.name.to_string()),
                     node_of(ref),
                     describe(other->second) + " of the same link has that MAC address: give each its own");
  }

 private:
  void check_address(std::size_t domain, InterfaceRef ref, const InterfaceAddress& own) {
    const auto [other, fresh] = addresses_.try_emplace({domain, own.address()}, ref);
    if (fresh) return;
    planner_.problem(adding(own, planner_.at(ref)), node_of(ref),
                     fmt::format("{} has that address on {} of the same link: give each its own",
                                 node_of(other->second), planner_.at(other->second).name.to_string()));
  }

  void check_length(std::size_t domain, InterfaceRef ref, const InterfaceAddress& own) {
    auto& known = prefixes_[domain];
    const auto clashes = [&](const auto& other) {
      return other.first.prefix() != own.prefix() && other.first.prefix().overlaps(own.prefix());
    };
    const auto other = std::ranges::find_if(known, clashes);
    if (other == known.end()) {
      if (std::ranges::none_of(known, [&](const auto& seen) { return seen.first.prefix() == own.prefix(); }))
        known.emplace_back(own, ref);
      return;
    }
    planner_.problem(adding(own, planner_.at(ref)), node_of(ref),
                     fmt::format("overlapping prefix on one link: {} has {}; give all of them the same length",
                                 describe(other->second), other->first.to_string()));
  }

  std::string describe(InterfaceRef ref) { return node_of(ref) + ":" + planner_.at(ref).name.to_string(); }
  const std::string& node_of(InterfaceRef ref) { return planner_.plan.nodes[ref.node].name; }

  Planner& planner_;
  std::map<std::pair<std::size_t, MacAddress>, InterfaceRef> macs_;
  std::map<std::pair<std::size_t, IpAddress>, InterfaceRef> addresses_;
  std::map<std::size_t, std::vector<std::pair<InterfaceAddress, InterfaceRef>>> prefixes_;
};

void check_links(Planner& planner) {
  LinkCheck check{planner};
  for (const auto& wired : planner.segments) {
    if (wired.bridge) check.add(wired.domain, *wired.bridge);
    for (const auto member : wired.members) {
      check.add(wired.domain, member);
      const InterfaceRef peer{planner.at(member).peer_node, planner.at(member).peer_interface};
      if (planner.at(peer).master) check.check_mac(wired.domain, peer);
    }
  }
}

// ---- one routed network: the links between which routers forward without translating

class RoutedNetworks {
 public:
  explicit RoutedNetworks(Planner& planner) : planner_{planner} {
    for (const auto& segment : planner.segments) network_of_[segment.domain] = segment.domain;
    for (std::size_t node = 0; node < planner.topology.nodes().size(); ++node) join_links_of(node);
  }

  void check() {
    for (std::size_t i = 0; i < planner_.segments.size(); ++i) {
      const auto& wired = planner_.segments[i];
      if (wired.bridge) check(i, *wired.bridge);
      for (const auto member : wired.members) check(i, member);
    }
  }

 private:
  // What a router masquerades out of is another network. Where all routes are said, so may be what is the same.
  void join_links_of(std::size_t node) {
    const auto& spec = planner_.topology.nodes()[node];
    if (spec.kind != NodeKind::router || !spec.automatic_routes) return;
    std::optional<std::size_t> first;
    for (const auto& wired : planner_.segments) {
      const auto joins = [&](InterfaceRef ref) { return ref.node == node && !translates(spec, ref); };
      if (!std::ranges::any_of(wired.members, joins) && !(wired.bridge && joins(*wired.bridge))) continue;
      if (!first) first = wired.domain;
      const auto from = network_of_[wired.domain], to = network_of_[*first];
      for (auto& [domain, network] : network_of_) {
        if (network == from) network = to;
      }
    }
  }

  bool translates(const NodeSpec& spec, InterfaceRef ref) {
    const auto& interface = planner_.at(ref);
    return std::ranges::any_of(spec.masquerades, [&](const MasqueradeSpec& masquerade) {
      return masquerade.out == interface.name.view() || masquerade.out == interface.segment;
    });
  }

  void check(std::size_t segment, InterfaceRef ref) {
    const auto domain = planner_.segments[segment].domain;
    for (const auto& own : planner_.at(ref).addresses) {
      if (own.address().is_link_local() || is_single(own)) continue;
      const auto [other, fresh] = holders_.try_emplace({network_of_[domain], own.prefix()}, segment);
      if (fresh || planner_.segments[other->second].domain == domain) continue;
      if (!told_.insert({segment, own.prefix()}).second) continue;
      planner_.problem(fmt::format("use prefix {}", own.prefix().to_string()),
                       planner_.topology.segments()[segment].name,
                       fmt::format("segment {} of the same routed network has it too: a router could not tell where to "
                                   "send; give each its own, or masquerade between them",
                                   planner_.topology.segments()[other->second].name));
    }
  }

  Planner& planner_;
  std::map<std::size_t, std::size_t> network_of_;                    // by domain
  std::map<std::pair<std::size_t, IpPrefix>, std::size_t> holders_;  // segment, by network and prefix
  std::set<std::pair<std::size_t, IpPrefix>> told_;
};

}  // namespace

void Planner::check_addresses() {
  check_links(*this);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].bridge) check_against_segment(*this, topology.segments()[i], *segments[i].bridge);
    for (const auto member : segments[i].members) check_against_segment(*this, topology.segments()[i], member);
  }
  for (const auto& node : plan.nodes) check_interfaces_of(*this, node);
  RoutedNetworks{*this}.check();
}

}  // namespace topology
}  // namespace netrig
