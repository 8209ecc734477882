// Private to the module: requests and answers over an NfSocket.
#pragma once

#include <netrig/nft/nf_socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <linux/netlink.h>

namespace netrig::nft {

/// One or more netlink messages, back to back.
using Buffer = std::vector<std::byte>;

/// Appends one message to `buffer`: makes `capacity` bytes of room, lets `write` build the message there, keeps its
/// length.
void append_message(Buffer& buffer, std::size_t capacity, const std::function<nlmsghdr*(char* room)>& write);

/// An answer of the kernel to the message of that sequence number. Code 0: it was done.
struct Answer {
  std::uint32_t sequence;
  int code;            ///< errno value
  std::string detail;  ///< the extended ack
};

/// What came back at once for messages that the kernel handles while they are sent.
struct Answers {
  std::vector<Answer> answers;
  std::vector<Buffer> messages;  ///< that are no acknowledgement: echoes
  bool lost = false;             ///< there were more than the socket could hold
};
/// Sends `request` in one piece and collects what the kernel answered by the time that returns. Only with the turn.
/// EMSGSIZE: longer than the socket's send buffer can be made (net.core.wmem_max of the host).
Result<Answers> send_and_collect(NfSocket& socket, const std::string& operation, const Buffer& request);

/// Runs a dump and returns its messages. Takes the turn. A dump that the kernel marks as inconsistent is run again.
/// `write` builds the request for the sequence number that it is given.
Result<std::vector<Buffer>> dump(NfSocket& socket, const std::string& operation,
                                 const std::function<nlmsghdr*(char* room, std::uint32_t sequence)>& write);

/// The message in a Buffer that holds one.
const nlmsghdr* header(const Buffer& message);

}  // namespace netrig::nft
