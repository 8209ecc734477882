#include <netrig/base/unique_fd.h>
#include <netrig/netlink/namespace_id.h>
#include <netrig/netlink/peer.h>
#include <netrig/netlink/socket.h>

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <sys/ioctl.h>
#include <vector>

#include <linux/sockios.h>

namespace netrig::netlink {
namespace {

std::string operation_on(const Device& device) { return fmt::format("find the peer of link {}", device.to_string()); }

}  // namespace

Result<FarEnd> find_far_end(Socket& home, const Device& device, std::span<const int> networks) {
  auto link = get_link(home, device);
  if (!link) return fail(Error::from_errno(operation_on(device), home.label(), link.error().code, link.error().detail));
  if (link->kind != "veth" || !link->linked_index) {
    return fail(Error::from_errno(operation_on(device), home.label(), EINVAL, "it is no veth: " + link->brief()));
  }
  if (!link->linked_namespace) return FarEnd{std::nullopt, *link->linked_index};
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (NETRIG_TRY(namespace_id(home, networks[i])) == *link->linked_namespace) return FarEnd{i, *link->linked_index};
  }
  return fail(Error::from_errno(
      operation_on(device), home.label(), ENODEV,
      fmt::format("link {} of a namespace that is none of the {} given", *link->linked_index, networks.size())));
}

Result<Peer> find_peer(Socket& home, const Device& device, std::span<Socket* const> candidates) {
  std::vector<UniqueFd> held;
  std::vector<int> networks;
  for (Socket* candidate : candidates) {
    held.emplace_back(ioctl(candidate->fd(), SIOCGSKNS));
    if (!held.back()) return fail(Error::from_errno("identify the network namespace", candidate->label(), errno));
    networks.push_back(held.back().get());
  }
  const auto far = NETRIG_TRY(find_far_end(home, device, networks));
  auto* where = far.where ? candidates[*far.where] : &home;
  return Peer{where, NETRIG_TRY(get_link(*where, {.index = far.index}))};
}

}  // namespace netrig::netlink
