// The kernel's answers about links, addresses, routes, rules, neighbours, forwarding and multicast databases.
// The first byte says which message it is; the rest is what follows the netlink header.
#include <netrig/netlink/codec/address_codec.h>
#include <netrig/netlink/codec/describe.h>
#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/codec/mdb_codec.h>
#include <netrig/netlink/codec/namespace_id_codec.h>
#include <netrig/netlink/codec/neighbour_codec.h>
#include <netrig/netlink/codec/route_codec.h>
#include <netrig/netlink/codec/rule_codec.h>
#include <netrig/suites/fuzz/target.h>

#include <algorithm>

#include <linux/rtnetlink.h>

namespace netrig::fuzz {
namespace {

namespace codec = netlink::codec;

template <class T>
using Encode = void (*)(codec::Buffer&, int, int, const T&, codec::Resolver&);

// Appends the request for `value` to an empty buffer.
template <class T>
codec::Buffer written(const T& value, Encode<T> encode, int type) {
  const codec::Buffer none;
  codec::Resolver index{-1, none};
  codec::Buffer buffer;
  encode(buffer, type, 0, value, index);
  return buffer;
}

// What we would ask for, having read `seen`, is read and written again as it was. (`seen` itself may say what no
// request can: that an address is tentative, that a next hop is neither a gateway nor a device.)
template <class T, class Decode>
void reread(const T& seen, Encode<T> encode, int type, Decode decode) {
  std::ignore = seen.to_string();
  const auto first = written(seen, encode, type);
  const auto asked = decode(codec::first_message(first.bytes()));
  require(asked.has_value(), "what was written can be read", seen.to_string());
  const auto second = written(*asked, encode, type);
  const auto again = decode(codec::first_message(second.bytes()));
  require(again.has_value(), "what was written can be read", asked->to_string());
  require(again->to_string() == asked->to_string(), "what was written is read as it was", asked->to_string());
  const auto third = written(*again, encode, type);
  require(std::ranges::equal(second.bytes(), third.bytes()), "what was read is written as it was", asked->to_string());
}

void links(const nlmsghdr* message) {
  if (const auto link = codec::decode_link(message)) std::ignore = link->to_string();
}
void addresses(const nlmsghdr* message) {
  if (const auto address = codec::decode_address(message))
    reread(*address, codec::encode_address, RTM_NEWADDR, codec::decode_address);
}
void routes(const nlmsghdr* message) {
  if (const auto route = codec::decode_route(message))
    reread(*route, codec::encode_route, RTM_NEWROUTE, codec::decode_route);
}
void rules(const nlmsghdr* message) {
  if (const auto rule = codec::decode_rule(message)) reread(*rule, codec::encode_rule, RTM_NEWRULE, codec::decode_rule);
}
void neighbours(const nlmsghdr* message) {
  if (const auto one = codec::decode_neighbour(message))
    reread(*one, codec::encode_neighbour, RTM_NEWNEIGH, codec::decode_neighbour);
  if (const auto entry = codec::decode_fdb(message)) reread(*entry, codec::encode_fdb, RTM_NEWNEIGH, codec::decode_fdb);
}
void multicast(const nlmsghdr* message) {
  for (const auto& entry : codec::decode_mdb(message)) std::ignore = entry.to_string();
}
void namespace_ids(const nlmsghdr* message) { std::ignore = codec::decode_namespace_id(message); }
void failures(const nlmsghdr* message) {
  std::ignore = codec::error_code(message);
  std::ignore = codec::extended_text(message);
}

struct Kind {
  std::uint16_t type;
  void (*read)(const nlmsghdr*);
};
constexpr Kind kKinds[] = {
    {RTM_NEWLINK, links},         {RTM_NEWADDR, addresses},   {RTM_NEWROUTE, routes},
    {RTM_NEWRULE, rules},         {RTM_NEWNEIGH, neighbours}, {RTM_NEWMDB, multicast},
    {RTM_NEWNSID, namespace_ids}, {NLMSG_ERROR, failures},    {NLMSG_DONE, failures},
};

}  // namespace

void run(Input input) {
  const auto& [type, read] = kKinds[input.take() % std::size(kKinds)];
  const auto message = input.netlink_message(type);
  const auto* header = reinterpret_cast<const nlmsghdr*>(message.data());
  read(header);
  codec::DeviceNames names{-1};
  std::ignore = codec::describe(header, names);
}

}  // namespace netrig::fuzz
