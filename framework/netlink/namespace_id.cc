#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/namespace_id_codec.h>
#include <netrig/netlink/namespace_id.h>
#include <netrig/netlink/transport.h>

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink {
namespace codec {

void encode_namespace_id(Buffer& buffer, int type, int flags, const NamespaceId& id, Resolver&) {
  Message message{buffer, type, flags | NLM_F_ACK, rtgenmsg{}};
  buffer.put(NETNSA_NSID, id.id);
  buffer.put(NETNSA_FD, id.netns);
}

void encode_get_namespace_id(Buffer& buffer, int netns) {
  Message message{buffer, RTM_GETNSID, 0, rtgenmsg{}};
  buffer.put(NETNSA_FD, netns);
}

std::optional<std::int32_t> decode_namespace_id(const nlmsghdr* message) {
  const auto id = Attributes<NETNSA_MAX>{message, sizeof(rtgenmsg)}.u32(NETNSA_NSID);
  if (!id || static_cast<std::int32_t>(*id) < 0) return std::nullopt;
  return static_cast<std::int32_t>(*id);
}

}  // namespace codec

Result<std::optional<std::int32_t>> namespace_id(Socket& socket, int netns) {
  codec::Buffer buffer;
  codec::encode_get_namespace_id(buffer, netns);
  std::optional<std::int32_t> id;
  NETRIG_TRY(query(socket, buffer, [&](const nlmsghdr* answer) { id = codec::decode_namespace_id(answer); }));
  return id;
}

}  // namespace netrig::netlink
