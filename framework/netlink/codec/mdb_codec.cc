#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/mdb_codec.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

br_mdb_entry raw_entry(const MdbEntry& entry, Resolver& index) {
  br_mdb_entry raw{};
  raw.ifindex = index(entry.port);
  raw.state = entry.permanent ? MDB_PERMANENT : MDB_TEMPORARY;
  raw.vid = entry.vlan;
  raw.addr.proto = htons(entry.group.is_v4() ? ETH_P_IP : ETH_P_IPV6);
  const auto bytes = entry.group.bytes();
  std::memcpy(&raw.addr.u, bytes.data(), bytes.size());
  return raw;
}

std::optional<MdbEntry> read_entry(const br_mdb_entry& raw, std::uint32_t bridge) {
  const bool is_v4 = raw.addr.proto == htons(ETH_P_IP);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&raw.addr.u);
  // Proto 0 is a group of MAC addresses, which Netrig leaves to `bridge mdb`.
  if (!is_v4 && raw.addr.proto != htons(ETH_P_IPV6)) return std::nullopt;
  const auto group = IpAddress::from_bytes({bytes, is_v4 ? 4U : 16U});
  return MdbEntry{.bridge = {.index = bridge},
                  .port = {.index = raw.ifindex},
                  .group = *group,
                  .vlan = raw.vid,
                  .permanent = raw.state == MDB_PERMANENT};
}

std::optional<IpAddress> read_source(bool is_v4, const nlattr* attribute) {
  return read_ip(is_v4 ? AF_INET : AF_INET6, attribute);
}

/// MDBA_MDB_ENTRY_INFO: the entry as a structure, then attributes.
void append_info(std::vector<MdbEntry>& entries, std::uint32_t bridge, const nlattr* info) {
  const auto bytes = read_bytes(info);
  br_mdb_entry raw;
  if (bytes.size() < sizeof raw) return;
  std::memcpy(&raw, bytes.data(), sizeof raw);
  auto entry = read_entry(raw, bridge);
  if (!entry) return;
  nlattr* table[MDBA_MDB_EATTR_MAX + 1] = {};
  const auto* first = reinterpret_cast<const nlattr*>(bytes.data() + sizeof raw);
  nla_parse(table, MDBA_MDB_EATTR_MAX, const_cast<nlattr*>(first), static_cast<int>(bytes.size() - sizeof raw),
            nullptr);
  entry->source = read_source(entry->group.is_v4(), table[MDBA_MDB_EATTR_SOURCE]);
  entries.push_back(*entry);
}

}  // namespace

void encode_mdb(Buffer& buffer, int type, int flags, const MdbEntry& entry, Resolver& index) {
  br_port_msg header{};
  header.family = AF_BRIDGE;
  header.ifindex = index(entry.bridge);
  Message message{buffer, type, flags | NLM_F_ACK, header};
  buffer.put(MDBA_SET_ENTRY, raw_entry(entry, index));
  if (!entry.source) return;
  Nest attributes{buffer, MDBA_SET_ENTRY_ATTRS | NLA_F_NESTED};
  buffer.put_bytes(MDBE_ATTR_SOURCE, entry.source->bytes());
}

void encode_mdb_dump(Buffer& buffer) {
  br_port_msg header{};
  header.family = AF_BRIDGE;
  Message message{buffer, RTM_GETMDB, NLM_F_DUMP, header};
}

std::vector<MdbEntry> decode_mdb(const nlmsghdr* message) {
  std::vector<MdbEntry> entries;
  const Attributes<MDBA_MAX> attributes{message, sizeof(br_port_msg)};
  const auto header = read_header<br_port_msg>(message);
  visit_nest(attributes[MDBA_MDB], [&](const nlattr* group) {
    visit_nest(group, [&](const nlattr* info) { append_info(entries, header.ifindex, info); });
  });
  return entries;
}

std::string describe_mdb(const nlmsghdr* message, DeviceNames& names) {
  const Attributes<MDBA_SET_ENTRY_MAX> attributes{message, sizeof(br_port_msg)};
  const auto header = read_header<br_port_msg>(message);
  auto entry = read_entry(read_struct<br_mdb_entry>(attributes[MDBA_SET_ENTRY]), header.ifindex);
  if (!entry) return "mdb";
  const Attributes<MDBE_ATTR_MAX> details{attributes[MDBA_SET_ENTRY_ATTRS]};
  entry->source = read_source(entry->group.is_v4(), details[MDBE_ATTR_SOURCE]);
  names.fill(entry->bridge);
  names.fill(entry->port);
  return "mdb " + entry->to_string();
}

}  // namespace netrig::netlink::codec
