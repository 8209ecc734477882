// Backup routes. The kernel drops the routes through a device that is down; what is left then decides. So a router
// gets, to every prefix that it is on or has a route to, a dearer route through each neighbour on another of its links
// that gets there without it: a loop-free alternate (RFC 5286). Said routes stand alone.
#include <netrig/topology/neighbourhood.h>

#include <algorithm>
#include <limits>

namespace netrig {
inline namespace topology {

namespace {

constexpr std::size_t kArrived = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kLost = kArrived - 1;
constexpr std::size_t kUnknown = kArrived - 2;

/// Where packets go by the routes that are planned so far.
class Forwarding {
 public:
  Forwarding(const Plan& plan, const Neighbourhood& neighbourhood) : plan_{plan}, neighbourhood_{neighbourhood} {
    for (std::size_t node = 0; node < plan.nodes.size(); ++node) {
      for (std::size_t i = 0; i < plan.nodes[node].interfaces.size(); ++i) add_owner({node, i});
    }
  }

  /// Whether what `from` sends to `address` arrives, and does not come by `avoided`.
  bool arrives(std::size_t from, const IpAddress& address, std::size_t avoided) {
    auto& next = next_.try_emplace(address, plan_.nodes.size(), kUnknown).first->second;
    for (std::size_t hops = 0; hops <= plan_.nodes.size(); ++hops) {
      if (from == avoided) return false;
      if (next[from] == kUnknown) next[from] = next_hop(from, address);
      if (next[from] >= kUnknown) return next[from] == kArrived;
      from = next[from];
    }
    return false;
  }

 private:
  void add_owner(InterfaceRef ref) {
    const auto domain = neighbourhood_.domain_of(ref);
    if (!domain) return;
    for (const auto& own : neighbourhood_.at(ref).addresses) owners_[{*domain, own.address()}] = ref.node;
  }

  std::size_t next_hop(std::size_t node, const IpAddress& address) const {
    const auto& interfaces = plan_.nodes[node].interfaces;
    unsigned attached = 0;
    for (const auto& interface : interfaces) {
      for (const auto& own : interface.addresses) {
        if (own.address() == address) return kArrived;
        if (own.prefix().contains(address)) attached = std::max(attached, own.length() + 1);
      }
    }
    const auto* best = best_route(plan_.nodes[node], address);
    if (attached > 0 && (best == nullptr || best->destination.length() < attached)) return kArrived;
    if (best == nullptr || !plan_.nodes[node].forwards) return kLost;
    if (!best->gateway) return kArrived;
    const auto domain = neighbourhood_.domain_of({node, best->interface});
    if (!domain) return kLost;
    const auto owner = owners_.find({*domain, *best->gateway});
    return owner == owners_.end() ? kLost : owner->second;
  }

  // The longest prefix, then the lowest metric.
  static const PlannedRoute* best_route(const PlannedNode& node, const IpAddress& address) {
    const PlannedRoute* best = nullptr;
    for (const auto& route : node.routes) {
      if (!route.destination.contains(address)) continue;
      const auto better = best == nullptr || route.destination.length() > best->destination.length() ||
                          (route.destination == best->destination && route.metric < best->metric);
      if (better) best = &route;
    }
    return best;
  }

  const Plan& plan_;
  const Neighbourhood& neighbourhood_;
  std::map<std::pair<std::size_t, IpAddress>, std::size_t> owners_;  // node, by domain and address
  std::map<IpAddress, std::vector<std::size_t>> next_;               // by node; a node, or one of the three above
};

class BackupRoutes {
 public:
  BackupRoutes(Planner& planner, const Neighbourhood& neighbourhood)
      : planner_{planner}, neighbourhood_{neighbourhood}, forwarding_{planner.plan, neighbourhood} {
    for (std::size_t node = 0; node < planner.plan.nodes.size(); ++node) {
      for (const auto& interface : planner.plan.nodes[node].interfaces) {
        for (const auto& own : interface.addresses) holders_[own.prefix()].emplace_back(node, own.address());
      }
    }
  }

  // All are chosen before any is added: they must not count as ways on for each other.
  void run() {
    const auto& specs = planner_.topology.nodes();
    std::vector<std::vector<PlannedRoute>> found(specs.size());
    for (std::size_t node = 0; node < specs.size(); ++node) {
      if (specs[node].automatic_routes && specs[node].kind == NodeKind::router) found[node] = backups_of(node);
    }
    for (std::size_t node = 0; node < specs.size(); ++node) {
      auto& routes = planner_.plan.nodes[node].routes;
      routes.insert(routes.end(), found[node].begin(), found[node].end());
    }
  }

 private:
  std::vector<PlannedRoute> backups_of(std::size_t node) {
    std::vector<PlannedRoute> backups;
    const auto& planned = planner_.plan.nodes[node];
    std::set<IpPrefix> done;
    for (const auto& said : planner_.topology.nodes()[node].routes) done.insert(said.destination);
    for (std::size_t i = 0; i < planned.interfaces.size(); ++i) {
      for (const auto& own : planned.interfaces[i].addresses) {
        if (done.insert(own.prefix()).second) add_backups(node, own.prefix(), i, 0, backups);
      }
    }
    for (const auto& route : planned.routes) {
      if (!done.insert(route.destination).second) continue;
      add_backups(node, route.destination, route.interface, planned.interfaces[route.interface].metric, backups);
    }
    return backups;
  }

  void add_backups(std::size_t node, const IpPrefix& destination, std::size_t primary, std::uint32_t cost,
                   std::vector<PlannedRoute>& backups) {
    const auto& interfaces = planner_.plan.nodes[node].interfaces;
    std::uint32_t extra = 0;
    for (std::size_t i = 0; i < interfaces.size(); ++i) {
      if (i == primary) continue;
      for (const auto& gateway : neighbourhood_.gateways_near({node, i})) {
        const auto via = neighbourhood_.address_of(gateway.interface, destination.family());
        if (!via || !gateway.offers || gateway.interface.node == node || !is_on_link(interfaces[i], *via)) continue;
        if (!gets_there(gateway.interface.node, destination, node)) continue;
        extra += kBackupMetricStep;
        const auto metric = metric_of(destination.family(), cost + interfaces[i].metric + extra);
        backups.push_back({destination, via, i, metric});
      }
    }
  }

  // To everybody there, so that no packet goes to and fro.
  bool gets_there(std::size_t neighbour, const IpPrefix& destination, std::size_t avoided) {
    const auto holders = holders_.find(destination);
    if (holders == holders_.end()) return false;  // a route to one address: that to its prefix takes over
    const auto is_neighbours = [&](const auto& holder) { return holder.first == neighbour; };
    if (std::ranges::any_of(holders->second, is_neighbours)) return true;
    bool somebody = false;
    for (const auto& [holder, address] : holders->second) {
      if (holder == avoided) continue;
      if (!forwarding_.arrives(neighbour, address, avoided)) return false;
      somebody = true;
    }
    return somebody;
  }

  Planner& planner_;
  const Neighbourhood& neighbourhood_;
  Forwarding forwarding_;
  std::map<IpPrefix, std::vector<std::pair<std::size_t, IpAddress>>> holders_;  // nodes with their addresses
};

}  // namespace

void add_backup_routes(Planner& planner, const Neighbourhood& neighbourhood) {
  BackupRoutes{planner, neighbourhood}.run();
}

}  // namespace topology
}  // namespace netrig
