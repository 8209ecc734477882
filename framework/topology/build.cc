// From a Plan to namespaces, links, addresses and routes, in as few system calls as the kernel allows.
//
// The order, and why:
//   1. All namespaces, each with its netlink socket opened while a thread is in it, the baseline and forwarding written
//      before any device exists (devices inherit `conf.default`); in a switch, that its devices have no link-local
//      address of their own: ports speak no IPv6.
//   2. One batch a namespace: its bridges, and the veth pairs that it owns, both ends made in place. A pair is owned by
//      the node that holds a bridge port, so that the port joins and comes up in the message that creates it.
//      Then, on a host that changed what its devices start with, the baseline's settings of each device.
//   3. One batch a namespace: lo up, addresses, a link-local one for each interface; before any cable has carrier, so
//      that the kernel finds that one there, usable, instead of making one that is tentative until a worker has run.
//   4. One batch a namespace: the far ends up, their IPv6 addresses, routes; each end is asked for.
//   5. One batch a namespace that owns pairs: ask for each end that came up first. The question makes the kernel act on
//   the
//      carrier change at once (linkwatch_sync_dev, called by rtnl_getlink in net/core/rtnetlink.c); without it the end
//      would drop what it is given to send, and a bridge what it is to forward, until a kernel worker has noticed.
//   6. Wait until the kernel has made IPv6 addresses usable.
//   7. NAT, and the sysctls that the user asked for.
//   8. Wait until bridges that run STP forward.
#include <netrig/base/fault_point.h>
#include <netrig/base/open_files.h>
#include <netrig/base/scope_exit.h>
#include <netrig/netlink/address.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/route.h>
#include <netrig/netns/baseline.h>
#include <netrig/netns/sysctl.h>
#include <netrig/nft/presets.h>
#include <netrig/nft/transaction.h>
#include <netrig/topology/lab_state.h>
#include <netrig/topology/node_coverage.h>
#include <netrig/topology/settle.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace netrig {
inline namespace topology {

namespace {

constexpr std::uint32_t kLoopbackIndex = 1;
constexpr std::size_t kFilesPerNode = 2;  // its namespace and its netlink socket; the rest opens when it is used

netlink::Device device_of(const PlannedInterface& interface) {
  return {static_cast<std::uint32_t>(interface.index), interface.name};
}

netlink::LinkSpec link_spec(const PlannedInterface& interface) {
  netlink::LinkSpec spec{.name = interface.name};
  spec.index = static_cast<std::uint32_t>(interface.index);
  spec.mac = interface.mac;
  spec.mtu = interface.mtu;
  return spec;
}

// What the kernel gave an interface by itself would be tentative until a worker of its own has run. A switch's ports
// have none; its bridge has one if it has another IPv6 address.
bool has_link_local(const PlannedNode& node, const PlannedInterface& interface) {
  if (!node.is_switch) return interface.mtu >= kLeastIpv6Mtu;
  return std::ranges::any_of(interface.addresses,
                             [](const auto& own) { return own.address().family() == AddressFamily::ipv6; });
}

class Builder {
 public:
  explicit Builder(LabState& lab) : lab_{lab} {}

  Result<void> run() {
    NETRIG_TRY(make_namespaces());
    NETRIG_TRY(for_each_node("add-links", &Builder::add_links));
    NETRIG_TRY(furnish_devices());
    NETRIG_TRY(for_each_node("add-addresses", &Builder::assign));
    NETRIG_TRY(for_each_node("set-up-links", &Builder::activate));
    NETRIG_TRY(for_each_node("settle-links", &Builder::settle));
    NETRIG_TRY(for_each_node("await-local-routes", &Builder::await_local_routes));
    NETRIG_TRY(for_each_node("translate-addresses", &Builder::translate));
    NETRIG_TRY(for_each_node("set-sysctls", &Builder::set_sysctls));
    return for_each_node("await-spanning-trees", &Builder::await_trees);
  }

 private:
  using Step = Result<void> (Builder::*)(std::size_t node);

  Result<void> for_each_node(const char* name, Step step) {
    for (std::size_t node = 0; node < lab_.nodes.size(); ++node) {
      fault_point(name);
      NETRIG_TRY((this->*step)(node));
    }
    return {};
  }

  Result<void> make_namespaces() {
    NETRIG_TRY(make_room_for_files(kFilesPerNode * lab_.plan.nodes.size()));
    const auto* baseline = NETRIG_TRY(netns::Baseline::of_this_host());
    netns::BaselineWriter writer{*baseline};
    for (const auto& plan : lab_.plan.nodes) {
      lab_.nodes.push_back(std::make_shared<NodeState>());
      lab_.nodes.back()->plan = plan;
      lab_.nodes.back()->lab = &lab_;
      lab_.nodes.back()->programs = lab_.programs;
    }
    std::size_t done = 0;
    auto made =
        netns::NetNs::create_many(lab_.nodes.size(), [&](std::size_t index, const netns::NetNs& netns) -> Result<void> {
          auto& node = *lab_.nodes[index];
          fault_point("furnish-namespace");
          NETRIG_TRY(writer.write(netns));
          NETRIG_TRY(set_early_sysctls(node.plan));
          node.socket.emplace(NETRIG_TRY(netlink::Socket::open(node.plan.name)));
          ++done;
          return {};
        });
    if (!made) {
      made.error().object = lab_.nodes[done]->plan.name;  // rather than the number of its namespace, or nothing
      return fail(std::move(made).error());
    }
    for (std::size_t i = 0; i < made->size(); ++i)
      lab_.nodes[i]->network = std::make_shared<netns::NetNs>(std::move((*made)[i]));
    return {};
  }

  // After the baseline, which turns forwarding off where the host's is on, and before any device is made.
  static Result<void> set_early_sysctls(const PlannedNode& plan) {
    const auto here = netns::Sysctls::here();
    if (plan.is_switch) return here.set("net.ipv6.conf.default.addr_gen_mode", "1");  // IN6_ADDR_GEN_MODE_NONE
    if (!plan.forwards) return {};
    return here.set_all({{"net.ipv4.ip_forward", "1"}, {"net.ipv6.conf.all.forwarding", "1"}});
  }

  const PlannedInterface& peer_of(const PlannedInterface& interface) const {
    return lab_.plan.nodes[interface.peer_node].interfaces[interface.peer_interface];
  }

  // A bridge port owns its pair; between equals the one with the lower index.
  bool owns(const PlannedInterface& interface) const {
    if (interface.is_bridge) return false;
    const auto& peer = peer_of(interface);
    if (interface.master.has_value() != peer.master.has_value()) return interface.master.has_value();
    return interface.index < peer.index;
  }

  Result<void> add_links(std::size_t node) {
    netlink::Batch batch{*lab_.nodes[node]->socket};
    const auto& interfaces = lab_.plan.nodes[node].interfaces;
    for (const auto& interface : interfaces) {
      if (interface.is_bridge) add_bridge(batch, interface);
      if (owns(interface)) add_pair(batch, interfaces, interface);
    }
    return batch.empty() ? Result<void>{} : batch.send();
  }

  // On a host that changed what its devices start with.
  Result<void> furnish_devices() {
    const auto* baseline = NETRIG_TRY(netns::Baseline::of_this_host());
    if (baseline->device_difference().empty()) return {};
    netns::BaselineWriter writer{*baseline};
    for (const auto& node : lab_.nodes) {
      std::vector<InterfaceName> devices{InterfaceName{"lo"}};
      for (const auto& interface : node->plan.interfaces) devices.push_back(interface.name);
      NETRIG_TRY(node->network->run([&] { return writer.write_devices_here(devices); }));
    }
    return {};
  }

  static void add_bridge(netlink::Batch& batch, const PlannedInterface& interface) {
    auto spec = link_spec(interface);
    spec.up = true;
    netlink::Bridge bridge{.stp = interface.stp, .multicast_snooping = false};
    if (interface.stp) {
      bridge.forward_delay = kStpForwardDelay;
      bridge.hello_time = kStpHelloTime;
      bridge.max_age = kStpMaxAge;
    }
    batch.add_link(spec, bridge);
  }

  void add_pair(netlink::Batch& batch, const std::vector<PlannedInterface>& interfaces,
                const PlannedInterface& interface) {
    auto near = link_spec(interface);
    near.up = true;
    if (interface.master) near.master = device_of(interfaces[*interface.master]);
    auto far = link_spec(peer_of(interface));
    far.netns = lab_.nodes[interface.peer_node]->network->fd();
    batch.add_link(near, netlink::Veth{.peer = far});
  }

  Result<void> assign(std::size_t node) {
    netlink::Batch batch{*lab_.nodes[node]->socket};
    batch.change_link({.device = {.index = kLoopbackIndex}, .up = true});
    const auto& plan = lab_.plan.nodes[node];
    for (const auto& interface : plan.interfaces) {
      if (has_link_local(plan, interface)) add_link_local(batch, interface);
      add_addresses(batch, interface, AddressFamily::ipv4);
      if (is_up_when_made(interface)) add_addresses(batch, interface, AddressFamily::ipv6);
    }
    return batch.send();
  }

  Result<void> activate(std::size_t node) {
    netlink::Batch batch{*lab_.nodes[node]->socket};
    const auto& plan = lab_.plan.nodes[node];
    for (const auto& interface : plan.interfaces) {
      if (!is_up_when_made(interface)) bring_up(batch, plan, interface);
    }
    for (const auto& route : plan.routes) add_route(batch, plan, route);
    return batch.empty() ? Result<void>{} : batch.send();
  }

  [[nodiscard]] bool is_up_when_made(const PlannedInterface& interface) const {
    return interface.is_bridge || owns(interface);
  }

  // The kernel drops an IPv6 address that is there when its device comes up if it cannot have memory for its route at
  // once (addrconf_permanent_addr in net/ipv6/addrconf.c), which happens when many labs are built at the same time. It
  // can wait for memory when the address comes after; the link-local one, which must come before, is given again.
  static void bring_up(netlink::Batch& batch, const PlannedNode& plan, const PlannedInterface& interface) {
    netlink::LinkChange change{.device = device_of(interface)};
    change.up = true;
    if (interface.master) change.master = device_of(plan.interfaces[*interface.master]);
    batch.change_link(change);
    batch.settle_link(change.device);  // its cable has carrier now, but its state says so only when somebody asked
    if (has_link_local(plan, interface)) add_link_local(batch, interface);
    add_addresses(batch, interface, AddressFamily::ipv6);
  }

  // Where the device is up already, the kernel may have given it to it.
  static void add_link_local(netlink::Batch& batch, const PlannedInterface& interface) {
    batch.replace(netlink::Address{
        .device = device_of(interface), .local = InterfaceAddress{interface.mac.link_local(), 64}, .no_dad = true});
  }

  static void add_addresses(netlink::Batch& batch, const PlannedInterface& interface, AddressFamily family) {
    for (const auto& own : interface.addresses) {
      if (own.family() != family) continue;
      netlink::Address address{.device = device_of(interface), .local = own};
      address.no_dad = family == AddressFamily::ipv6;
      batch.add(address);
    }
  }

  static void add_route(netlink::Batch& batch, const PlannedNode& plan, const PlannedRoute& planned) {
    netlink::Route route{.destination = planned.destination};
    route.hops = {{.via = planned.gateway, .device = device_of(plan.interfaces[planned.interface])}};
    route.protocol = netlink::RouteProtocol::static_;
    if (planned.metric != 0) route.metric = planned.metric;
    batch.add(route);
  }

  Result<void> settle(std::size_t node) {
    netlink::Batch batch{*lab_.nodes[node]->socket};
    const auto& interfaces = lab_.plan.nodes[node].interfaces;
    for (const auto& interface : interfaces) {
      if (owns(interface)) batch.settle_link(device_of(interface));
    }
    for (const auto& interface : interfaces) {
      if (interface.is_bridge) batch.settle_link(device_of(interface));  // its carrier follows its ports'
    }
    return batch.empty() ? Result<void>{} : batch.send();
  }

  Result<void> await_local_routes(std::size_t node) {
    std::set<IpAddress> missing;
    for (const auto& interface : lab_.plan.nodes[node].interfaces) {
      for (const auto& own : interface.addresses) {
        if (own.address().is_v6()) missing.insert(own.address());
      }
    }
    return topology::await_local_routes(*lab_.nodes[node]->socket, lab_.plan.nodes[node].name, std::move(missing));
  }

  Result<void> await_trees(std::size_t node) { return await_spanning_tree(*lab_.nodes[node]); }

  Result<void> translate(std::size_t node) {
    const auto& plan = lab_.plan.nodes[node];
    if (plan.masquerades.empty() && plan.port_forwards.empty()) return {};
    nft::Ruleset rules;
    for (const auto& masquerade : plan.masquerades) rules.add(nft::nat_masquerade(masquerade.out, masquerade.source));
    for (const auto& forward : plan.port_forwards) {
      const auto protocol = forward.service.is_tcp() ? nft::Protocol::tcp : nft::Protocol::udp;
      rules.add(nft::port_forward(forward.in, protocol, *forward.service.port(), forward.to, forward.to_port));
    }
    auto socket = NETRIG_TRY(lab_.nodes[node]->network->run([&] { return nft::NfSocket::open(plan.name); }));
    NETRIG_TRY(nft::apply(socket, rules));
    lab_.nodes[node]->netfilter = std::make_shared<nft::NfSocket>(std::move(socket));
    NodeCoverage::begin_if_wanted(Node{lab_.nodes[node]});
    return {};
  }

  // Last, when the devices are there that some are about.
  Result<void> set_sysctls(std::size_t node) {
    const auto& wanted = lab_.plan.nodes[node].sysctls;
    if (wanted.empty()) return {};
    auto set = netns::Sysctls{*lab_.nodes[node]->network}.set_all({wanted.begin(), wanted.end()});
    if (!set) set.error().object = lab_.plan.nodes[node].name;
    return set;
  }

  LabState& lab_;
};

}  // namespace

Result<std::shared_ptr<LabState>> build_lab(const Topology& topology) {
  const auto start = std::chrono::steady_clock::now();
  auto lab = std::make_shared<LabState>();
  lab->plan = NETRIG_TRY(make_plan(topology));
  lab->description = topology.describe();
  lab->programs = std::make_shared<LabPrograms>(*lab);
  NETRIG_TRY(Builder{*lab}.run());
  lab->setup_time = std::chrono::steady_clock::now() - start;
  return lab;
}

}  // namespace topology
}  // namespace netrig
