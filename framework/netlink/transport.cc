#include <netrig/netlink/codec/describe.h>
#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/transport.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

namespace netrig::netlink {
namespace {

/// A dump's datagrams are at most this large (netlink_dump() in af_netlink.c); other answers are smaller.
constexpr std::size_t kReceiveSize = 32768;
struct alignas(nlmsghdr) ReceiveRoom {
  std::byte bytes[kReceiveSize];
};

/// What one send may hold. An answer waits in the socket's receive buffer, of which the kernel charges each about 1
/// KiB, and one that carries a whole link some 8 KiB; the default buffer is 208 KiB and nobody reads before all are
/// answered.
constexpr std::size_t kAnswerBudget = 128;
constexpr std::size_t kQueryWeight = 8;
constexpr std::size_t kSendSize = 65536;

/// A part of a buffer that goes in one send.
struct Chunk {
  std::span<std::byte> bytes;
  std::vector<const nlmsghdr*> requests;
};

std::span<std::byte> writable(codec::Buffer& buffer) {
  return {const_cast<std::byte*>(buffer.bytes().data()), buffer.size()};
}

/// Asks for an object (rtnetlink numbers messages in fours: new, delete, get, set).
bool is_query(const nlmsghdr* request) { return ((request->nlmsg_type - RTM_BASE) & 3) == 2; }

/// Takes the next chunk off the front of `rest`.
Chunk take_chunk(std::span<std::byte>& rest) {
  Chunk chunk;
  const std::span<std::byte> all = rest;
  std::size_t answers = 0;
  while (const nlmsghdr* request = codec::first_message(rest)) {
    answers += is_query(request) ? kQueryWeight : 1;
    const std::size_t size = all.size() - rest.size() + request->nlmsg_len;
    if (!chunk.requests.empty() && (size > kSendSize || answers > kAnswerBudget)) break;
    chunk.requests.push_back(request);
    rest = codec::after_first(rest);
  }
  chunk.bytes = all.first(all.size() - rest.size());
  return chunk;
}

/// Numbers the requests, so that each answer names its own; gives the first number.
std::uint32_t number(Socket& socket, const Chunk& chunk) {
  const std::uint32_t first = socket.reserve_sequence(static_cast<std::uint32_t>(chunk.requests.size()));
  std::uint32_t next = first;
  for (const nlmsghdr* request : chunk.requests) const_cast<nlmsghdr*>(request)->nlmsg_seq = next++;
  return first;
}

/// 0 or errno.
int send_bytes(const Socket& socket, std::span<const std::byte> bytes) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = 0;
  do {
    sent =
        sendto(socket.fd(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

/// Reads answers to one chunk until each request has its acknowledgement.
class AnswerReader {
 public:
  AnswerReader(const Chunk& chunk, std::uint32_t first) : chunk_{chunk}, first_{first}, waiting_{chunk.requests} {}

  /// Calls `failed(request, answer)` for each request that failed. 0, or errno when some got no answer. The kernel
  /// has answered all before the send returns, so after an overflow the rest is read to learn whose answer was lost.
  template <class Failed>
  int read(const Socket& socket, Failed failed) {
    ReceiveRoom room;
    int trouble = 0;
    while (answered_ < chunk_.requests.size()) {
      const auto bytes = receive(socket, room.bytes);
      if (!bytes && bytes.error().code != ENOBUFS) return trouble != 0 ? trouble : bytes.error().code;
      if (!bytes) {
        trouble = ENOBUFS;
        continue;
      }
      visit_messages(*bytes, [&](const nlmsghdr* answer) {
        const std::size_t position = answer->nlmsg_seq - first_;
        // The content of a query comes before its acknowledgement; answers to something older are nobody's.
        if (answer->nlmsg_type != NLMSG_ERROR || position >= waiting_.size() || waiting_[position] == nullptr) return;
        ++answered_;
        waiting_[position] = nullptr;
        if (codec::error_code(answer) != 0) failed(chunk_.requests[position], answer);
      });
    }
    return 0;
  }

  /// The first request without an answer. Precondition: there is one.
  [[nodiscard]] const nlmsghdr* first_waiting() const {
    return *std::ranges::find_if(waiting_, [](const nlmsghdr* request) { return request != nullptr; });
  }

 private:
  const Chunk& chunk_;
  std::uint32_t first_;
  std::vector<const nlmsghdr*> waiting_;  ///< beside the chunk's requests; nullptr once answered
  std::size_t answered_ = 0;
};

const nlmsghdr* first_request(const codec::Buffer& buffer) {
  return reinterpret_cast<const nlmsghdr*>(buffer.bytes().data());
}

Error failure(const Socket& socket, const codec::Buffer& buffer, const nlmsghdr* request, const nlmsghdr* answer) {
  codec::DeviceNames names{socket.fd(), buffer.bytes()};
  return codec::describe_failure(request, codec::error_code(answer), codec::extended_text(answer), socket.label(),
                                 names);
}

Error not_sent(const Socket& socket, const codec::Buffer& buffer, const nlmsghdr* request, int code) {
  codec::DeviceNames names{socket.fd(), buffer.bytes()};
  return Error::from_errno(codec::describe(request, names), socket.label(), code, "the request could not be sent");
}

Error no_answer(const Socket& socket, const codec::Buffer& buffer, const nlmsghdr* request, int code) {
  codec::DeviceNames names{socket.fd(), buffer.bytes()};
  const bool changes = (request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP && !is_query(request);
  std::string why = code == EAGAIN ? "the kernel gave no whole answer" : "the kernel's answer was lost";
  if (changes) why += ", so that it may have been done";
  return Error::from_errno(codec::describe(request, names), socket.label(), code == EAGAIN ? ENOMSG : code,
                           std::move(why));
}

/// What is left of answers that nobody will read: the kernel starts no dump while another has not been read to its end.
void drain(const Socket& socket) {
  ReceiveRoom room;
  while (true) {
    const auto bytes = receive(socket, room.bytes);
    if (!bytes && bytes.error().code != ENOBUFS && bytes.error().code != EMSGSIZE) return;
  }
}

/// Sends the one request in `buffer` and calls `take(answer)` for each answer to it until `take` says that it was the
/// last.
template <class Take>
Result<void> converse(Socket& socket, codec::Buffer& buffer, Take take) {
  const std::uint32_t sequence = socket.reserve_sequence(1);
  const_cast<nlmsghdr*>(first_request(buffer))->nlmsg_seq = sequence;
  if (const int code = send_bytes(socket, buffer.bytes())) {
    return fail(not_sent(socket, buffer, first_request(buffer), code));
  }
  ReceiveRoom room;
  for (bool done = false; !done;) {
    const auto bytes = receive(socket, room.bytes);
    if (!bytes) {
      drain(socket);
      return fail(no_answer(socket, buffer, first_request(buffer), bytes.error().code));
    }
    visit_messages(*bytes, [&](const nlmsghdr* answer) {
      if (answer->nlmsg_seq == sequence) done |= take(answer);
    });
  }
  return {};
}

}  // namespace

Result<std::span<const std::byte>> receive(const Socket& socket, std::span<std::byte> room) {
  while (true) {
    sockaddr_nl from{};
    iovec place{room.data(), room.size()};
    msghdr header{};
    header.msg_name = &from;
    header.msg_namelen = sizeof from;
    header.msg_iov = &place;
    header.msg_iovlen = 1;
    const ssize_t size = recvmsg(socket.fd(), &header, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(Error::from_errno("receive netlink answers", socket.label(), errno));
    if (from.nl_pid != 0) continue;  // not from the kernel
    if ((header.msg_flags & MSG_TRUNC) != 0) {
      return fail(Error::from_errno("receive netlink answers", socket.label(), EMSGSIZE));
    }
    return room.first(static_cast<std::size_t>(size));
  }
}

std::vector<Error> exchange(Socket& socket, codec::Buffer& buffer) {
  std::vector<Error> failures;
  std::span<std::byte> rest = writable(buffer);
  while (!rest.empty()) {
    const Chunk chunk = take_chunk(rest);
    if (chunk.requests.empty()) break;
    AnswerReader reader{chunk, number(socket, chunk)};
    if (const int code = send_bytes(socket, chunk.bytes)) {
      failures.push_back(not_sent(socket, buffer, chunk.requests.front(), code));
      break;
    }
    const int code = reader.read(socket, [&](const nlmsghdr* request, const nlmsghdr* answer) {
      failures.push_back(failure(socket, buffer, request, answer));
    });
    if (code == 0) continue;
    failures.push_back(no_answer(socket, buffer, reader.first_waiting(), code));
    break;
  }
  return failures;
}

Result<void> query(Socket& socket, codec::Buffer& buffer, const TakeMessage& take) {
  Result<void> result;
  NETRIG_TRY(converse(socket, buffer, [&](const nlmsghdr* answer) {
    if (answer->nlmsg_type != NLMSG_ERROR) {
      take(answer);
    } else if (codec::error_code(answer) != 0) {
      result = fail(failure(socket, buffer, first_request(buffer), answer));
    }
    return true;
  }));
  return result;
}

Result<bool> dump_once(Socket& socket, codec::Buffer& buffer, const TakeMessage& take) {
  Result<void> result;
  bool interrupted = false;
  NETRIG_TRY(converse(socket, buffer, [&](const nlmsghdr* answer) {
    interrupted |= (answer->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (answer->nlmsg_type != NLMSG_ERROR && answer->nlmsg_type != NLMSG_DONE) {
      take(answer);
      return false;
    }
    if (codec::error_code(answer) != 0) result = fail(failure(socket, buffer, first_request(buffer), answer));
    return true;
  }));
  if (!result) return fail(std::move(result).error());
  return !interrupted;
}

Error interrupted_dump(const Socket& socket, const codec::Buffer& buffer) {
  codec::DeviceNames names{socket.fd()};
  return Error::from_errno(codec::describe(first_request(buffer), names), socket.label(), EINTR,
                           "the list kept changing while it was read");
}

}  // namespace netrig::netlink
