#include <netrig/nft/trace_socket.h>

#include <libmnl/libmnl.h>

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace netrig::nft {
namespace {

constexpr int kEventsRoom = 4 << 20;  // bytes of events that wait to be taken

Result<void> join_group(NfSocket& socket, int group) {
  if (setsockopt(socket.fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0) return {};
  return fail(Error::from_errno("listen to nftables' traces", socket.label(), errno));
}

constexpr std::uint16_t trace_message_type(std::uint16_t type) { return NFNL_SUBSYS_NFTABLES << 8 | type; }

}  // namespace

Result<NfSocket> open_trace_socket(const std::string& label) {
  auto socket = NETRIG_TRY(NfSocket::open(label));
  const int room = kEventsRoom;
  if (setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
    setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  NETRIG_TRY(join_group(socket, NFNLGRP_NFTRACE));
  return socket;
}

// Netlink runs socket filters over its messages (linux/filter.h). A transaction tells of each of its objects too, in
// messages that would fill the socket; its generation comes in one of its own.
Result<void> hear_rules_and_generations(NfSocket& socket) {
  constexpr std::uint32_t kType = offsetof(nlmsghdr, nlmsg_type), kAttributes = NLMSG_HDRLEN + sizeof(nfgenmsg);
  constexpr auto kAncillary = static_cast<std::uint32_t>(SKF_AD_OFF);
  // Loads are of network order, and the type is of the host's.
  const auto wire = [](std::uint16_t type) -> std::uint32_t { return htons(trace_message_type(type)); };
  std::array<sock_filter, 11> program{{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kType),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire(NFT_MSG_NEWGEN), 7, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire(NFT_MSG_TRACE), 0, 7),
      BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, NFTA_TRACE_TYPE),
      BPF_STMT(BPF_LD | BPF_W | BPF_IMM, kAttributes),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kAncillary + SKF_AD_NLATTR),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_IND, NLA_HDRLEN),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NFT_TRACETYPE_RULE, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (setsockopt(socket.fd(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
    return fail(Error::from_errno("choose among nftables' traces", socket.label(), errno));
  return join_group(socket, NFNLGRP_NFTABLES);
}

Result<bool> read_messages(NfSocket& socket, const std::function<void(const nlmsghdr* message)>& take) {
  alignas(nlmsghdr) static thread_local std::array<std::byte, 1 << 16> room;
  bool lost = false;
  for (;;) {
    const ssize_t size = recv(socket.fd(), room.data(), room.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == ENOBUFS) {
      lost = true;
      continue;
    }
    if (size < 0 && errno == EAGAIN) return lost;
    if (size < 0) return fail(Error::from_errno("read traces", socket.label(), errno));
    int left = static_cast<int>(size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(room.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left))
      take(message);
  }
}

Result<UniqueFd> open_canary(Protocol protocol, const std::string& label) {
  UniqueFd canary{socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, static_cast<int>(protocol))};
  if (!canary) return fail(Error::from_errno("open a raw socket", label, errno));
  return canary;
}

bool send_canary(const UniqueFd& canary) {
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::array<char, 8> packet{};
  const ssize_t sent = sendto(canary.get(), packet.data(), packet.size(), MSG_DONTWAIT,
                              reinterpret_cast<const sockaddr*>(&here), sizeof here);
  return sent >= 0 || errno == EPERM;  // a rule drops it where it is sent
}

}  // namespace netrig::nft
