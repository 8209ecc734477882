// The other end of a veth pair, wherever it is: what a shell does with `ip link`, `if${N}` and a walk over all
// namespaces.
//
//   auto peer = NETRIG_TRY(find_peer(client, {.name = eth0}, {&router, &server}));
//   std::cout << peer.where->label() << ' ' << peer.link.name;      // router veth-client
#pragma once

#include <netrig/base/result.h>
#include <netrig/netlink/link.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace netrig::netlink {

class Socket;

/// A link, and the socket in whose namespace it is.
struct Peer {
  Socket* where = nullptr;
  Link link;
};

/// Where the other end of a veth is, seen from one end.
struct FarEnd {
  std::optional<std::size_t> where;  ///< which of the networks that were given; none: the same as the near end
  std::uint32_t index = 0;           ///< its number there
};

/// Where the peer of `device` in the namespace `home` is, among the namespaces behind the file descriptors `networks`.
/// Errors as find_peer(). For callers who may use one socket at a time: nothing is asked of the other namespaces.
Result<FarEnd> find_far_end(Socket& home, const Device& device, std::span<const int> networks);

/// The device that `device` of the namespace `home` is paired with, looked for in `home` and in the candidates'
/// namespaces. ENODEV where there is no such device or its peer is in none of them; EINVAL for a device that has no
/// peer.
Result<Peer> find_peer(Socket& home, const Device& device, std::span<Socket* const> candidates);

}  // namespace netrig::netlink
