// Requests out, answers in: how this module talks to the kernel. libnl's own transport is not used, since its error
// codes are not errno and it waits for each answer before it sends the next request.
#pragma once

#include <netrig/base/result.h>
#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/socket.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <linux/netlink.h>

namespace netrig::netlink {

/// Takes an answer of the kernel's, valid during the call.
using TakeMessage = std::function<void(const nlmsghdr*)>;

/// Sends the requests in `buffer`, each with NLM_F_ACK, in as few system calls as the kernel's buffers allow, and reads
/// every acknowledgement. Gives the failures, in order. A request with NLM_F_DUMP must not be among them.
std::vector<Error> exchange(Socket& socket, codec::Buffer& buffer);

/// Sends the one request in `buffer`, which is no dump, and hands over its answer.
Result<void> query(Socket& socket, codec::Buffer& buffer, const TakeMessage& take);

/// Sends the dump in `buffer` and hands over each answer. True: complete. False: the kernel's list changed meanwhile,
/// so something may be missing or double (NLM_F_DUMP_INTR).
Result<bool> dump_once(Socket& socket, codec::Buffer& buffer, const TakeMessage& take);

/// How often a dump is repeated when the list keeps changing under it.
inline constexpr int kDumpAttempts = 20;
/// The error when even that was not enough.
Error interrupted_dump(const Socket& socket, const codec::Buffer& buffer);

/// A complete dump: `decode` turns an answer into an optional<T>; nullopt is left out.
template <class T, class Decode>
Result<std::vector<T>> dump(Socket& socket, codec::Buffer& buffer, Decode decode) {
  std::vector<T> objects;
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    objects.clear();
    const auto take = [&](const nlmsghdr* message) {
      if (auto object = decode(message)) objects.push_back(std::move(*object));
    };
    if (NETRIG_TRY(dump_once(socket, buffer, take))) return objects;
  }
  return fail(interrupted_dump(socket, buffer));
}

/// The next datagram that the kernel has ready for this socket, in `room` (aligned as nlmsghdr). Does not wait: EAGAIN
/// when there is none; ENOBUFS when messages were lost.
Result<std::span<const std::byte>> receive(const Socket& socket, std::span<std::byte> room);

/// Calls `visit(const nlmsghdr*)` for each whole message in `bytes`.
template <class Visit>
void visit_messages(std::span<const std::byte> bytes, Visit visit) {
  while (const nlmsghdr* message = codec::first_message(bytes)) {
    visit(message);
    bytes = codec::after_first(bytes);
  }
}

}  // namespace netrig::netlink
