// Addresses: those that were said, then the next free host number for whoever has none.
#include <netrig/topology/planner.h>

#include <fmt/format.h>

#include <algorithm>

namespace netrig {
inline namespace topology {

namespace {

constexpr std::uint64_t kHostSearchLimit = 1U << 20U;

// Pools for segments without prefixes: private (RFC 1918), unique local (RFC 4193).
IpPrefix pool_prefix(AddressFamily family, bool pair, std::size_t number) {
  const char* text = pair ? "172.16.0.0/13" : "172.24.0.0/13";
  if (family == AddressFamily::ipv6) text = pair ? "fd6e:6574:0::/48" : "fd6e:6574:1::/48";
  const auto pool = IpPrefix::parse(text).value();
  const unsigned length = family == AddressFamily::ipv6 ? 64 : (pair ? 30 : 22);
  return pool.subnet(length, number).value();
}

class Allocation {
 public:
  explicit Allocation(Planner& planner) : planner_{planner} {}

  void run() {
    const auto& specs = planner_.topology.segments();
    for (const auto& segment : specs) prefixes_.push_back(prefixes_of(segment));
    for (std::size_t i = 0; i < specs.size(); ++i) note_explicit(i);
    for (std::size_t i = 0; i < specs.size(); ++i) allocate(i);
  }

 private:
  std::vector<IpPrefix> prefixes_of(const SegmentSpec& segment) {
    if (!segment.addressed || !segment.prefixes.empty()) return segment.prefixes;
    const bool pair = segment.members.size() == 2 && segment.bridge_node.empty();
    const std::size_t number = pair ? next_pair_++ : next_wide_++;
    return {pool_prefix(AddressFamily::ipv4, pair, number), pool_prefix(AddressFamily::ipv6, pair, number)};
  }

  void note_explicit(std::size_t segment) {
    const auto& wired = planner_.segments[segment];
    const auto note = [&](InterfaceRef ref) {
      for (const auto& own : planner_.at(ref).addresses) used_.insert({wired.domain, own.address()});
    };
    if (wired.bridge) note(*wired.bridge);
    for (const auto member : wired.members) note(member);
  }

  // The bridge that is itself the gateway first, then routers, then hosts: gateways get the low numbers, as people do
  // it.
  void allocate(std::size_t segment) {
    const auto& spec = planner_.topology.segments()[segment];
    const auto& wired = planner_.segments[segment];
    if (wired.bridge && !spec.bridge_node.empty() && spec.bridge_addressed && spec.bridge_addresses.empty()) {
      give(*wired.bridge, segment);
    }
    for (const bool routers : {true, false}) {
      for (std::size_t i = 0; i < spec.members.size(); ++i) {
        const auto ref = wired.members[i];
        if (planner_.plan.nodes[ref.node].forwards != routers) continue;
        if (spec.members[i].addressed && spec.members[i].addresses.empty()) give(ref, segment);
      }
    }
  }

  void give(InterfaceRef ref, std::size_t segment) {
    for (const auto& prefix : prefixes_[segment]) {
      if (auto address = next_free(prefix, planner_.segments[segment].domain)) {
        planner_.at(ref).addresses.emplace_back(*address, prefix.length());
      } else {
        planner_.problem(fmt::format("allocate an address for {}", planner_.plan.nodes[ref.node].name),
                         planner_.topology.segments()[segment].name,
                         fmt::format("{} has no free host number left: use a wider prefix", prefix.to_string()));
      }
    }
  }

  std::optional<IpAddress> next_free(const IpPrefix& prefix, std::size_t domain) {
    auto& number = next_number_.try_emplace({domain, prefix}, prefix.first_host()).first->second;
    for (; number < kHostSearchLimit; ++number) {
      auto address = prefix.host(number);
      if (!address) return std::nullopt;
      if (!used_.insert({domain, *address}).second) continue;
      ++number;
      return *address;
    }
    return std::nullopt;
  }

  Planner& planner_;
  std::vector<std::vector<IpPrefix>> prefixes_;
  std::set<std::pair<std::size_t, IpAddress>> used_;
  std::map<std::pair<std::size_t, IpPrefix>, std::uint64_t> next_number_;
  std::size_t next_pair_ = 0;
  std::size_t next_wide_ = 0;
};

void check_duplicates(Planner& planner) {
  std::map<std::pair<std::size_t, IpAddress>, InterfaceRef> owners;
  const auto check = [&](std::size_t domain, InterfaceRef ref) {
    for (const auto& own : planner.at(ref).addresses) {
      const auto [existing, fresh] = owners.try_emplace({domain, own.address()}, ref);
      if (fresh) continue;
      const auto& other = existing->second;
      planner.problem(fmt::format("add address {} dev {}", own.to_string(), planner.at(ref).name.to_string()),
                      planner.plan.nodes[ref.node].name,
                      fmt::format("{} has that address on {} of the same link: give each its own",
                                  planner.plan.nodes[other.node].name, planner.at(other).name.to_string()));
    }
  };
  for (const auto& wired : planner.segments) {
    if (wired.bridge) check(wired.domain, *wired.bridge);
    for (const auto member : wired.members) check(wired.domain, member);
  }
}

bool is_ordinary(const IpAddress& address) {
  return !address.is_unspecified() && !address.is_multicast() && !address.is_loopback();
}

void check_interfaces_of(Planner& planner, const PlannedNode& node) {
  for (const auto& interface : node.interfaces) {
    for (const auto& own : interface.addresses) {
      const auto what = fmt::format("add address {} dev {}", own.to_string(), interface.name.to_string());
      if (!is_ordinary(own.address()))
        planner.problem(what, node.name, "it is no unicast address of a link: choose another");
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

}  // namespace

void Planner::allocate() { Allocation{*this}.run(); }

void Planner::check_addresses() {
  check_duplicates(*this);
  for (const auto& node : plan.nodes) check_interfaces_of(*this, node);
}

}  // namespace topology
}  // namespace netrig
