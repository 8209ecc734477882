#include <netrig/nft/transport.h>

#include <fmt/format.h>
#include <libmnl/libmnl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <utility>

#include <linux/netlink.h>

namespace netrig::nft {
namespace {

constexpr std::size_t kRequestRoom = 4096;
constexpr std::size_t kReceiveRoom = 1 << 16;  // above the largest piece of a dump, 32 KiB
constexpr int kMostDumps = 1000;

// With the padding behind it, up to where libmnl looks for attributes.
Buffer copy_of(const nlmsghdr* message) {
  const auto* first = reinterpret_cast<const std::byte*>(message);
  Buffer copy{first, first + message->nlmsg_len};
  copy.resize(NLMSG_ALIGN(copy.size()));
  return copy;
}

// The text of NLMSGERR_ATTR_MSG, if the kernel gave one. The acknowledged message itself is not echoed
// (NETLINK_CAP_ACK).
std::string extended_ack(const nlmsghdr* message) {
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  std::string text;
  const auto look = [](const nlattr* attribute, void* to) {
    const bool wanted = mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG;
    if (wanted && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0) {
      *static_cast<std::string*>(to) = mnl_attr_get_str(attribute);
    }
    return MNL_CB_OK;
  };
  mnl_attr_parse(message, sizeof(nlmsgerr), look, &text);
  return text;
}

Answer read_answer(const nlmsghdr* message) {
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  return {error->msg.nlmsg_seq, -error->error, extended_ack(message)};
}

// The kernel takes a transaction in one piece or not at all.
Result<void> send_all(NfSocket& socket, const std::string& operation, const Buffer& request) {
  const int wanted = static_cast<int>(request.size());
  int have = 0;
  socklen_t size = sizeof have;
  getsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUF, &have, &size);
  if (have < wanted + 4096 && setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted) != 0) {
    setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
  }
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = -1;
  do {
    sent = sendto(socket.fd(), request.data(), request.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                  sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent == static_cast<ssize_t>(request.size())) return {};
  const int code = sent < 0 ? errno : EIO;
  std::string detail = "the request could not be sent";
  if (code == EMSGSIZE) {
    detail = fmt::format(
        "{} bytes are more than a socket may send at once; raise net.core.wmem_max on the host, or split", wanted);
  }
  return fail(Error::from_errno(operation, socket.label(), code, std::move(detail)));
}

// Bytes received; 0 when there is nothing to read: the kernel answers while it is asked, so nothing is waited for.
// Negative errno otherwise.
ssize_t receive(const NfSocket& socket, std::span<std::byte> room) {
  for (;;) {
    sockaddr_nl from{};
    iovec place{room.data(), room.size()};
    msghdr header{};
    header.msg_name = &from;
    header.msg_namelen = sizeof from;
    header.msg_iov = &place;
    header.msg_iovlen = 1;
    const ssize_t size = recvmsg(socket.fd(), &header, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN ? 0 : -errno;
    if (from.nl_pid != 0) continue;  // not from the kernel
    return (header.msg_flags & MSG_TRUNC) != 0 ? -EMSGSIZE : size;
  }
}

Error no_answer(const NfSocket& socket, const std::string& operation, int code) {
  if (code == 0) return Error::from_errno(operation, socket.label(), ENOMSG, "the kernel gave no whole answer");
  return Error::from_errno(operation, socket.label(), code, "the kernel's answer was lost");
}

// What is left of answers that nobody will read: the kernel starts no dump while another has not been read to its end.
void drain(const NfSocket& socket) {
  alignas(nlmsghdr) static thread_local std::array<std::byte, kReceiveRoom> room;
  ssize_t size = 0;
  do {
    size = receive(socket, room);
  } while (size > 0 || size == -ENOBUFS || size == -EMSGSIZE);
}

enum class DumpEnd : std::uint8_t { more, done, interrupted };

// Takes in one received piece of a dump. What other sequence numbers left behind is passed over.
Result<DumpEnd> take_piece(std::span<const std::byte> piece, std::uint32_t sequence, const std::string& operation,
                           const std::string& label, std::vector<Buffer>& messages, bool& interrupted) {
  int left = static_cast<int>(piece.size());
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(piece.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    if (message->nlmsg_seq != sequence) continue;
    interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (message->nlmsg_type == NLMSG_DONE) return interrupted ? DumpEnd::interrupted : DumpEnd::done;
    if (message->nlmsg_type == NLMSG_ERROR) {
      Answer answer = read_answer(message);
      if (answer.code == EINTR || answer.code == EAGAIN) return DumpEnd::interrupted;
      return fail(Error::from_errno(operation, label, answer.code, std::move(answer.detail)));
    }
    messages.push_back(copy_of(message));
  }
  return DumpEnd::more;
}

Result<DumpEnd> run_dump(NfSocket& socket, const std::string& operation,
                         const std::function<nlmsghdr*(char* room, std::uint32_t sequence)>& write,
                         std::vector<Buffer>& messages) {
  const std::uint32_t sequence = socket.reserve_sequence(1);
  Buffer request;
  append_message(request, kRequestRoom, [&](char* room) { return write(room, sequence); });
  NETRIG_TRY(send_all(socket, operation, request));
  messages.clear();
  bool interrupted = false;
  alignas(nlmsghdr) static thread_local std::array<std::byte, kReceiveRoom> room;
  for (;;) {
    const ssize_t size = receive(socket, room);
    if (size <= 0) {
      drain(socket);
      return fail(no_answer(socket, operation, static_cast<int>(-size)));
    }
    const DumpEnd end = NETRIG_TRY(take_piece(std::span{room}.first(static_cast<std::size_t>(size)), sequence,
                                              operation, socket.label(), messages, interrupted));
    if (end != DumpEnd::more) return end;
  }
}

}  // namespace

void append_message(Buffer& buffer, std::size_t capacity, const std::function<nlmsghdr*(char* room)>& write) {
  const std::size_t start = buffer.size();
  buffer.resize(start + capacity);
  const nlmsghdr* message = write(reinterpret_cast<char*>(buffer.data() + start));
  buffer.resize(start + NLMSG_ALIGN(message->nlmsg_len));
}

Result<Answers> send_and_collect(NfSocket& socket, const std::string& operation, const Buffer& request) {
  NETRIG_TRY(send_all(socket, operation, request));
  Answers result;
  alignas(nlmsghdr) static thread_local std::array<std::byte, kReceiveRoom> room;
  for (;;) {
    const ssize_t size = receive(socket, room);
    if (size == 0) return result;
    if (size == -ENOBUFS) {
      result.lost = true;
      continue;
    }
    if (size < 0) return fail(no_answer(socket, operation, static_cast<int>(-size)));
    int left = static_cast<int>(size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(room.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_type == NLMSG_ERROR) {
        result.answers.push_back(read_answer(message));
      } else {
        result.messages.push_back(copy_of(message));
      }
    }
  }
}

Result<std::vector<Buffer>> dump(NfSocket& socket, const std::string& operation,
                                 const std::function<nlmsghdr*(char* room, std::uint32_t sequence)>& write) {
  const auto turn = socket.take_turn();
  std::vector<Buffer> messages;
  for (int tries = 0; tries < kMostDumps; ++tries) {
    if (NETRIG_TRY(run_dump(socket, operation, write, messages)) == DumpEnd::done) return messages;
  }
  return fail(Error::from_errno(operation, socket.label(), EINTR, "it changed during each of 1000 readings"));
}

const nlmsghdr* header(const Buffer& message) { return reinterpret_cast<const nlmsghdr*>(message.data()); }

}  // namespace netrig::nft
