#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/neighbour_table.h>
#include <netrig/netlink/transport.h>

#include <optional>
#include <sys/socket.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink {
namespace {

// nullopt: another family, or the settings of one interface, which come in messages of the same type.
std::optional<NeighbourTable> decode_neighbour_table(const nlmsghdr* message) {
  const codec::Attributes<NDTA_MAX> attributes{message, sizeof(ndtmsg)};
  const int family = codec::read_header<ndtmsg>(message).ndtm_family;
  if (!attributes.valid() || !attributes.has(NDTA_STATS) || (family != AF_INET && family != AF_INET6))
    return std::nullopt;
  return NeighbourTable{.family = family == AF_INET ? AddressFamily::ipv4 : AddressFamily::ipv6,
                        .name = attributes.text(NDTA_NAME),
                        .entries = codec::read_struct<ndt_config>(attributes[NDTA_CONFIG]).ndtc_entries,
                        .limit = attributes.u32(NDTA_THRESH3).value_or(0),
                        .full = codec::read_struct<ndt_stats>(attributes[NDTA_STATS]).ndts_table_fulls};
}

}  // namespace

Result<std::vector<NeighbourTable>> dump_neighbour_tables(Socket& socket) {
  codec::Buffer buffer;
  {
    codec::Message message{buffer, RTM_GETNEIGHTBL, NLM_F_DUMP, ndtmsg{}};
  }
  return dump<NeighbourTable>(socket, buffer, decode_neighbour_table);
}

}  // namespace netrig::netlink
