#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/topology/offloads.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace netrig {
inline namespace topology {

namespace {

InterfaceName named(std::string_view interface) { return value_or_throw(InterfaceName::parse(interface)); }

// In the node's network, with its name in an error.
template <class Call>
auto in_network_of(const Node& node, Call call) {
  auto result = node.run(call);
  if (!result) result.error().object = node.name() + " " + result.error().object;
  return value_or_throw(std::move(result));
}

}  // namespace

netlink::Offloads offloads(const Node& node, std::string_view interface) {
  return in_network_of(node, [name = named(interface)] { return netlink::offloads(name); });
}

void set_offloads(const Node& node, std::string_view interface, const netlink::Offloads& change) {
  in_network_of(node, [&, name = named(interface)] { return netlink::set_offloads(name, change); });
}

void set_queue_length(const Node& node, std::string_view interface, std::uint32_t packets) {
  const netlink::LinkChange change{.device = {.name = named(interface)}, .tx_queue_length = packets};
  node.netlink([&](netlink::Socket& socket) { value_or_throw(netlink::Batch{socket}.change_link(change).send()); });
}

std::uint32_t queue_length(const Node& node, std::string_view interface) {
  return node.netlink([device = netlink::Device{.name = named(interface)}](netlink::Socket& socket) {
    return value_or_throw(netlink::get_link(socket, device)).tx_queue_length;
  });
}

void set_gso_max_size(const Node& node, std::string_view interface, ByteCount size) {
  const netlink::Device device{.name = named(interface)};
  const auto what = fmt::format("ip link set {} gso_max_size {}", interface, size.value());
  if (size.value() > std::numeric_limits<std::uint32_t>::max())
    throw SetupError{Error::invalid(what, node.name(), "no interface takes more than 524280 bytes")};
  const auto bytes = static_cast<std::uint32_t>(size.value());
  const auto before = gso_max_size(node, interface);
  node.netlink([&](netlink::Socket& socket) {
    value_or_throw(netlink::Batch{socket}.change_link({.device = device, .gso_max_size = bytes}).send());
  });
  if (gso_max_size(node, interface) == size) return;
  node.netlink([&](netlink::Socket& socket) {
    const auto old = static_cast<std::uint32_t>(before.value());
    value_or_throw(netlink::Batch{socket}.change_link({.device = device, .gso_max_size = old}).send());
  });
  throw SetupError{
      Error::from_errno(what, node.name(), EOPNOTSUPP, "this kernel does not have it for IPv4 (before 6.3)")};
}

ByteCount gso_max_size(const Node& node, std::string_view interface) {
  return node.netlink([device = netlink::Device{.name = named(interface)}](netlink::Socket& socket) {
    const auto link = value_or_throw(netlink::get_link(socket, device));
    constexpr std::uint32_t kUnsaid = 65536;  // what kernels have that do not say
    const auto said = [](std::uint32_t size) { return size == 0 ? kUnsaid : size; };
    return ByteCount{std::min(said(link.gso_max_size), said(link.gso_ipv4_max_size))};
  });
}

}  // namespace topology
}  // namespace netrig
