// Namespace ids: the small number by which one network namespace calls another (`link-netnsid 0`).
#pragma once

#include <netrig/base/result.h>

#include <cstdint>
#include <optional>

namespace netrig::netlink {

class Socket;

/// In the socket's namespace, call the namespace behind the fd `netns` by `id`; for Batch::add(). -1: the kernel
/// chooses.
struct NamespaceId {
  int netns = -1;
  std::int32_t id = -1;
};

/// The id by which the socket's namespace calls the one behind the fd `netns`; nullopt: it has none yet.
Result<std::optional<std::int32_t>> namespace_id(Socket& socket, int netns);

}  // namespace netrig::netlink
