#include <netrig/nft/codec/message.h>
#include <netrig/nft/conntrack.h>

#include <fmt/format.h>
#include <libmnl/libmnl.h>

#include <ostream>
#include <sys/socket.h>
#include <utility>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

namespace netrig::nft {
namespace {

constexpr const char* kListEntries = "list conntrack entries";

std::string tuple_text(const ConntrackTuple& tuple) {
  std::string text = fmt::format("src={} dst={} ", tuple.source.to_string(), tuple.destination.to_string());
  if (tuple.source_port && tuple.destination_port) {
    text += fmt::format("sport={} dport={} ", tuple.source_port->value(), tuple.destination_port->value());
  }
  if (tuple.icmp) text += fmt::format("type={} code={} id={} ", tuple.icmp->type, tuple.icmp->code, tuple.icmp->id);
  return text;
}

// conntrack(8) knows protocols by other names than nft does.
std::string protocol_text(Protocol protocol) { return protocol == Protocol::icmpv6 ? "icmpv6" : to_string(protocol); }

}  // namespace

std::string to_string(const ConntrackEntry& entry) {
  std::string text = fmt::format("{:<8} {} ", protocol_text(entry.protocol), static_cast<unsigned>(entry.protocol));
  if (entry.timeout) text += fmt::format("{} ", *entry.timeout);
  if (!entry.tcp_state.empty()) text += entry.tcp_state + ' ';
  text += tuple_text(entry.original);
  if (!entry.seen_reply) text += "[UNREPLIED] ";
  text += tuple_text(entry.reply);
  if (entry.assured) text += "[ASSURED] ";
  return text + fmt::format("mark={}", entry.mark);
}

std::ostream& operator<<(std::ostream& out, const ConntrackEntry& entry) { return out << to_string(entry); }

Result<std::vector<ConntrackEntry>> list_conntrack(NfSocket& socket) {
  const auto request = [](char* room, std::uint32_t sequence) {
    nlmsghdr* made = mnl_nlmsg_put_header(room);
    made->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
    made->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    made->nlmsg_seq = sequence;
    auto* body = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(made, sizeof(nfgenmsg)));
    body->nfgen_family = AF_UNSPEC;
    body->version = NFNETLINK_V0;
    return made;
  };
  std::vector<ConntrackEntry> entries;
  for (const Buffer& message : NETRIG_TRY(dump(socket, kListEntries, request))) {
    auto entry = codec::decode_conntrack(message);
    if (!entry) return fail(Error::from_errno(kListEntries, socket.label(), entry.error().code));
    entries.push_back(*std::move(entry));
  }
  return entries;
}

}  // namespace netrig::nft
