#include <netrig/nft/codec/nftnl.h>
#include <netrig/nft/codec/set_codec.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include <linux/netfilter/nf_tables.h>

namespace netrig::nft::codec {
namespace {

constexpr std::size_t kNameKeySize = 16;
constexpr std::uint32_t kSetDataRoom = 256;

// nft's numbers for types of data and orders of bytes (nftables' include/datatype.h, which is not installed). The
// kernel keeps them for nft.
constexpr std::uint32_t kHostEndian = 1, kBigEndian = 2, kNoOrder = 0;

struct TypeNumbers {
  KeyType type;
  std::uint32_t number;
  std::uint32_t size;
  std::uint32_t byte_order;
};
constexpr TypeNumbers kTypes[] = {{KeyType::ipv4_addr, 7, 4, kBigEndian},
                                  {KeyType::ipv6_addr, 8, 16, kBigEndian},
                                  {KeyType::inet_service, 13, 2, kBigEndian},
                                  {KeyType::ifname, 41, kNameKeySize, kHostEndian}};
const TypeNumbers& numbers_of(KeyType type) { return kTypes[static_cast<std::size_t>(type)]; }

Bytes bytes_of(const IpAddress& address) {
  const auto bytes = address.bytes();
  return {bytes.begin(), bytes.end()};
}
Bytes bytes_of(Port port) {
  return {static_cast<std::uint8_t>(port.value() >> 8), static_cast<std::uint8_t>(port.value())};
}

NftnlUserData new_user_data() {
  NftnlUserData data{nftnl_udata_buf_alloc(kSetDataRoom)};
  if (!data) throw std::bad_alloc{};
  return data;
}

// Adds an element of that key; the flags are NFT_SET_ELEM_*.
nftnl_set_elem* add_element(nftnl_set& to, const Bytes& key, std::uint32_t flags = 0) {
  nftnl_set_elem* element = nftnl_set_elem_alloc();
  if (element == nullptr) throw std::bad_alloc{};
  nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key.data(), static_cast<std::uint32_t>(key.size()));
  if (flags != 0) nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_FLAGS, flags);
  nftnl_set_elem_add(&to, element);
  return element;
}

void set_verdict(nftnl_set_elem* element, const Verdict& verdict) {
  nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_VERDICT, verdict_code(verdict.kind));
  if (!verdict.chain.empty()) nftnl_set_elem_set_str(element, NFTNL_SET_ELEM_CHAIN, verdict.chain.c_str());
}

void mark_open(nftnl_set_elem* element) {
  const auto data = new_user_data();
  nftnl_udata_put_u32(data.get(), NFTNL_UDATA_SET_ELEM_FLAGS, NFTNL_SET_ELEM_F_INTERVAL_OPEN);
  nftnl_set_elem_set(element, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(data.get()),
                     nftnl_udata_buf_len(data.get()));
}

// The key behind `key`; none behind the last.
std::optional<Bytes> successor(Bytes key) {
  for (std::size_t i = key.size(); i-- > 0;) {
    if (++key[i] != 0) return key;
  }
  return std::nullopt;
}

void put_type(nftnl_set& to, const SetType& type) {
  const TypeNumbers& numbers = numbers_of(type.key);
  nftnl_set_set_u32(&to, NFTNL_SET_KEY_TYPE, numbers.number);
  nftnl_set_set_u32(&to, NFTNL_SET_KEY_LEN, numbers.size);
  if (!type.map) return;
  nftnl_set_set_u32(&to, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
  nftnl_set_set_u32(&to, NFTNL_SET_DATA_LEN, 0);
}

void put_user_data(nftnl_set& to, const SetType& type, const std::string& comment) {
  const auto data = new_user_data();
  nftnl_udata_put_u32(data.get(), NFTNL_UDATA_SET_KEYBYTEORDER, numbers_of(type.key).byte_order);
  if (type.map) nftnl_udata_put_u32(data.get(), NFTNL_UDATA_SET_DATABYTEORDER, kNoOrder);
  if (!comment.empty()) nftnl_udata_put_strz(data.get(), NFTNL_UDATA_SET_COMMENT, comment.c_str());
  nftnl_set_set_data(&to, NFTNL_SET_USERDATA, nftnl_udata_buf_data(data.get()), nftnl_udata_buf_len(data.get()));
}

std::uint32_t flags_of(const SetType& type) {
  return (type.interval ? std::uint32_t{NFT_SET_INTERVAL} : 0U) | (type.map ? std::uint32_t{NFT_SET_MAP} : 0U);
}

void put_common(nftnl_set& to, const TableName& table, const std::string& name, std::uint32_t id) {
  nftnl_set_set_u32(&to, NFTNL_SET_FAMILY, static_cast<std::uint32_t>(table.family));
  nftnl_set_set_str(&to, NFTNL_SET_TABLE, table.name.c_str());
  nftnl_set_set_str(&to, NFTNL_SET_NAME, name.c_str());
  nftnl_set_set_u32(&to, NFTNL_SET_ID, id);
}

struct KeyReader {
  KeyRange operator()(const AddressRange& range) const { return {bytes_of(range.first), bytes_of(range.last)}; }
  KeyRange operator()(const PortRange& ports) const { return {bytes_of(ports.first), bytes_of(ports.last)}; }
  KeyRange operator()(const std::string& name) const {
    Bytes key{name.begin(), name.end()};
    key.resize(kNameKeySize);
    return {key, key};
  }
};

Result<void> check_use(Field field, const std::string& name, bool map, const TableName& table, const SetTypes& types) {
  if (name.empty()) return {};
  const SetType type = NETRIG_TRY(find_set(types, {table, name}));
  if (type.map && !map) return refuse(fmt::format("{} is a verdict map: look into it by vmap", name));
  if (!type.map && map) return refuse(fmt::format("{} is no verdict map, which vmap needs", name));
  if (type.key == key_type(field)) return {};
  return refuse(fmt::format("{} holds keys of type {}, and {} is {}", name, to_string(type.key), to_string(field),
                            to_string(key_type(field))));
}

}  // namespace

std::size_t key_size_of(KeyType type) { return numbers_of(type).size; }

KeyRange keys_of(const SetElement& element) { return std::visit(KeyReader{}, element.key); }

Result<SetType> find_set(const SetTypes& types, const SetName& name) {
  if (const auto found = types.find(name); found != types.end()) {
    if (found->second) return *found->second;
    return refuse(fmt::format("{} is of a kind that has no value here: give such rules as text", name.name));
  }
  std::vector<std::string> others;
  for (const auto& [other, type] : types) {
    if (other.table == name.table && !other.name.starts_with("__")) others.push_back(other.name);
  }
  return fail(Error{ENOENT, "", "",
                    fmt::format("table {} has no set or map {} (it has {})", to_string(name.table), name.name,
                                others.empty() ? "none" : fmt::format("{}", fmt::join(others, ", ")))});
}

Result<void> check_sets(const Rule& rule, const TableName& table, const SetTypes& types) {
  for (const Expression& expression : rule.expressions) {
    if (const auto* match = std::get_if<SetMatch>(&expression))
      NETRIG_TRY(check_use(match->field, match->name, false, table, types));
    if (const auto* map = std::get_if<VerdictMap>(&expression))
      NETRIG_TRY(check_use(map->field, map->name, true, table, types));
  }
  return {};
}

void put_elements(nftnl_set& to, const SetType& type, std::vector<SetElement> elements, Filling filling) {
  sort_elements(type, elements);
  bool first = filling == Filling::fresh;
  for (const SetElement& element : elements) {
    const KeyRange keys = keys_of(element);
    if (std::exchange(first, false) && type.interval && keys.first != Bytes(keys.first.size()))
      add_element(to, Bytes(keys.first.size()), NFT_SET_ELEM_INTERVAL_END);
    nftnl_set_elem* added = add_element(to, keys.first);
    if (element.verdict) set_verdict(added, *element.verdict);
    if (!type.interval) continue;
    if (const auto end = successor(keys.last)) {
      add_element(to, *end, NFT_SET_ELEM_INTERVAL_END);
    } else {
      mark_open(added);
    }
  }
}

void put_declaration(nftnl_set& to, const TableName& table, const Set& set, std::uint32_t id) {
  put_common(to, table, set.name, id);
  nftnl_set_set_u32(&to, NFTNL_SET_FLAGS, flags_of(set.type));
  put_type(to, set.type);
  put_user_data(to, set.type, set.comment);
}

void put_anonymous(nftnl_set& to, const TableName& table, const SetType& type, std::uint32_t id, std::uint32_t count) {
  put_common(to, table, type.map ? kAnonymousMap : kAnonymousSet, id);
  nftnl_set_set_u32(&to, NFTNL_SET_FLAGS, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | flags_of(type));
  put_type(to, type);
  nftnl_set_set_u32(&to, NFTNL_SET_DESC_SIZE, count);
  put_user_data(to, type, {});
}

}  // namespace netrig::nft::codec
