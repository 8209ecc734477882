#include <netrig/base/deadline.h>
#include <netrig/base/unique_fd.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/route.h>
#include <netrig/topology/settle.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

namespace netrig {
inline namespace topology {

namespace {

// For a kernel worker that is kept from running by load.
constexpr std::chrono::seconds kAddressPatience{30};
constexpr std::chrono::nanoseconds kLeastPause = std::chrono::microseconds{20};
// Doubled from the least: hundreds of labs that all look again and again would keep the worker from the processor.
constexpr std::chrono::nanoseconds kMostPause = std::chrono::milliseconds{50};
constexpr std::chrono::seconds kTreePatience{60};

// A bridge tells of its ports' states in messages of AF_BRIDGE, which a netlink::Monitor passes over.
Result<UniqueFd> subscribe_to_links() {
  UniqueFd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)};
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(Error::from_errno("subscribe to netlink events", "", errno));
  return fd;
}

// Until there is news; all of it is forgotten, since what counts is asked for afterwards.
Result<bool> await_news(int fd, Deadline deadline) {
  if (!NETRIG_TRY(wait_readable(fd, deadline))) return false;
  std::array<std::byte, 1> rest{};
  while (::recv(fd, rest.data(), rest.size(), MSG_TRUNC) >= 0 || errno == ENOBUFS || errno == EINTR) {
  }
  return true;
}

bool has_place(const netlink::Link& port) {
  using State = netlink::BridgePort::State;
  return port.port && (port.port->state == State::forwarding || port.port->state == State::blocking);
}

Result<void> await_tree(NodeState& node, const PlannedInterface& bridge, int events, Deadline deadline) {
  const netlink::Device device{static_cast<std::uint32_t>(bridge.index), bridge.name};
  while (true) {
    const auto ports = NETRIG_TRY(netlink::dump_links(*node.socket, {.master = device, .statistics = false}));
    const auto late = std::ranges::find_if_not(ports, has_place);
    if (late == ports.end()) return {};
    if (NETRIG_TRY(await_news(events, deadline))) continue;
    return fail(Error::from_errno(fmt::format("wait until port {} of bridge {} forwards or blocks",
                                              late->name.to_string(), bridge.name.to_string()),
                                  node.plan.name, ETIMEDOUT));
  }
}

}  // namespace

Result<void> await_local_routes(netlink::Socket& socket, const std::string& label, std::set<IpAddress> missing) {
  const netlink::RouteFilter local{
      .family = AddressFamily::ipv6, .table = netlink::kLocalTable, .type = netlink::RouteType::local};
  const auto deadline = Deadline::after(kAddressPatience);
  for (std::chrono::nanoseconds pause{}; !missing.empty(); pause = std::min(2 * pause + kLeastPause, kMostPause)) {
    const timespec span{.tv_sec = 0, .tv_nsec = pause.count()};
    if (pause > pause.zero()) ::ppoll(nullptr, 0, &span, nullptr);
    for (const auto& route : NETRIG_TRY(netlink::dump_routes(socket, local))) {
      missing.erase(route.destination.address());
    }
    if (!missing.empty() && deadline.passed()) {
      return fail(Error::from_errno(fmt::format("wait until address {} is usable", missing.begin()->to_string()), label,
                                    ETIMEDOUT));
    }
  }
  return {};
}

Result<void> await_spanning_tree(NodeState& node) {
  if (std::ranges::none_of(node.plan.interfaces, &PlannedInterface::stp)) return {};
  const auto events = NETRIG_TRY(node.network->run(subscribe_to_links));
  const auto deadline = Deadline::after(kTreePatience);
  for (const auto& interface : node.plan.interfaces) {
    if (interface.stp) NETRIG_TRY(await_tree(node, interface, events.get(), deadline));
  }
  return {};
}

}  // namespace topology
}  // namespace netrig
