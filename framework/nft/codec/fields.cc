#include <netrig/nft/codec/fields.h>

#include <algorithm>
#include <vector>

#include <linux/netfilter/nf_tables.h>

namespace netrig::nft::codec {
namespace {

constexpr auto kIp = AddressFamily::ipv4;
constexpr auto kIp6 = AddressFamily::ipv6;

FieldSource address(Field field, AddressFamily family, std::uint32_t offset) {
  return {field, family, {}, LoadPayload{NFT_PAYLOAD_NETWORK_HEADER, offset, family == kIp ? 4U : 16U}};
}
FieldSource port(Field field, std::optional<Protocol> transport, std::uint32_t offset) {
  return {field, {}, transport, LoadPayload{NFT_PAYLOAD_TRANSPORT_HEADER, offset, 2}};
}

// In the order of Field.
const std::vector<FieldSource>& sources() {
  static const std::vector<FieldSource> all{address(Field::ip_saddr, kIp, 12),
                                            address(Field::ip_daddr, kIp, 16),
                                            address(Field::ip6_saddr, kIp6, 8),
                                            address(Field::ip6_daddr, kIp6, 24),
                                            port(Field::tcp_sport, Protocol::tcp, 0),
                                            port(Field::tcp_dport, Protocol::tcp, 2),
                                            port(Field::udp_sport, Protocol::udp, 0),
                                            port(Field::udp_dport, Protocol::udp, 2),
                                            port(Field::sctp_sport, Protocol::sctp, 0),
                                            port(Field::sctp_dport, Protocol::sctp, 2),
                                            port(Field::th_sport, {}, 0),
                                            port(Field::th_dport, {}, 2),
                                            {Field::iifname, {}, {}, LoadMeta{NFT_META_IIFNAME}},
                                            {Field::oifname, {}, {}, LoadMeta{NFT_META_OIFNAME}}};
  return all;
}

}  // namespace

FieldSource source_of(Field field) { return sources().at(static_cast<std::size_t>(field)); }

std::optional<Field> field_of(const Instruction& load, std::optional<AddressFamily> network,
                              std::optional<Protocol> transport) {
  const auto found = std::ranges::find_if(sources(), [&](const FieldSource& source) {
    const bool port = key_type(source.field) == KeyType::inet_service;
    return source.load == load && (!source.network || source.network == network) &&
           (!port || source.transport == transport);
  });
  return found == sources().end() ? std::nullopt : std::optional{found->field};
}

}  // namespace netrig::nft::codec
