// Addresses: those that were said, then the next free host number for whoever has none.
#include <netrig/topology/planner.h>

#include <fmt/format.h>

#include <algorithm>

namespace netrig {
inline namespace topology {

namespace {

constexpr std::uint64_t kHostSearchLimit = 1U << 20U;

// Pools for segments without prefixes: private (RFC 1918), unique local (RFC 4193).
IpPrefix pool_of(AddressFamily family, bool pair) {
  const char* text = pair ? "172.16.0.0/13" : "172.24.0.0/13";
  if (family == AddressFamily::ipv6) text = pair ? "fd6e:6574:0::/48" : "fd6e:6574:1::/48";
  return IpPrefix::parse(text).value();
}

unsigned pool_subnet_length(AddressFamily family, bool pair) {
  if (family == AddressFamily::ipv6) return 64;
  return pair ? 30 : 22;
}

class Allocation {
 public:
  explicit Allocation(Planner& planner) : planner_{planner} {}

  void run() {
    const auto& specs = planner_.topology.segments();
    for (const auto& segment : specs) note_given(segment);
    for (const auto& segment : specs) prefixes_.push_back(prefixes_of(segment));
    for (std::size_t i = 0; i < specs.size(); ++i) note_explicit(i);
    for (std::size_t i = 0; i < specs.size(); ++i) allocate(i);
  }

 private:
  std::vector<IpPrefix> prefixes_of(const SegmentSpec& segment) {
    if (!segment.addressed || !segment.prefixes.empty()) return segment.prefixes;
    const bool pair = segment.members.size() == 2 && segment.bridge_node.empty();
    std::vector<IpPrefix> prefixes;
    for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
      if (const auto prefix = take_from_pool(family, pair)) {
        prefixes.push_back(*prefix);
      } else {
        planner_.problem("allocate a prefix for the segment", segment.name,
                         fmt::format("the pool {} is used up: give the segment prefixes of its own",
                                     pool_of(family, pair).to_string()));
      }
    }
    return prefixes;
  }

  void note_given(const SegmentSpec& segment) {
    given_.insert(given_.end(), segment.prefixes.begin(), segment.prefixes.end());
    for (const auto& own : segment.bridge_addresses) given_.push_back(own.prefix());
    for (const auto& member : segment.members) {
      for (const auto& own : member.addresses) given_.push_back(own.prefix());
    }
  }

  // The next subnet that shares no address with what the description says.
  std::optional<IpPrefix> take_from_pool(AddressFamily family, bool pair) {
    const auto pool = pool_of(family, pair);
    const auto length = pool_subnet_length(family, pair);
    for (auto& number = next_subnet_[pool]; number < pool.subnet_count(length);) {
      const auto subnet = pool.subnet(length, number++);
      if (!subnet) return std::nullopt;
      const auto clashes = [&](const IpPrefix& given) { return given.overlaps(*subnet); };
      if (std::ranges::none_of(given_, clashes)) return *subnet;
    }
    return std::nullopt;
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
  std::vector<IpPrefix> given_;                    // everywhere in the topology
  std::map<IpPrefix, std::uint64_t> next_subnet_;  // by pool
};

}  // namespace

void Planner::allocate() { Allocation{*this}.run(); }

}  // namespace topology
}  // namespace netrig
