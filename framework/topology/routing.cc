// Routes: those that were said, then those that follow from the segments; and address translation.
//
// A host gets a default route through each router on its segments, the first preferred. A router gets the shortest path
// to every prefix it is not on, a route to each further address of a host that it meets, and backup routes
// (backup_routes.cc). A router that masquerades out of a segment hides what is behind it, so it is nobody's gateway
// there.
#include <netrig/topology/neighbourhood.h>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>

namespace netrig {
inline namespace topology {

namespace {

class Routing {
 public:
  explicit Routing(Planner& planner) : planner_{planner}, neighbourhood_{planner} {}

  void run() {
    const auto& specs = planner_.topology.nodes();
    for (std::size_t node = 0; node < specs.size(); ++node) {
      for (const auto& route : specs[node].routes) add_said(node, route);
    }
    for (std::size_t node = 0; node < specs.size(); ++node) {
      if (!specs[node].automatic_routes) continue;
      if (specs[node].kind == NodeKind::host) {
        add_default_routes(node);
      } else {
        add_shortest_paths(node);
        add_routes_to_neighbours(node);
      }
    }
    add_backup_routes(planner_, neighbourhood_);
  }

 private:
  // ---- routes that were said

  void add_said(std::size_t node, const RouteSpec& route) {
    auto& planned = planner_.plan.nodes[node];
    const auto what = describe(route);
    if (route.gateway && route.gateway->family() != route.destination.family()) {
      planner_.problem(what, planned.name, "destination and gateway are of different families");
      return;
    }
    if (route.gateway && owns(planned, *route.gateway)) {
      planner_.problem(what, planned.name, "the gateway is the node's own address: name a neighbour's");
      return;
    }
    const auto interface = interface_for(node, route);
    if (!interface) return;
    const auto same = [&](const PlannedRoute& other) {
      return other.destination == route.destination && effective_metric(other.destination.family(), other.metric) ==
                                                           effective_metric(route.destination.family(), route.metric);
    };
    if (std::ranges::any_of(planned.routes, same)) {
      planner_.problem(
          what, planned.name,
          "there is a route to that destination with that metric already: leave one out, or give it another metric");
      return;
    }
    planned.routes.push_back({route.destination, route.gateway, *interface, route.metric});
  }

  static bool owns(const PlannedNode& node, const IpAddress& address) {
    return std::ranges::any_of(node.interfaces, [&](const auto& interface) {
      return std::ranges::find(interface.addresses, address, &InterfaceAddress::address) != interface.addresses.end();
    });
  }

  static std::string describe(const RouteSpec& route) {
    std::string text = "add route " + route.destination.to_string();
    if (route.gateway) text += " via " + route.gateway->to_string();
    if (!route.device.empty()) text += " dev " + route.device;
    return text;
  }

  std::optional<std::size_t> interface_for(std::size_t node, const RouteSpec& route) {
    const auto& planned = planner_.plan.nodes[node];
    for (std::size_t i = 0; i < planned.interfaces.size(); ++i) {
      const auto& interface = planned.interfaces[i];
      if (!route.device.empty() && interface.name.view() != route.device) continue;
      if (!route.gateway || is_on_link(interface, *route.gateway) ||
          (!route.device.empty() && route.gateway->is_link_local())) {
        return i;
      }
      if (route.device.empty()) continue;
      planner_.problem(describe(route), planned.name,
                       fmt::format("the gateway is off-link: {} is on {}; use a gateway in one of these prefixes",
                                   route.device, prefixes(interface)));
      return std::nullopt;
    }
    if (route.device.empty()) {
      planner_.problem(
          describe(route), planned.name,
          fmt::format("the gateway is off-link: no interface has a prefix that holds it ({})", all_prefixes(planned)));
    } else {
      planner_.problem(describe(route), planned.name, fmt::format("the node has no interface \"{}\"", route.device));
    }
    return std::nullopt;
  }

  static std::string prefixes(const PlannedInterface& interface) {
    std::string text;
    for (const auto& own : interface.addresses) text += (text.empty() ? "" : ", ") + own.prefix().to_string();
    return text.empty() ? "no prefix" : text;
  }

  static std::string all_prefixes(const PlannedNode& node) {
    std::string text;
    for (const auto& interface : node.interfaces) {
      if (!interface.master)
        text += fmt::format("{}{} on {}", text.empty() ? "" : ", ", prefixes(interface), interface.name.to_string());
    }
    return text.empty() ? "it has no interface" : text;
  }

  // ---- hosts

  void add_default_routes(std::size_t node) {
    for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
      const auto destination = IpPrefix::any(family);
      auto& planned = planner_.plan.nodes[node];
      const auto said = [&](const PlannedRoute& route) { return route.destination == destination; };
      if (std::ranges::any_of(planned.routes, said)) continue;
      std::uint32_t extra = 0;
      for (std::size_t i = 0; i < planned.interfaces.size(); ++i) {
        for (const auto& gateway : neighbourhood_.gateways_near({node, i})) {
          const auto via = neighbourhood_.address_of(gateway.interface, family);
          if (!via || !gateway.offers || !is_on_link(planned.interfaces[i], *via)) continue;
          planned.routes.push_back({destination, via, i, metric_of(family, planned.interfaces[i].metric + extra)});
          extra += kBackupMetricStep;
        }
      }
    }
  }

  // ---- routers: breadth first over routers, from one, by number of hops and then by the order of the description

  struct Step {
    std::size_t node;
    Gateway first;          // the neighbour that the path begins with
    std::size_t interface;  // and the interface towards it
  };

  void add_shortest_paths(std::size_t node) {
    std::set<IpPrefix> known;
    for (const auto& interface : planner_.plan.nodes[node].interfaces) note_prefixes(interface, known);
    for (const auto& route : planner_.plan.nodes[node].routes) known.insert(route.destination);
    std::set<std::size_t> visited{node};
    std::deque<Step> frontier;
    for (std::size_t i = 0; i < planner_.plan.nodes[node].interfaces.size(); ++i) {
      for (const auto& gateway : neighbourhood_.gateways_near({node, i})) {
        if (gateway.offers && visited.insert(gateway.interface.node).second)
          frontier.push_back({gateway.interface.node, gateway, i});
      }
    }
    while (!frontier.empty()) {
      const Step step = frontier.front();
      frontier.pop_front();
      visit(node, step, known);
      for (std::size_t i = 0; i < planner_.plan.nodes[step.node].interfaces.size(); ++i) {
        for (const auto& gateway : neighbourhood_.gateways_near({step.node, i})) {
          if (gateway.offers && visited.insert(gateway.interface.node).second) {
            frontier.push_back({gateway.interface.node, step.first, step.interface});
          }
        }
      }
    }
  }

  static void note_prefixes(const PlannedInterface& interface, std::set<IpPrefix>& known) {
    for (const auto& own : interface.addresses) known.insert(own.prefix());
  }

  void visit(std::size_t node, const Step& step, std::set<IpPrefix>& known) {
    for (const auto& interface : planner_.plan.nodes[step.node].interfaces) {
      for (const auto& own : interface.addresses) {
        const auto via = neighbourhood_.address_of(step.first.interface, own.address().family());
        if (!via || !is_on_link(planner_.plan.nodes[node].interfaces[step.interface], *via)) continue;
        if (!known.insert(own.prefix()).second) continue;
        const auto cost = planner_.plan.nodes[node].interfaces[step.interface].metric;
        planner_.plan.nodes[node].routes.push_back({own.prefix(), via, step.interface, metric_of(via->family(), cost)});
      }
    }
  }

  // ---- routers: a host on two links answers at the addresses of both on either (the weak host model of RFC 1122
  // section 3.3.4.2), so that it stays within reach when one of them fails

  void add_routes_to_neighbours(std::size_t node) {
    for (std::size_t i = 0; i < planner_.plan.nodes[node].interfaces.size(); ++i) {
      const InterfaceRef here{node, i};
      const auto domain = neighbourhood_.domain_of(here);
      if (!domain || neighbourhood_.masquerades_out_of(here)) continue;
      for (const auto member : neighbourhood_.members(*domain)) {
        if (!planner_.plan.nodes[member.node].forwards) add_other_addresses(here, member);
      }
    }
  }

  // Only where its prefix is known: else the address is hidden from here.
  void add_other_addresses(InterfaceRef here, InterfaceRef host) {
    auto& routes = planner_.plan.nodes[here.node].routes;
    const auto knows = [&](const IpPrefix& prefix) {
      return std::ranges::find(routes, prefix, &PlannedRoute::destination) != routes.end();
    };
    const auto& interfaces = planner_.plan.nodes[host.node].interfaces;
    for (std::size_t i = 0; i < interfaces.size(); ++i) {
      if (neighbourhood_.domain_of({host.node, i}) == neighbourhood_.domain_of(host)) continue;
      for (const auto& other : interfaces[i].addresses) {
        const auto via = neighbourhood_.address_of(host, other.family());
        const auto single = IpPrefix::single(other.address());
        if (!via || !is_on_link(neighbourhood_.at(here), *via) || !knows(other.prefix()) || knows(single)) continue;
        routes.push_back({single, via, here.interface, metric_of(via->family(), neighbourhood_.at(here).metric)});
      }
    }
  }

  Planner& planner_;
  Neighbourhood neighbourhood_;
};

const PlannedInterface* interface_of(Planner& planner, const PlannedNode& node, const std::string& name,
                                     const std::string& what) {
  const auto* interface = node.on(name);
  if (interface == nullptr) {
    planner.problem(what, node.name,
                    fmt::format("the node has no interface \"{}\" and is not on a segment of that name", name));
  }
  return interface;
}

void add_masquerades(Planner& planner, PlannedNode& node, const NodeSpec& spec) {
  for (const auto& masquerade : spec.masquerades) {
    const auto what = "masquerade out of " + masquerade.out;
    const auto* out = interface_of(planner, node, masquerade.out, what);
    if (out == nullptr) continue;
    const auto serves = [&](const InterfaceAddress& own) {
      return !masquerade.source || masquerade.source->family() == own.family();
    };
    if (std::ranges::none_of(out->addresses, serves)) {
      const auto family =
          masquerade.source ? fmt::format("{} ", to_string(masquerade.source->family())) : std::string{};
      planner.problem(what, node.name,
                      fmt::format("{} has no {}address to translate to: give it one", out->name.to_string(), family));
    }
    node.masquerades.push_back({out->name, masquerade.source});
  }
}

void add_port_forwards(Planner& planner, PlannedNode& node, const NodeSpec& spec) {
  for (const auto& forward : spec.port_forwards) {
    const auto what = fmt::format("forward {} arriving at {}", forward.service.to_string(), forward.in);
    const auto* in = interface_of(planner, node, forward.in, what);
    if (in == nullptr) continue;
    const auto same = [&](const PlannedPortForward& other) {
      return other.in == in->name && other.service == forward.service;
    };
    if (std::ranges::any_of(node.port_forwards, same)) {
      planner.problem(what, node.name, "it is forwarded already: leave one out, or use another port");
      continue;
    }
    const auto& target = *planner.plan.find(forward.to);
    bool published = false;
    for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
      const auto address = target.address(family);
      if (!address) continue;
      node.port_forwards.push_back({in->name, forward.service, *address, forward.to_port});
      published = true;
    }
    if (!published) planner.problem(what, node.name, fmt::format("\"{}\" has no address to forward to", forward.to));
  }
}

}  // namespace

void Planner::add_routes() { Routing{*this}.run(); }

void Planner::add_translations() {
  for (std::size_t i = 0; i < topology.nodes().size(); ++i) {
    add_masquerades(*this, plan.nodes[i], topology.nodes()[i]);
    add_port_forwards(*this, plan.nodes[i], topology.nodes()[i]);
  }
}

}  // namespace topology
}  // namespace netrig
