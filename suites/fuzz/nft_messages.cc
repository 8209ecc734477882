#include <netrig/suites/fuzz/nft_messages.h>

#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

namespace netrig::fuzz {
namespace {

template <auto kFree>
struct Free {
  void operator()(auto* object) const noexcept { kFree(object); }
};
using TableOwner = std::unique_ptr<nftnl_table, Free<nftnl_table_free>>;
using ChainOwner = std::unique_ptr<nftnl_chain, Free<nftnl_chain_free>>;
using RuleOwner = std::unique_ptr<nftnl_rule, Free<nftnl_rule_free>>;

constexpr std::size_t kRoom = 16U << 10U;  // for all that one message can hold
constexpr std::size_t kMostData = 64;      // what a register holds, NFT_DATA_VALUE_MAXLEN
constexpr std::size_t kMostText = 31;
constexpr int kMostExpressions = 24;
constexpr std::uint16_t kFamilies[] = {NFPROTO_INET, NFPROTO_IPV4,   NFPROTO_IPV6,
                                       NFPROTO_ARP,  NFPROTO_BRIDGE, NFPROTO_NETDEV};

enum class Type : std::uint8_t { none, u8, u32, u64, data, text, owned, verdict };

struct Part {
  std::uint16_t attribute;
  Type type;
};

/// An expression and its parts.
struct Pattern {
  const char* name;
  Part parts[8];
};

constexpr Pattern kPatterns[] = {
    {"meta", {{NFTNL_EXPR_META_KEY, Type::u32}, {NFTNL_EXPR_META_DREG, Type::u32}, {NFTNL_EXPR_META_SREG, Type::u32}}},
    {"ct", {{NFTNL_EXPR_CT_KEY, Type::u32}, {NFTNL_EXPR_CT_DREG, Type::u32}, {NFTNL_EXPR_CT_DIR, Type::u8}}},
    {"payload",
     {{NFTNL_EXPR_PAYLOAD_DREG, Type::u32},
      {NFTNL_EXPR_PAYLOAD_BASE, Type::u32},
      {NFTNL_EXPR_PAYLOAD_OFFSET, Type::u32},
      {NFTNL_EXPR_PAYLOAD_LEN, Type::u32}}},
    {"bitwise",
     {{NFTNL_EXPR_BITWISE_SREG, Type::u32},
      {NFTNL_EXPR_BITWISE_DREG, Type::u32},
      {NFTNL_EXPR_BITWISE_LEN, Type::u32},
      {NFTNL_EXPR_BITWISE_MASK, Type::data},
      {NFTNL_EXPR_BITWISE_XOR, Type::data},
      {NFTNL_EXPR_BITWISE_OP, Type::u32}}},
    {"cmp", {{NFTNL_EXPR_CMP_SREG, Type::u32}, {NFTNL_EXPR_CMP_OP, Type::u32}, {NFTNL_EXPR_CMP_DATA, Type::data}}},
    {"range",
     {{NFTNL_EXPR_RANGE_SREG, Type::u32},
      {NFTNL_EXPR_RANGE_OP, Type::u32},
      {NFTNL_EXPR_RANGE_FROM_DATA, Type::data},
      {NFTNL_EXPR_RANGE_TO_DATA, Type::data}}},
    {"immediate", {{NFTNL_EXPR_IMM_DREG, Type::u32}, {NFTNL_EXPR_IMM_DATA, Type::data}}},
    {"immediate", {{NFTNL_EXPR_IMM_DREG, Type::u32}, {NFTNL_EXPR_IMM_VERDICT, Type::verdict}}},
    {"counter", {{NFTNL_EXPR_CTR_PACKETS, Type::u64}, {NFTNL_EXPR_CTR_BYTES, Type::u64}}},
    {"reject", {{NFTNL_EXPR_REJECT_TYPE, Type::u32}, {NFTNL_EXPR_REJECT_CODE, Type::u8}}},
    {"nat",
     {{NFTNL_EXPR_NAT_TYPE, Type::u32},
      {NFTNL_EXPR_NAT_FAMILY, Type::u32},
      {NFTNL_EXPR_NAT_REG_ADDR_MIN, Type::u32},
      {NFTNL_EXPR_NAT_REG_ADDR_MAX, Type::u32},
      {NFTNL_EXPR_NAT_REG_PROTO_MIN, Type::u32},
      {NFTNL_EXPR_NAT_REG_PROTO_MAX, Type::u32},
      {NFTNL_EXPR_NAT_FLAGS, Type::u32}}},
    {"masq",
     {{NFTNL_EXPR_MASQ_FLAGS, Type::u32},
      {NFTNL_EXPR_MASQ_REG_PROTO_MIN, Type::u32},
      {NFTNL_EXPR_MASQ_REG_PROTO_MAX, Type::u32}}},
    {"redir",
     {{NFTNL_EXPR_REDIR_FLAGS, Type::u32},
      {NFTNL_EXPR_REDIR_REG_PROTO_MIN, Type::u32},
      {NFTNL_EXPR_REDIR_REG_PROTO_MAX, Type::u32}}},
    {"match", {{NFTNL_EXPR_MT_NAME, Type::text}, {NFTNL_EXPR_MT_REV, Type::u32}, {NFTNL_EXPR_MT_INFO, Type::owned}}},
    {"target", {{NFTNL_EXPR_TG_NAME, Type::text}, {NFTNL_EXPR_TG_REV, Type::u32}, {NFTNL_EXPR_TG_INFO, Type::owned}}},
    {"lookup",
     {{NFTNL_EXPR_LOOKUP_SREG, Type::u32}, {NFTNL_EXPR_LOOKUP_DREG, Type::u32}, {NFTNL_EXPR_LOOKUP_SET, Type::text}}},
    {"log", {{NFTNL_EXPR_LOG_PREFIX, Type::text}, {NFTNL_EXPR_LOG_LEVEL, Type::u32}}},
    {"limit", {{NFTNL_EXPR_LIMIT_RATE, Type::u64}, {NFTNL_EXPR_LIMIT_UNIT, Type::u64}}},
    {"notrack", {}},
};

std::string take_text(Input& input) {
  const auto bytes = input.take_bytes(kMostText);
  return {bytes.begin(), bytes.end()};
}

std::uint64_t take_wide(Input& input) {
  const std::uint64_t low = input.take_number();
  return std::uint64_t{input.take_number()} << 32U | low;
}

// A jump has a chain, and nothing else has: libnftnl takes that for granted.
void set_verdict(nftnl_expr* expression, Input& input) {
  const auto code = static_cast<std::int32_t>(input.take_number() - 5U);  // the named ones are -5 to 4
  nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_VERDICT, static_cast<std::uint32_t>(code));
  if (code != NFT_JUMP && code != NFT_GOTO) return;
  nftnl_expr_set_str(expression, NFTNL_EXPR_IMM_CHAIN, take_text(input).c_str());
}

void set_part(nftnl_expr* expression, const Part& part, Input& input) {
  switch (part.type) {
    case Type::none:
      return;
    case Type::u8:
      return nftnl_expr_set_u8(expression, part.attribute, input.take());
    case Type::u32:
      return nftnl_expr_set_u32(expression, part.attribute, input.take_number());
    case Type::u64:
      return nftnl_expr_set_u64(expression, part.attribute, take_wide(input));
    case Type::verdict:
      return set_verdict(expression, input);
    case Type::text:
      nftnl_expr_set_str(expression, part.attribute, take_text(input).c_str());
      return;
    case Type::data: {
      const auto bytes = input.take_bytes(kMostData);
      nftnl_expr_set(expression, part.attribute, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
      return;
    }
    case Type::owned: {
      const auto bytes = input.take_bytes(kMostData);
      void* copy = std::malloc(bytes.size() + 1);  // NOLINT(cppcoreguidelines-no-malloc): libnftnl frees it
      if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
      nftnl_expr_set(expression, part.attribute, copy, static_cast<std::uint32_t>(bytes.size()));
      return;
    }
  }
}

void add_expression(nftnl_rule* rule, Input& input) {
  const auto& [name, parts] = kPatterns[input.take() % std::size(kPatterns)];
  nftnl_expr* expression = nftnl_expr_alloc(name);
  if (expression == nullptr) return;
  const unsigned left_out = input.take();
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    if ((left_out >> i & 1U) == 0) set_part(expression, parts[i], input);
  }
  nftnl_rule_add_expr(rule, expression);
}

std::uint16_t take_family(Input& input) { return kFamilies[input.take() % std::size(kFamilies)]; }

template <class Write>
nft::Buffer message(std::uint16_t type, std::uint16_t family, Write write) {
  nft::Buffer buffer;
  nft::append_message(buffer, kRoom, [&](char* room) {
    nlmsghdr* made = nftnl_nlmsg_build_hdr(room, type, family, 0, 0);
    write(made);
    return made;
  });
  return buffer;
}

}  // namespace

nft::Buffer table_message(Input& input) {
  const TableOwner table{nftnl_table_alloc()};
  const auto family = take_family(input);
  const unsigned left_out = input.take();
  if ((left_out & 1U) == 0) nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, take_text(input).c_str());
  if ((left_out & 2U) == 0) nftnl_table_set_u32(table.get(), NFTNL_TABLE_FLAGS, input.take_number());
  if ((left_out & 4U) == 0) nftnl_table_set_u64(table.get(), NFTNL_TABLE_HANDLE, take_wide(input));
  const auto user_data = input.take_bytes(kMostData);
  if (!user_data.empty()) {
    nftnl_table_set_data(table.get(), NFTNL_TABLE_USERDATA, user_data.data(),
                         static_cast<std::uint32_t>(user_data.size()));
  }
  return message(NFT_MSG_NEWTABLE, family, [&](nlmsghdr* made) { nftnl_table_nlmsg_build_payload(made, table.get()); });
}

nft::Buffer chain_message(Input& input) {
  const ChainOwner chain{nftnl_chain_alloc()};
  const auto family = take_family(input);
  const unsigned left_out = input.take();
  const auto has = [left_out](unsigned bit) { return (left_out >> bit & 1U) == 0; };
  if (has(0)) nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, take_text(input).c_str());
  if (has(1)) nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, take_text(input).c_str());
  if (has(2)) {
    nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, input.take_number());
    nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, static_cast<std::int32_t>(input.take_number()));
  }
  if (has(3)) nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, input.take_number());
  if (has(4)) nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, take_text(input).c_str());
  if (has(5)) nftnl_chain_set_u64(chain.get(), NFTNL_CHAIN_PACKETS, take_wide(input));
  if (has(6)) nftnl_chain_set_u64(chain.get(), NFTNL_CHAIN_BYTES, take_wide(input));
  if (has(7)) nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_DEV, take_text(input).substr(0, 15).c_str());
  const auto user_data = input.take_bytes(kMostData);
  if (!user_data.empty()) {
    nftnl_chain_set_data(chain.get(), NFTNL_CHAIN_USERDATA, user_data.data(),
                         static_cast<std::uint32_t>(user_data.size()));
  }
  return message(NFT_MSG_NEWCHAIN, family, [&](nlmsghdr* made) { nftnl_chain_nlmsg_build_payload(made, chain.get()); });
}

nft::Buffer rule_message(Input& input) {
  const RuleOwner rule{nftnl_rule_alloc()};
  const auto family = take_family(input);
  const unsigned left_out = input.take();
  if ((left_out & 1U) == 0) nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, take_text(input).c_str());
  if ((left_out & 2U) == 0) nftnl_rule_set_str(rule.get(), NFTNL_RULE_CHAIN, take_text(input).c_str());
  const auto user_data = input.take_bytes(kMostData);
  if (!user_data.empty()) {
    nftnl_rule_set_data(rule.get(), NFTNL_RULE_USERDATA, user_data.data(),
                        static_cast<std::uint32_t>(user_data.size()));
  }
  for (int i = 0; i < kMostExpressions && !input.empty(); ++i) add_expression(rule.get(), input);
  return message(NFT_MSG_NEWRULE, family, [&](nlmsghdr* made) { nftnl_rule_nlmsg_build_payload(made, rule.get()); });
}

}  // namespace netrig::fuzz
