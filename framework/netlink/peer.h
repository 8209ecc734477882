// The other end of a veth pair, wherever it is: what a shell does with `ip link`, `if${N}` and a walk over all
// namespaces.
//
//   auto peer = NETRIG_TRY(find_peer(client, {.name = eth0}, {&router, &server}));
//   std::cout << peer.where->label() << ' ' << peer.link.name;      // router veth-client
#pragma once

#include <netrig/base/result.h>
#include <netrig/netlink/link.h>

#include <span>

namespace netrig::netlink {

class Socket;

/// A link, and the socket in whose namespace it is.
struct Peer {
  Socket* where = nullptr;
  Link link;
};

/// The device that `device` of the namespace `home` is paired with, looked for in `home` and in the candidates'
/// namespaces. ENODEV where there is no such device or its peer is in none of them; EINVAL for a device that has no
/// peer.
Result<Peer> find_peer(Socket& home, const Device& device, std::span<Socket* const> candidates);

}  // namespace netrig::netlink
