#include <netrig/nft/codec/nftnl.h>
#include <netrig/nft/codec/set_codec.h>
#include <netrig/nft/codec/user_data.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include <linux/netfilter/nf_tables.h>

namespace netrig::nft::codec {
namespace {

std::string set_text_of(const char* text) { return text == nullptr ? "" : text; }

std::optional<KeyType> key_type_of(const nftnl_set* set) {
  const std::uint32_t type = nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE);
  const std::uint32_t size = nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN);
  if (type == 7 && size == 4) return KeyType::ipv4_addr;
  if (type == 8 && size == 16) return KeyType::ipv6_addr;
  if (type == 13 && size == 2) return KeyType::inet_service;
  if (type == 41 && size == 16) return KeyType::ifname;
  return std::nullopt;
}

// Whether it has nothing for which Set has no place.
bool is_plain(const nftnl_set* set, std::uint32_t flags, bool anonymous) {
  for (const std::uint16_t more : {NFTNL_SET_TIMEOUT, NFTNL_SET_GC_INTERVAL, NFTNL_SET_DESC_CONCAT, NFTNL_SET_EXPR,
                                   NFTNL_SET_EXPRESSIONS, NFTNL_SET_OBJ_TYPE}) {
    if (nftnl_set_is_set(set, more)) return false;
  }
  const std::uint32_t usual = NFT_SET_INTERVAL | NFT_SET_MAP;
  if (anonymous) return (flags & ~(usual | NFT_SET_ANONYMOUS | NFT_SET_CONSTANT)) == 0;
  if ((flags & ~usual) != 0) return false;
  if (nftnl_set_is_set(set, NFTNL_SET_DESC_SIZE) && nftnl_set_get_u32(set, NFTNL_SET_DESC_SIZE) != 0) return false;
  if (nftnl_set_is_set(set, NFTNL_SET_POLICY) && nftnl_set_get_u32(set, NFTNL_SET_POLICY) != 0) return false;
  std::uint32_t size = 0;
  const void* data = nftnl_set_get_data(set, NFTNL_SET_USERDATA, &size);
  const auto merges = user_data(data, size, NFTNL_UDATA_SET_MERGE_ELEMENTS);
  return !user_data(data, size, NFTNL_UDATA_SET_KEY_TYPEOF) &&
         (!merges || std::ranges::all_of(*merges, [](char byte) { return byte == 0; }));
}

/// One element as the kernel has it.
struct Record {
  Bytes key;
  bool end = false;  ///< the key behind a range
  std::optional<Verdict> verdict = {};
};

struct Records {
  std::vector<Record> all = {};
  bool plain = true;  ///< none has what there is no value for
};

bool is_plain(nftnl_set_elem* element, std::uint32_t flags) {
  for (const std::uint16_t more : {NFTNL_SET_ELEM_TIMEOUT, NFTNL_SET_ELEM_EXPR, NFTNL_SET_ELEM_EXPRESSIONS,
                                   NFTNL_SET_ELEM_OBJREF, NFTNL_SET_ELEM_KEY_END, NFTNL_SET_ELEM_DATA}) {
    if (nftnl_set_elem_is_set(element, more)) return false;
  }
  if ((flags & ~std::uint32_t{NFT_SET_ELEM_INTERVAL_END}) != 0) return false;
  std::uint32_t size = 0;
  const void* data = nftnl_set_elem_get(element, NFTNL_SET_ELEM_USERDATA, &size);
  return !user_data(data, size, NFTNL_UDATA_SET_ELEM_COMMENT);
}

int take_record(nftnl_set_elem* element, void* context) {
  auto& records = *static_cast<Records*>(context);
  const bool flagged = nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_FLAGS);
  const std::uint32_t flags = flagged ? nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_FLAGS) : 0;
  std::uint32_t size = 0;
  const auto* key = static_cast<const std::uint8_t*>(nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size));
  if (key == nullptr || !is_plain(element, flags)) {
    records.plain = false;
    return 0;
  }
  Record record{.key = {key, key + size}, .end = (flags & NFT_SET_ELEM_INTERVAL_END) != 0};
  if (!record.end && nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_VERDICT)) {
    const auto kind = verdict_kind(static_cast<std::int32_t>(nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_VERDICT)));
    records.plain = records.plain && kind.has_value();
    if (kind) record.verdict = Verdict{*kind, set_text_of(nftnl_set_elem_get_str(element, NFTNL_SET_ELEM_CHAIN))};
  }
  records.all.push_back(std::move(record));
  return 0;
}

Bytes before(Bytes key) {
  for (std::size_t i = key.size(); i-- > 0;) {
    if (key[i]-- != 0) break;
  }
  return key;
}

SetElement made(KeyType type, const Record& first, const Bytes& last) {
  SetElement element = element_of(type, first.key, last);
  element.verdict = first.verdict;
  return element;
}

// Ranges from where they begin and end; where one begins at the end of another, the end comes first.
std::vector<SetElement> ranges_of(KeyType type, std::vector<Record> records) {
  std::ranges::sort(records, {}, [](const Record& record) { return std::pair{record.key, !record.end}; });
  std::vector<SetElement> elements;
  const Record* open = nullptr;
  for (const Record& record : records) {
    if (open != nullptr) elements.push_back(made(type, *open, before(record.key)));
    open = record.end ? nullptr : &record;
  }
  if (open != nullptr) elements.push_back(made(type, *open, Bytes(open->key.size(), 0xff)));
  return elements;
}

IpAddress address_of(const Bytes& bytes) { return IpAddress::from_bytes(bytes).value_or(IpAddress{}); }
Port port_of(const Bytes& bytes) { return Port{static_cast<std::uint16_t>(bytes.at(0) << 8 | bytes.at(1))}; }

}  // namespace

SetElement element_of(KeyType type, const Bytes& first, const Bytes& last) {
  switch (type) {
    case KeyType::ipv4_addr:
    case KeyType::ipv6_addr:
      return AddressRange{address_of(first), address_of(last)};
    case KeyType::inet_service:
      return PortRange{port_of(first), port_of(last)};
    case KeyType::ifname:
      break;
  }
  SetElement element{PortRange{}};
  element.key = std::string{first.begin(), std::ranges::find(first, 0)};
  return element;
}

Result<PlacedSet> decode_set(const Buffer& message) {
  const NftnlSet from{nftnl_set_alloc()};
  if (!from) throw std::bad_alloc{};
  if (nftnl_set_nlmsg_parse(header(message), from.get()) < 0)
    return fail(Error::from_errno("read a ruleset message", "", EBADMSG, "not a set"));
  const nftnl_set* set = from.get();
  const std::uint32_t flags = nftnl_set_get_u32(set, NFTNL_SET_FLAGS);
  PlacedSet placed;
  placed.table.family = static_cast<Family>(nftnl_set_get_u32(set, NFTNL_SET_FAMILY));
  placed.table.name = set_text_of(nftnl_set_get_str(set, NFTNL_SET_TABLE));
  placed.set.name = set_text_of(nftnl_set_get_str(set, NFTNL_SET_NAME));
  placed.set.handle = nftnl_set_get_u64(set, NFTNL_SET_HANDLE);
  placed.anonymous = (flags & NFT_SET_ANONYMOUS) != 0;
  const bool map = (flags & NFT_SET_MAP) != 0;
  const auto key = key_type_of(set);
  placed.known = key && is_plain(set, flags, placed.anonymous) &&
                 (!map || nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE) == NFT_DATA_VERDICT) &&
                 (*key != KeyType::ifname || (flags & NFT_SET_INTERVAL) == 0);
  placed.set.type = {key.value_or(KeyType::ipv4_addr), (flags & NFT_SET_INTERVAL) != 0, map};
  std::uint32_t size = 0;
  const void* data = nftnl_set_get_data(set, NFTNL_SET_USERDATA, &size);
  if (!placed.anonymous) placed.set.comment = comment_in(data, size, NFTNL_UDATA_SET_COMMENT);
  return placed;
}

Result<std::optional<std::vector<SetElement>>> decode_elements(const SetType& type,
                                                               const std::vector<Buffer>& messages) {
  Records records;
  for (const Buffer& message : messages) {
    const NftnlSet from{nftnl_set_alloc()};
    if (!from) throw std::bad_alloc{};
    if (nftnl_set_elems_nlmsg_parse(header(message), from.get()) < 0)
      return fail(Error::from_errno("read a ruleset message", "", EBADMSG, "no elements of a set"));
    nftnl_set_elem_foreach(from.get(), take_record, &records);
  }
  const std::size_t key_size = key_size_of(type.key);
  const auto of_size = [&](const Record& record) { return record.key.size() == key_size; };
  if (!records.plain || !std::ranges::all_of(records.all, of_size)) return std::nullopt;
  std::vector<SetElement> elements;
  if (type.interval) {
    elements = ranges_of(type.key, std::move(records.all));
  } else {
    for (const Record& record : records.all) elements.push_back(made(type.key, record, record.key));
    sort_elements(type, elements);
  }
  return elements;
}

}  // namespace netrig::nft::codec
