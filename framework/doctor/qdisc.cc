#include <netrig/base/unique_fd.h>
#include <netrig/doctor/inside.h>

#include <libmnl/libmnl.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <memory>
#include <net/if.h>
#include <sys/socket.h>

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

namespace netrig::doctor {
namespace {

constexpr std::uint32_t kHandle = 0x10000;  // 1:

// 1 Mbit/s: what tbf(8) and netem(8) refuse to do without.
void put_options(nlmsghdr* message, std::string_view kind) {
  if (kind == "netem") {
    tc_netem_qopt none{};
    none.limit = 1000;
    mnl_attr_put(message, TCA_OPTIONS, sizeof none, &none);
  } else if (kind == "tbf") {
    tc_tbf_qopt slow{};
    slow.rate.rate = 125'000;
    slow.rate.cell_log = 3;
    slow.rate.linklayer = 1;  // Ethernet
    slow.limit = 100'000;
    slow.buffer = 1'000'000;
    std::array<std::uint32_t, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint32_t>((i + 1) * 1000);
    auto* nest = mnl_attr_nest_start(message, TCA_OPTIONS);
    mnl_attr_put(message, TCA_TBF_PARMS, sizeof slow, &slow);
    mnl_attr_put(message, TCA_TBF_RTAB, sizeof table, table.data());
    mnl_attr_nest_end(message, nest);
  } else if (kind == "htb") {
    tc_htb_glob global{};
    global.version = 3;
    global.rate2quantum = 10;
    auto* nest = mnl_attr_nest_start(message, TCA_OPTIONS);
    mnl_attr_put(message, TCA_HTB_INIT, sizeof global, &global);
    mnl_attr_nest_end(message, nest);
  }
}

}  // namespace

Result<void> make_qdisc(std::string_view kind) {
  const std::string operation = "add qdisc dev lo " + std::string{kind};
  std::array<char, 4096> room{};
  auto* message = mnl_nlmsg_put_header(room.data());
  message->nlmsg_type = RTM_NEWQDISC;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
  message->nlmsg_seq = 1;
  auto* header = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(tcmsg)));
  header->tcm_family = AF_UNSPEC;
  header->tcm_ifindex = static_cast<int>(::if_nametoindex("lo"));
  header->tcm_parent = kind == "ingress" ? TC_H_INGRESS : TC_H_ROOT;
  header->tcm_handle = kind == "ingress" ? TC_H_MAKE(TC_H_INGRESS, 0) : kHandle;
  mnl_attr_put_strz(message, TCA_KIND, std::string{kind}.c_str());
  put_options(message, kind);
  const std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket{mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC),
                                                                 mnl_socket_close};
  if (!socket || mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0) {
    return fail(Error::from_errno(operation, "", errno));
  }
  const auto size = mnl_socket_recvfrom(socket.get(), room.data(), room.size());
  if (size < 0 || mnl_cb_run(room.data(), static_cast<std::size_t>(size), 1, mnl_socket_get_portid(socket.get()),
                             nullptr, nullptr) < 0) {
    return fail(Error::from_errno(operation, "", errno));
  }
  return {};
}

int try_socket(int domain, int type, int protocol) {
  const UniqueFd socket{::socket(domain, type | SOCK_CLOEXEC, protocol)};
  return socket ? 0 : errno;
}

}  // namespace netrig::doctor
