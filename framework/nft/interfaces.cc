#include <netrig/nft/codec/message.h>
#include <netrig/nft/codec/nftnl.h>
#include <netrig/nft/interfaces.h>
#include <netrig/nft/reserved.h>
#include <netrig/nft/transport.h>

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace netrig::nft {
namespace {

constexpr const char* kListSets = "list sets";

// How nft describes a set's key to itself: data types of 6 bits each, those of a concatenation side by side (enum
// datatypes and TYPE_BITS in nftables' include/datatype.h).
constexpr std::uint32_t kTypeBits = 6;
constexpr std::uint32_t kInterfaceName = 41;
constexpr std::size_t kInterfaceNameSize = 16;

using codec::NftnlSet;

struct SetOfNames {
  TableName table;
  std::string name;
  std::size_t offset = 0;  // of the interface name in each key
};

// The size of a part of a concatenated key, which is padded to four bytes; nothing for types that are not known here.
std::optional<std::size_t> size_of(std::uint32_t type) {
  switch (type) {
    case kInterfaceName:
    case 8:  // ipv6_addr
      return 16;
    case 9:  // ether_addr
      return 8;
    case 7:   // ipv4_addr
    case 10:  // ether_type
    case 12:  // inet_proto
    case 13:  // inet_service
    case 19:  // mark
    case 20:  // iface_index
    case 26:  // ct_state
      return 4;
    default:
      return std::nullopt;
  }
}

std::optional<std::size_t> offset_of_name(std::uint32_t key_type) {
  std::vector<std::uint32_t> parts;
  for (; key_type != 0; key_type >>= kTypeBits) parts.insert(parts.begin(), key_type & ((1U << kTypeBits) - 1));
  std::size_t offset = 0;
  for (const std::uint32_t part : parts) {
    if (part == kInterfaceName) return offset;
    const auto size = size_of(part);
    if (!size) return std::nullopt;
    offset += *size;
  }
  return std::nullopt;
}

Result<std::vector<SetOfNames>> sets_of_names(NfSocket& socket) {
  const auto messages = NETRIG_TRY(dump(socket, kListSets, [](char* room, std::uint32_t sequence) {
    return nftnl_nlmsg_build_hdr(room, NFT_MSG_GETSET, NFPROTO_UNSPEC, NLM_F_DUMP, sequence);
  }));
  std::vector<SetOfNames> found;
  for (const Buffer& message : messages) {
    const NftnlSet set{nftnl_set_alloc()};
    if (!set || nftnl_set_nlmsg_parse(header(message), set.get()) < 0) {
      return fail(Error::from_errno(kListSets, socket.label(), EBADMSG));
    }
    const bool ranges = (nftnl_set_get_u32(set.get(), NFTNL_SET_FLAGS) & NFT_SET_INTERVAL) != 0;  // of patterns
    const auto offset = offset_of_name(nftnl_set_get_u32(set.get(), NFTNL_SET_KEY_TYPE));
    TableName table{static_cast<Family>(nftnl_set_get_u32(set.get(), NFTNL_SET_FAMILY)),
                    nftnl_set_get_str(set.get(), NFTNL_SET_TABLE)};
    if (!ranges && offset) found.push_back({std::move(table), nftnl_set_get_str(set.get(), NFTNL_SET_NAME), *offset});
  }
  return found;
}

Result<void> add_elements(NfSocket& socket, const SetOfNames& of, std::vector<NamedInterface>& found) {
  const auto messages = NETRIG_TRY(dump(socket, kListSets, [&](char* room, std::uint32_t sequence) {
    nlmsghdr* made = nftnl_nlmsg_build_hdr(room, NFT_MSG_GETSETELEM, static_cast<std::uint16_t>(of.table.family),
                                           NLM_F_DUMP, sequence);
    mnl_attr_put_strz(made, NFTA_SET_ELEM_LIST_TABLE, of.table.name.c_str());
    mnl_attr_put_strz(made, NFTA_SET_ELEM_LIST_SET, of.name.c_str());
    return made;
  }));
  const NftnlSet set{nftnl_set_alloc()};
  for (const Buffer& message : messages) nftnl_set_elems_nlmsg_parse(header(message), set.get());
  struct Wanted {
    const SetOfNames& of;
    std::vector<NamedInterface>& found;
  } wanted{of, found};
  const auto look = [](nftnl_set_elem* element, void* context) {
    auto& [source, names] = *static_cast<Wanted*>(context);
    std::uint32_t size = 0;
    const auto* key = static_cast<const char*>(nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size));
    if (key == nullptr || size < source.offset + kInterfaceNameSize) return 0;
    const char* name = key + source.offset;
    // an anonymous set is part of the rule that looks into it
    const auto where = source.name.starts_with("__")
                           ? fmt::format("table {}, a set in a rule", to_string(source.table))
                           : fmt::format("table {}, set {}", to_string(source.table), source.name);
    names.push_back({std::string{name, strnlen(name, kInterfaceNameSize)}, where});
    return 0;
  };
  nftnl_set_elem_foreach(set.get(), look, &wanted);
  return {};
}

// Whether it may hold a rule that looks at an interface's name: the attribute NFTA_META_KEY as the kernel writes it.
// Most rules do not, and reading one in full takes longer than the kernel takes to tell it.
bool may_name_an_interface(const Buffer& message) {
  return std::ranges::any_of(std::array{NFT_META_IIFNAME, NFT_META_OIFNAME}, [&](std::uint32_t key) {
    struct {
      nlattr head{.nla_len = sizeof(nlattr) + sizeof(std::uint32_t), .nla_type = NFTA_META_KEY};
      std::uint32_t value;
    } const wanted{.value = htonl(key)};
    return memmem(message.data(), message.size(), &wanted, sizeof wanted) != nullptr;
  });
}

ChainName chain_of(const Buffer& message) {
  ChainName chain;
  chain.table.family =
      static_cast<Family>(static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(header(message)))->nfgen_family);
  const auto look = [](const nlattr* attribute, void* to) {
    auto& found = *static_cast<ChainName*>(to);
    if (mnl_attr_get_type(attribute) == NFTA_RULE_TABLE) found.table.name = mnl_attr_get_str(attribute);
    if (mnl_attr_get_type(attribute) == NFTA_RULE_CHAIN) found.name = mnl_attr_get_str(attribute);
    return MNL_CB_OK;
  };
  mnl_attr_parse(header(message), sizeof(nfgenmsg), look, &chain);
  return chain;
}

void add_matches(const ChainName& chain, const Rule& rule, std::size_t position, std::vector<NamedInterface>& found) {
  for (const Expression& expression : rule.expressions) {
    const auto* match = std::get_if<InterfaceMatch>(&expression);
    if (match == nullptr || match->pattern.ends_with('*')) continue;
    found.push_back({match->pattern, fmt::format("table {}, chain {}, rule {} (handle {})", to_string(chain.table),
                                                 chain.name, position, rule.handle)});
  }
}

// The kernel tells the rules chain by chain, in order.
Result<void> add_rules(NfSocket& socket, std::vector<NamedInterface>& found) {
  const auto messages = NETRIG_TRY(dump(socket, "list rules", [](char* room, std::uint32_t sequence) {
    return nftnl_nlmsg_build_hdr(room, NFT_MSG_GETRULE, NFPROTO_UNSPEC, NLM_F_DUMP, sequence);
  }));
  ChainName chain;
  std::size_t position = 0;
  for (const Buffer& message : messages) {
    auto own = chain_of(message);
    position = own == chain ? position + 1 : 1;
    chain = std::move(own);
    if (is_reserved(chain.table) || !may_name_an_interface(message)) continue;
    add_matches(chain, NETRIG_TRY(codec::decode_rule(message)).rule, position, found);
  }
  return {};
}

using Names = std::vector<std::string>;

void add_name(const std::string& pattern, Names& names) {
  if (!pattern.ends_with('*')) names.push_back(pattern);
}

// Of the types of keys only names of interfaces are text.
void add_keys(const std::vector<SetElement>& elements, Names& names) {
  for (const auto& element : elements) {
    if (const auto* name = std::get_if<std::string>(&element.key); name != nullptr) add_name(*name, names);
  }
}

void add_names(const Rule& rule, Names& names) {
  for (const auto& expression : rule.expressions) {
    if (const auto* match = std::get_if<InterfaceMatch>(&expression)) add_name(match->pattern, names);
    if (const auto* match = std::get_if<SetMatch>(&expression)) add_keys(match->elements, names);
    if (const auto* map = std::get_if<VerdictMap>(&expression)) add_keys(map->elements, names);
  }
}

Names interfaces_in(const Command& command) {
  Names names;
  if (const auto* added = std::get_if<AddRule>(&command)) add_names(added->rule, names);
  if (const auto* replacing = std::get_if<ReplaceRule>(&command)) add_names(replacing->rule, names);
  if (const auto* added = std::get_if<AddSet>(&command)) add_keys(added->set.elements, names);
  if (const auto* added = std::get_if<AddElement>(&command)) add_keys({added->element}, names);
  return names;
}

}  // namespace

std::vector<NamedInterface> named_interfaces(const Transaction& transaction) {
  std::vector<NamedInterface> found;
  for (const Command& command : transaction.commands) {
    for (auto& name : interfaces_in(command)) found.push_back({std::move(name), to_string(command)});
  }
  return found;
}

Result<std::vector<NamedInterface>> named_interfaces(NfSocket& socket) {
  std::vector<NamedInterface> found;
  NETRIG_TRY(add_rules(socket, found));
  for (const SetOfNames& set : NETRIG_TRY(sets_of_names(socket))) {
    if (!is_reserved(set.table)) NETRIG_TRY(add_elements(socket, set, found));
  }
  return found;
}

}  // namespace netrig::nft
