// Private to the module: which sockets of a node wait for peers, from the kernel's socket monitoring interface.
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/net/port.h>
#include <netrig/netns/net_ns.h>
#include <netrig/process/readiness.h>

#include <cstdint>
#include <set>

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

}  // namespace netrig::process
