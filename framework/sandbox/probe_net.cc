#include <netrig/sandbox/probe_net.h>
#include <netrig/sandbox/raw.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

namespace netrig::sandbox {
namespace {

// Netlink messages, packed by hand: the libraries that do it allocate.
class Packet {
 public:
  void begin(std::uint16_t type, std::uint16_t flags) noexcept {
    message_ = used_;
    put(nlmsghdr{0, type, flags, ++sequence_, 0});
  }
  void end() noexcept {
    reinterpret_cast<nlmsghdr*>(bytes_ + message_)->nlmsg_len = static_cast<std::uint32_t>(used_ - message_);
  }

  template <class T>
  void put(const T& value) noexcept {
    for (std::size_t i = 0; i < sizeof value; ++i) bytes_[used_ + i] = reinterpret_cast<const char*>(&value)[i];
    used_ += NLMSG_ALIGN(sizeof value);
  }
  void put_text(std::uint16_t type, const char* text) noexcept {
    const std::size_t attribute = open(type);
    for (; *text != '\0'; ++text) bytes_[used_++] = *text;
    bytes_[used_++] = '\0';
    close(attribute);
  }
  std::size_t open(std::uint16_t type) noexcept {
    const std::size_t at = used_;
    put(nlattr{0, type});
    return at;
  }
  void close(std::size_t attribute) noexcept {
    reinterpret_cast<nlattr*>(bytes_ + attribute)->nla_len = static_cast<std::uint16_t>(used_ - attribute);
    used_ = NLMSG_ALIGN(used_);
  }

  // Sends everything and returns what the first acknowledgement says.
  int exchange(int protocol) const noexcept {
    const auto socket = static_cast<int>(raw::call(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    if (socket < 0) return errno;
    alignas(nlmsghdr) char answer[1024];
    int error = 0;
    if (raw::call(SYS_sendto, socket, bytes_, used_, 0, nullptr, 0) < 0 ||
        raw::call(SYS_recvfrom, socket, answer, sizeof answer, 0, nullptr, nullptr) < 0) {
      error = errno;
    } else {
      const auto* header = reinterpret_cast<const nlmsghdr*>(answer);
      error = header->nlmsg_type == NLMSG_ERROR ? -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error : EPROTO;
    }
    raw::close_fd(socket);
    return error;
  }

 private:
  alignas(nlmsghdr) char bytes_[512] = {};
  std::size_t used_ = 0;
  std::size_t message_ = 0;
  std::uint32_t sequence_ = 0;
};

nfgenmsg nft_header(std::uint8_t family, std::uint16_t subsystem) noexcept {
  return {family, NFNETLINK_V0, htons(subsystem)};
}

}  // namespace

int make_veth_pair() noexcept {
  Packet packet;
  packet.begin(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  packet.put(ifinfomsg{});
  packet.put_text(IFLA_IFNAME, "veth0");
  const auto info = packet.open(IFLA_LINKINFO);
  packet.put_text(IFLA_INFO_KIND, "veth");
  const auto data = packet.open(IFLA_INFO_DATA);
  const auto peer = packet.open(VETH_INFO_PEER);
  packet.put(ifinfomsg{});
  packet.put_text(IFLA_IFNAME, "veth1");
  packet.close(peer);
  packet.close(data);
  packet.close(info);
  packet.end();
  return packet.exchange(NETLINK_ROUTE);
}

int make_nft_table() noexcept {
  Packet packet;
  packet.begin(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST);
  packet.put(nft_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  packet.end();
  packet.begin(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
  packet.put(nft_header(NFPROTO_INET, 0));
  packet.put_text(NFTA_TABLE_NAME, "netrig");
  packet.end();
  packet.begin(NFNL_MSG_BATCH_END, NLM_F_REQUEST);
  packet.put(nft_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  packet.end();
  return packet.exchange(NETLINK_NETFILTER);
}

}  // namespace netrig::sandbox
