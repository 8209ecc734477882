#include <netrig/nft/codec/message.h>
#include <netrig/nft/codec/nftnl.h>
#include <netrig/nft/codec/user_data.h>

#include <cerrno>
#include <cstdint>
#include <new>
#include <string_view>
#include <utility>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_arp.h>

namespace netrig::nft::codec {
namespace {

std::unexpected<Error> malformed(const char* what) {
  return fail(Error::from_errno("read a ruleset message", "", EBADMSG, what));
}

// What libnftnl gives of a text that the message lacks.
std::string text_of(const char* text) { return text == nullptr ? "" : text; }

Hook hook_of(std::uint32_t number, Family family) {
  if (family == Family::netdev) return number == NF_NETDEV_EGRESS ? Hook::egress : Hook::ingress;
  if (family == Family::arp) return number == NF_ARP_OUT ? Hook::output : Hook::input;
  switch (number) {
    case NF_INET_PRE_ROUTING:
      return Hook::prerouting;
    case NF_INET_LOCAL_IN:
      return Hook::input;
    case NF_INET_FORWARD:
      return Hook::forward;
    case NF_INET_LOCAL_OUT:
      return Hook::output;
    case NF_INET_POST_ROUTING:
      return Hook::postrouting;
    default:
      return Hook::ingress;
  }
}

ChainType type_of(std::string_view name) {
  if (name == "nat") return ChainType::nat;
  return name == "route" ? ChainType::route : ChainType::filter;
}

BaseChain decode_base(const nftnl_chain* from, Family family) {
  BaseChain base;
  base.type = type_of(text_of(nftnl_chain_get_str(from, NFTNL_CHAIN_TYPE)));
  base.hook = hook_of(nftnl_chain_get_u32(from, NFTNL_CHAIN_HOOKNUM), family);
  base.priority = nftnl_chain_get_s32(from, NFTNL_CHAIN_PRIO);
  base.policy = nftnl_chain_get_u32(from, NFTNL_CHAIN_POLICY) == NF_DROP ? Policy::drop : Policy::accept;
  base.policy_count.reset();
  if (nftnl_chain_is_set(from, NFTNL_CHAIN_PACKETS) && nftnl_chain_is_set(from, NFTNL_CHAIN_BYTES)) {
    base.policy_count =
        Counter{nftnl_chain_get_u64(from, NFTNL_CHAIN_PACKETS), nftnl_chain_get_u64(from, NFTNL_CHAIN_BYTES)};
  }
  if (nftnl_chain_is_set(from, NFTNL_CHAIN_DEV)) base.devices.emplace_back(nftnl_chain_get_str(from, NFTNL_CHAIN_DEV));
  if (nftnl_chain_is_set(from, NFTNL_CHAIN_DEVICES)) {
    for (const char* const* device = nftnl_chain_get_array(from, NFTNL_CHAIN_DEVICES); *device != nullptr; ++device) {
      base.devices.emplace_back(*device);
    }
  }
  return base;
}

}  // namespace

Result<Table> decode_table(const Buffer& message) {
  const NftnlTable from{nftnl_table_alloc()};
  if (!from) throw std::bad_alloc{};
  if (nftnl_table_nlmsg_parse(header(message), from.get()) < 0) return malformed("not a table");
  Table table;
  table.family = static_cast<Family>(nftnl_table_get_u32(from.get(), NFTNL_TABLE_FAMILY));
  table.name = text_of(nftnl_table_get_str(from.get(), NFTNL_TABLE_NAME));
  table.dormant = (nftnl_table_get_u32(from.get(), NFTNL_TABLE_FLAGS) & NFT_TABLE_F_DORMANT) != 0;
  table.owned = (nftnl_table_get_u32(from.get(), NFTNL_TABLE_FLAGS) & NFT_TABLE_F_OWNER) != 0;
  table.handle = nftnl_table_get_u64(from.get(), NFTNL_TABLE_HANDLE);
  std::uint32_t size = 0;
  const void* data = nftnl_table_get_data(from.get(), NFTNL_TABLE_USERDATA, &size);
  table.comment = comment_in(data, size, NFTNL_UDATA_TABLE_COMMENT);
  return table;
}

Result<PlacedChain> decode_chain(const Buffer& message) {
  const NftnlChain from{nftnl_chain_alloc()};
  if (!from) throw std::bad_alloc{};
  if (nftnl_chain_nlmsg_parse(header(message), from.get()) < 0) return malformed("not a chain");
  PlacedChain placed;
  placed.table.family = static_cast<Family>(nftnl_chain_get_u32(from.get(), NFTNL_CHAIN_FAMILY));
  placed.table.name = text_of(nftnl_chain_get_str(from.get(), NFTNL_CHAIN_TABLE));
  placed.chain.name = text_of(nftnl_chain_get_str(from.get(), NFTNL_CHAIN_NAME));
  placed.chain.handle = nftnl_chain_get_u64(from.get(), NFTNL_CHAIN_HANDLE);
  if (nftnl_chain_is_set(from.get(), NFTNL_CHAIN_TYPE) && nftnl_chain_is_set(from.get(), NFTNL_CHAIN_HOOKNUM)) {
    placed.chain.hook = decode_base(from.get(), placed.table.family);
  }
  std::uint32_t size = 0;
  const void* data = nftnl_chain_get_data(from.get(), NFTNL_CHAIN_USERDATA, &size);
  placed.chain.comment = comment_in(data, size, NFTNL_UDATA_CHAIN_COMMENT);
  return placed;
}

Result<PlacedRule> decode_rule(const Buffer& message, const AnonymousSets& sets) {
  const NftnlRule from{nftnl_rule_alloc()};
  if (!from) throw std::bad_alloc{};
  if (nftnl_rule_nlmsg_parse(header(message), from.get()) < 0) return malformed("not a rule");
  PlacedRule placed;
  placed.chain.table.family = static_cast<Family>(nftnl_rule_get_u32(from.get(), NFTNL_RULE_FAMILY));
  placed.chain.table.name = text_of(nftnl_rule_get_str(from.get(), NFTNL_RULE_TABLE));
  placed.chain.name = text_of(nftnl_rule_get_str(from.get(), NFTNL_RULE_CHAIN));
  placed.rule.handle = nftnl_rule_get_u64(from.get(), NFTNL_RULE_HANDLE);
  const DecodedRule decoded = decode_steps(*from, {placed.chain.table, sets});
  placed.rule.expressions =
      raise(decoded.steps, placed.chain.table.family, [&](std::size_t i) { return decoded.texts[i]; });
  std::uint32_t size = 0;
  const void* data = nftnl_rule_get_data(from.get(), NFTNL_RULE_USERDATA, &size);
  placed.rule.remark = comment_in(data, size, NFTNL_UDATA_RULE_COMMENT);
  if (placed.rule.remark.empty()) placed.rule.remark = decoded.xt_comment;
  return placed;
}

}  // namespace netrig::nft::codec
