#include <netrig/nft/codec/message.h>
#include <netrig/nft/conntrack_watch.h>
#include <netrig/nft/trace_socket.h>

#include <fmt/format.h>
#include <libmnl/libmnl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <ostream>
#include <sys/socket.h>
#include <utility>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

namespace netrig::nft {
namespace {

constexpr std::size_t kConntrackRequest = 512;
constexpr int kConntrackRoom = 1 << 20;  // bytes of events that wait to be taken

constexpr std::uint16_t conntrack_type(std::uint16_t type) { return NFNL_SUBSYS_CTNETLINK << 8 | type; }

nlmsghdr* put_conntrack_header(char* room, std::uint16_t type, std::uint8_t family, std::uint32_t sequence) {
  nlmsghdr* made = mnl_nlmsg_put_header(room);
  made->nlmsg_type = conntrack_type(type);
  made->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  made->nlmsg_seq = sequence;
  auto* body = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(made, sizeof(nfgenmsg)));
  body->nfgen_family = family;
  body->version = NFNETLINK_V0;
  return made;
}

void put_address(nlmsghdr* message, std::uint16_t v4, std::uint16_t v6, const IpAddress& address) {
  const auto bytes = address.bytes();
  mnl_attr_put(message, address.is_v4() ? v4 : v6, bytes.size(), bytes.data());
}

void put_protocol(nlmsghdr* message, Protocol protocol, const ConntrackTuple& tuple) {
  nlattr* part = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
  mnl_attr_put_u8(message, CTA_PROTO_NUM, static_cast<std::uint8_t>(protocol));
  if (tuple.source_port) mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(tuple.source_port->value()));
  if (tuple.destination_port) mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(tuple.destination_port->value()));
  if (tuple.icmp) {
    const bool v4 = protocol == Protocol::icmp;
    mnl_attr_put_u16(message, v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID, htons(tuple.icmp->id));
    mnl_attr_put_u8(message, v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE, tuple.icmp->type);
    mnl_attr_put_u8(message, v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE, tuple.icmp->code);
  }
  mnl_attr_nest_end(message, part);
}

void put_original(nlmsghdr* message, const ConntrackEntry& entry) {
  nlattr* tuple = mnl_attr_nest_start(message, CTA_TUPLE_ORIG);
  nlattr* part = mnl_attr_nest_start(message, CTA_TUPLE_IP);
  put_address(message, CTA_IP_V4_SRC, CTA_IP_V6_SRC, entry.original.source);
  put_address(message, CTA_IP_V4_DST, CTA_IP_V6_DST, entry.original.destination);
  mnl_attr_nest_end(message, part);
  put_protocol(message, entry.protocol, entry.original);
  mnl_attr_nest_end(message, tuple);
}

// Sends a request and returns what the kernel answered beside the acknowledgement.
Result<std::vector<Buffer>> ask_conntrack(NfSocket& socket, const std::string& operation,
                                          const std::function<nlmsghdr*(char* room, std::uint32_t sequence)>& write) {
  const auto turn = socket.take_turn();
  const std::uint32_t sequence = socket.reserve_sequence(1);
  Buffer request;
  append_message(request, kConntrackRequest, [&](char* room) { return write(room, sequence); });
  Answers answers = NETRIG_TRY(send_and_collect(socket, operation, request));
  for (const Answer& answer : answers.answers) {
    if (answer.code != 0) return fail(Error::from_errno(operation, socket.label(), answer.code, answer.detail));
  }
  return std::move(answers.messages);
}

std::optional<ConntrackEvent> event_of(const nlmsghdr* message) {
  const bool created = (message->nlmsg_flags & NLM_F_CREATE) != 0;
  ConntrackEvent event{.kind = created ? ConntrackEvent::Kind::created : ConntrackEvent::Kind::updated, .entry = {}};
  if (message->nlmsg_type == conntrack_type(IPCTNL_MSG_CT_DELETE)) {
    event.kind = ConntrackEvent::Kind::destroyed;
  } else if (message->nlmsg_type != conntrack_type(IPCTNL_MSG_CT_NEW)) {
    return std::nullopt;
  }
  Buffer copy;
  const auto* bytes = reinterpret_cast<const std::byte*>(message);
  copy.assign(bytes, bytes + message->nlmsg_len);
  copy.resize(NLMSG_ALIGN(copy.size()));
  auto entry = codec::decode_conntrack(copy);
  if (!entry) return std::nullopt;
  event.entry = *std::move(entry);
  return event;
}

}  // namespace

Result<std::vector<ConntrackEntry>> list_conntrack(NfSocket& socket, const ConntrackFilter& filter) {
  auto entries = NETRIG_TRY(list_conntrack(socket));
  std::erase_if(entries, [&](const ConntrackEntry& entry) { return !filter(entry); });
  return entries;
}

Result<std::size_t> count_conntrack(NfSocket& socket) {
  const std::string operation = "count conntrack entries";
  const auto messages = NETRIG_TRY(ask_conntrack(socket, operation, [](char* room, std::uint32_t sequence) {
    return put_conntrack_header(room, IPCTNL_MSG_CT_GET_STATS, AF_UNSPEC, sequence);
  }));
  std::optional<std::size_t> count;
  const auto look = [](const nlattr* attribute, void* to) {
    if (mnl_attr_get_type(attribute) == CTA_STATS_GLOBAL_ENTRIES)
      *static_cast<std::optional<std::size_t>*>(to) = ntohl(mnl_attr_get_u32(attribute));
    return MNL_CB_OK;
  };
  for (const Buffer& message : messages) mnl_attr_parse(header(message), sizeof(nfgenmsg), look, &count);
  if (count) return *count;
  return fail(Error::from_errno(operation, socket.label(), ENOMSG, "the kernel did not tell it"));
}

Result<void> remove_conntrack(NfSocket& socket, const ConntrackEntry& entry) {
  const auto operation = fmt::format("forget the connection {}", to_string(entry));
  NETRIG_TRY(ask_conntrack(socket, operation, [&](char* room, std::uint32_t sequence) {
    const std::uint8_t family = entry.original.source.is_v4() ? AF_INET : AF_INET6;
    nlmsghdr* made = put_conntrack_header(room, IPCTNL_MSG_CT_DELETE, family, sequence);
    put_original(made, entry);
    if (entry.id != 0) mnl_attr_put_u32(made, CTA_ID, htonl(entry.id));
    return made;
  }));
  return {};
}

Result<void> flush_conntrack(NfSocket& socket) {
  NETRIG_TRY(ask_conntrack(socket, "forget all connections", [](char* room, std::uint32_t sequence) {
    return put_conntrack_header(room, IPCTNL_MSG_CT_DELETE, AF_UNSPEC, sequence);
  }));
  return {};
}

std::string to_string(const ConntrackEvent& event) {
  constexpr std::array<const char*, 3> kWords{"NEW", "UPDATE", "DESTROY"};
  return fmt::format("[{}] {}", kWords.at(static_cast<std::size_t>(event.kind)), to_string(event.entry));
}

std::ostream& operator<<(std::ostream& out, const ConntrackEvent& event) { return out << to_string(event); }

Result<ConntrackWatch> ConntrackWatch::open(const std::string& label) {
  auto events = NETRIG_TRY(NfSocket::open(label));
  if (setsockopt(events.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &kConntrackRoom, sizeof kConntrackRoom) != 0)
    setsockopt(events.fd(), SOL_SOCKET, SO_RCVBUF, &kConntrackRoom, sizeof kConntrackRoom);
  for (const int group : {NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_DESTROY}) {
    if (setsockopt(events.fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
      return fail(Error::from_errno("listen to connections", label, errno));
  }
  return ConntrackWatch{std::move(events)};
}

Result<std::vector<ConntrackEvent>> ConntrackWatch::take() {
  const bool lost = NETRIG_TRY(read_messages(events_, [&](const nlmsghdr* message) {
    if (auto event = event_of(message)) ready_.push_back(*std::move(event));
  }));
  if (!lost) return std::exchange(ready_, {});
  return fail(Error::from_errno("listen to connections", events_.label(), ENOBUFS, "more happened than was taken"));
}

Result<ConntrackEvent> ConntrackWatch::await(ConntrackEvent::Kind kind, const ConntrackFilter& filter,
                                             Deadline deadline) {
  std::string seen;
  for (;;) {
    auto told = NETRIG_TRY(take());
    for (auto event = told.begin(); event != told.end(); ++event) {
      if (event->kind == kind && filter(event->entry)) {
        ready_.assign(std::next(event), told.end());
        return *event;
      }
      seen += "\n  " + to_string(*event);
    }
    if (NETRIG_TRY(wait_readable(events_.fd(), deadline))) continue;
    return fail(Error::from_errno("wait for a connection", events_.label(), ETIMEDOUT,
                                  seen.empty() ? "nothing happened" : "what happened is" + seen));
  }
}

}  // namespace netrig::nft
