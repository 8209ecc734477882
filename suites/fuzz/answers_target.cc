// What comes back while a lab runs: connection tracking entries, lists of sockets, ICMP messages.
#include <netrig/net/literals.h>
#include <netrig/nft/codec/message.h>
#include <netrig/process/socket_table.h>
#include <netrig/suites/fuzz/target.h>
#include <netrig/traffic/icmp_message.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/sock_diag.h>

namespace netrig::fuzz {
namespace {

void connections(const Input& input) {
  const auto entry = nft::codec::decode_conntrack(
      input.netlink_message(static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW)));
  if (entry) std::ignore = to_string(*entry);
}

void sockets(const Input& input) {
  std::set<std::uint32_t> inodes;
  std::ignore = process::read_sockets(input.netlink_message(SOCK_DIAG_BY_FAMILY), Port{80}, inodes);
  const auto bytes = input.bytes();
  std::ignore = process::read_sockets(std::as_bytes(std::span{bytes}), Port{80}, inodes);
}

constexpr std::uint16_t kId = 0x1234;

void icmp(const IpAddress& to, const Input& input) {
  const auto answer = traffic::read_answer(to, kId, input.bytes());
  if (!answer || answer->is_reply) return;
  require(!traffic::describe_icmp(to.family(), answer->type, answer->code, answer->mtu).empty(), "an error has words");
}
void icmpv4(const Input& input) { icmp("10.0.0.1"_ip4, input); }
void icmpv6(const Input& input) { icmp("fd00::1"_ip6, input); }

constexpr void (*kParsers[])(const Input&) = {connections, sockets, icmpv4, icmpv6};

}  // namespace

void run(Input input) {
  const auto parser = kParsers[input.take() % std::size(kParsers)];
  parser(input);
}

}  // namespace netrig::fuzz
