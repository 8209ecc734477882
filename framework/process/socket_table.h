// Private to the module: which sockets of a node wait for peers, from the kernel's socket monitoring interface.
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/net/port.h>
#include <netrig/netns/net_ns.h>
#include <netrig/process/readiness.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

namespace netrig::process {

/// Looks into one network namespace, by a socket made in it. Source: sock_diag(7).
class SocketTable {
 public:
  static Result<SocketTable> open(const netns::NetNs& network);

  /// The inodes of the sockets that listen on `port` (TCP), or are bound to it and not connected (UDP); both families.
  Result<std::set<std::uint32_t>> listening(Transport transport, Port port);

 private:
  explicit SocketTable(UniqueFd socket) : socket_{std::move(socket)} {}
  UniqueFd socket_;
};

/// Adds the inodes of the sockets of `port` in one datagram of a sock_diag(7) dump. True: the dump ends here.
/// Errors: the kernel's; EBADMSG for a datagram that is cut short.
Result<bool> read_sockets(std::span<const std::byte> answer, Port port, std::set<std::uint32_t>& inodes);

}  // namespace netrig::process
