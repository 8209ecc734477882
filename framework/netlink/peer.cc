#include <netrig/base/unique_fd.h>
#include <netrig/netlink/namespace_id.h>
#include <netrig/netlink/peer.h>
#include <netrig/netlink/socket.h>

#include <fmt/format.h>

#include <cerrno>
#include <sys/ioctl.h>

#include <linux/sockios.h>

namespace netrig::netlink {
namespace {

/// Whether the namespace of `candidate` is the one that `home` calls `id`.
Result<bool> is_called(Socket& home, Socket& candidate, std::int32_t id) {
  const UniqueFd network{ioctl(candidate.fd(), SIOCGSKNS)};
  if (!network) return fail(Error::from_errno("identify the network namespace", candidate.label(), errno));
  return NETRIG_TRY(namespace_id(home, network.get())) == id;
}

}  // namespace

Result<Peer> find_peer(Socket& home, const Device& device, std::span<Socket* const> candidates) {
  const std::string operation = fmt::format("find the peer of link {}", device.to_string());
  auto link = get_link(home, device);
  if (!link) return fail(Error::from_errno(operation, home.label(), link.error().code, link.error().detail));
  if (link->kind != "veth" || !link->linked_index) {
    return fail(Error::from_errno(operation, home.label(), EINVAL, "it is no veth: " + link->brief()));
  }
  const Device wanted{.index = *link->linked_index};
  if (!link->linked_namespace) return Peer{&home, NETRIG_TRY(get_link(home, wanted))};
  for (Socket* candidate : candidates) {
    if (!NETRIG_TRY(is_called(home, *candidate, *link->linked_namespace))) continue;
    return Peer{candidate, NETRIG_TRY(get_link(*candidate, wanted))};
  }
  return fail(Error::from_errno(
      operation, home.label(), ENODEV,
      fmt::format("link {} of a namespace that is none of the {} given", wanted.index, candidates.size())));
}

}  // namespace netrig::netlink
