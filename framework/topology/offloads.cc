#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/topology/offloads.h>

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

}  // namespace topology
}  // namespace netrig
