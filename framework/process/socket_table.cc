#include <netrig/process/socket_table.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

namespace netrig::process {

namespace {

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 query;
};

Error refused(int code) {
  return Error::from_errno("list the listening sockets", "", code,
                           code == ENOENT ? "the kernel lacks the module tcp_diag or udp_diag" : "");
}

// A UDP socket that takes from everybody is in the state that TCP calls closed, see net/ipv4/udp_diag.c.
Result<void> ask(int socket, std::uint8_t family, Transport transport) {
  const bool tcp = transport == Transport::tcp;
  Request request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.query.sdiag_family = family;
  request.query.sdiag_protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP;
  request.query.idiag_states = 1U << static_cast<unsigned>(tcp ? TCP_LISTEN : TCP_CLOSE);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = 0;
  do {
    sent = ::sendto(socket, &request, sizeof request, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return fail(refused(errno));
  return {};
}

/// One datagram of the kernel's.
Result<std::span<const std::byte>> receive(int socket, std::span<std::byte> room) {
  sockaddr_nl from{};
  iovec place{room.data(), room.size()};
  msghdr header{};
  header.msg_name = &from;
  header.msg_namelen = sizeof from;
  header.msg_iov = &place;
  header.msg_iovlen = 1;
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &header, 0);
  } while (size < 0 ? errno == EINTR : from.nl_pid != 0);  // not from the kernel
  if (size < 0) return fail(refused(errno));
  if ((header.msg_flags & MSG_TRUNC) != 0) return fail(refused(EMSGSIZE));
  return std::span<const std::byte>{room.first(static_cast<std::size_t>(size))};
}

/// Takes one message; true when it was the last.
Result<bool> take(const nlmsghdr& header, std::span<const std::byte> body, Port port, std::set<std::uint32_t>& inodes) {
  if (header.nlmsg_type == NLMSG_DONE) return true;
  if (header.nlmsg_type == NLMSG_ERROR) {
    int code = 0;  // what nlmsgerr begins with: a negative errno
    if (body.size() >= sizeof code) std::memcpy(&code, body.data(), sizeof code);
    return fail(refused(code < 0 && code > INT_MIN ? -code : EBADMSG));
  }
  inet_diag_msg socket;
  if (body.size() < sizeof socket) return fail(refused(EBADMSG));
  std::memcpy(&socket, body.data(), sizeof socket);
  if (ntohs(socket.id.idiag_sport) == port.value()) inodes.insert(socket.idiag_inode);
  return false;
}

Result<void> collect(int socket, Port port, std::set<std::uint32_t>& inodes) {
  for (;;) {
    alignas(nlmsghdr) std::array<std::byte, 32768> buffer;
    const auto answer = NETRIG_TRY(receive(socket, buffer));
    if (NETRIG_TRY(read_sockets(answer, port, inodes))) return {};
  }
}

}  // namespace

Result<bool> read_sockets(std::span<const std::byte> answer, Port port, std::set<std::uint32_t>& inodes) {
  nlmsghdr header;
  while (answer.size() >= sizeof header) {
    std::memcpy(&header, answer.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > answer.size()) return fail(refused(EBADMSG));
    const auto body = answer.first(header.nlmsg_len).subspan(sizeof header);
    if (NETRIG_TRY(take(header, body, port, inodes))) return true;
    answer = answer.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), answer.size()));
  }
  return false;
}

Result<SocketTable> SocketTable::open(const netns::NetNs& network) {
  return SocketTable{NETRIG_TRY(network.socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG))};
}

Result<std::set<std::uint32_t>> SocketTable::listening(Transport transport, Port port) {
  std::set<std::uint32_t> inodes;
  for (const auto family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    NETRIG_TRY(ask(socket_.get(), family, transport));
    NETRIG_TRY(collect(socket_.get(), port, inodes));
  }
  return inodes;
}

}  // namespace netrig::process
