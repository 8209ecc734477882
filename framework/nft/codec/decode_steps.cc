#include <netrig/nft/codec/message.h>
#include <netrig/nft/codec/nftnl.h>

#include <fmt/format.h>
#include <libnftnl/expr.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

namespace netrig::nft::codec {
namespace {

using Step = std::optional<Instruction>;

std::uint32_t u32(const nftnl_expr* from, std::uint16_t attribute) {
  return nftnl_expr_is_set(from, attribute) ? nftnl_expr_get_u32(from, attribute) : 0;
}

Bytes bytes(const nftnl_expr* from, std::uint16_t attribute) {
  std::uint32_t size = 0;
  const auto* data = static_cast<const std::uint8_t*>(nftnl_expr_get(from, attribute, &size));
  return data == nullptr ? Bytes{} : Bytes{data, data + size};
}

// Empty where the expression lacks it.
std::string_view text(const nftnl_expr* from, std::uint16_t attribute) {
  const char* found = nftnl_expr_get_str(from, attribute);
  return found == nullptr ? std::string_view{} : std::string_view{found};
}

Step meta(const nftnl_expr* from) {
  const std::uint32_t key = u32(from, NFTNL_EXPR_META_KEY);
  if (nftnl_expr_is_set(from, NFTNL_EXPR_META_SREG)) return StoreMeta{key, u32(from, NFTNL_EXPR_META_SREG)};
  if (u32(from, NFTNL_EXPR_META_DREG) != NFT_REG_1) return std::nullopt;
  return LoadMeta{key};
}

Step ct(const nftnl_expr* from) {
  const bool directed = nftnl_expr_is_set(from, NFTNL_EXPR_CT_DIR);
  if (!directed && nftnl_expr_is_set(from, NFTNL_EXPR_CT_SREG))
    return StoreCt{u32(from, NFTNL_EXPR_CT_KEY), u32(from, NFTNL_EXPR_CT_SREG)};
  if (directed || u32(from, NFTNL_EXPR_CT_DREG) != NFT_REG_1) return std::nullopt;
  return LoadCt{u32(from, NFTNL_EXPR_CT_KEY)};
}

Step payload(const nftnl_expr* from) {
  if (u32(from, NFTNL_EXPR_PAYLOAD_DREG) != NFT_REG_1) return std::nullopt;
  return LoadPayload{u32(from, NFTNL_EXPR_PAYLOAD_BASE), u32(from, NFTNL_EXPR_PAYLOAD_OFFSET),
                     u32(from, NFTNL_EXPR_PAYLOAD_LEN)};
}

Step bitwise(const nftnl_expr* from) {
  const bool in_place =
      u32(from, NFTNL_EXPR_BITWISE_SREG) == NFT_REG_1 && u32(from, NFTNL_EXPR_BITWISE_DREG) == NFT_REG_1;
  const Bytes toggled = bytes(from, NFTNL_EXPR_BITWISE_XOR);
  if (!in_place || u32(from, NFTNL_EXPR_BITWISE_OP) != NFT_BITWISE_BOOL || toggled != Bytes(toggled.size())) {
    return std::nullopt;
  }
  return MaskRegister{bytes(from, NFTNL_EXPR_BITWISE_MASK)};
}

Step cmp(const nftnl_expr* from) {
  if (u32(from, NFTNL_EXPR_CMP_SREG) != NFT_REG_1) return std::nullopt;
  return Compare{u32(from, NFTNL_EXPR_CMP_OP), bytes(from, NFTNL_EXPR_CMP_DATA)};
}

Step range(const nftnl_expr* from) {
  if (u32(from, NFTNL_EXPR_RANGE_SREG) != NFT_REG_1) return std::nullopt;
  return CompareRange{u32(from, NFTNL_EXPR_RANGE_OP), bytes(from, NFTNL_EXPR_RANGE_FROM_DATA),
                      bytes(from, NFTNL_EXPR_RANGE_TO_DATA)};
}

// The kernel calls sets without a name __set0, __map1 and so on.
bool anonymous(std::string_view name) { return name.starts_with("__set") || name.starts_with("__map"); }

Step lookup(const nftnl_expr* from, const SetsOfTable& sets) {
  const bool map = nftnl_expr_is_set(from, NFTNL_EXPR_LOOKUP_DREG);
  if (u32(from, NFTNL_EXPR_LOOKUP_SREG) != NFT_REG_1) return std::nullopt;
  if (map && u32(from, NFTNL_EXPR_LOOKUP_DREG) != NFT_REG_VERDICT) return std::nullopt;
  Lookup lookup{.name = std::string{text(from, NFTNL_EXPR_LOOKUP_SET)},
                .map = map,
                .inverted = (u32(from, NFTNL_EXPR_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV) != 0};
  if (!anonymous(lookup.name)) return lookup;
  const auto found = sets.sets.find({sets.table, lookup.name});
  if (found == sets.sets.end()) return std::nullopt;
  lookup.name.clear();
  lookup.type = found->second.type;
  lookup.elements = found->second.elements;
  return lookup;
}

Step immediate(const nftnl_expr* from) {
  if (u32(from, NFTNL_EXPR_IMM_DREG) != NFT_REG_VERDICT) {
    return SetRegister{u32(from, NFTNL_EXPR_IMM_DREG), bytes(from, NFTNL_EXPR_IMM_DATA)};
  }
  const auto kind = verdict_kind(static_cast<std::int32_t>(u32(from, NFTNL_EXPR_IMM_VERDICT)));
  if (!kind) return std::nullopt;
  return Verdict{*kind, std::string{text(from, NFTNL_EXPR_IMM_CHAIN)}};
}

Step counter(const nftnl_expr* from) {
  return Counter{nftnl_expr_get_u64(from, NFTNL_EXPR_CTR_PACKETS), nftnl_expr_get_u64(from, NFTNL_EXPR_CTR_BYTES)};
}

Step numgen(const nftnl_expr* from) {
  if (u32(from, NFTNL_EXPR_NG_DREG) != NFT_REG_1) return std::nullopt;
  return LoadNumber{u32(from, NFTNL_EXPR_NG_TYPE), u32(from, NFTNL_EXPR_NG_MODULUS), u32(from, NFTNL_EXPR_NG_OFFSET)};
}

Step limit(const nftnl_expr* from) {
  const std::uint32_t type = u32(from, NFTNL_EXPR_LIMIT_TYPE);
  if (type != NFT_LIMIT_PKTS && type != NFT_LIMIT_PKT_BYTES) return std::nullopt;
  return Limit{.rate = nftnl_expr_get_u64(from, NFTNL_EXPR_LIMIT_RATE),
               .per = static_cast<Limit::Per>(nftnl_expr_get_u64(from, NFTNL_EXPR_LIMIT_UNIT)),
               .burst = u32(from, NFTNL_EXPR_LIMIT_BURST),
               .over = (u32(from, NFTNL_EXPR_LIMIT_FLAGS) & NFT_LIMIT_F_INV) != 0,
               .bytes = type == NFT_LIMIT_PKT_BYTES};
}

Step connlimit(const nftnl_expr* from) {
  return ConnectionLimit{u32(from, NFTNL_EXPR_CONNLIMIT_COUNT),
                         (u32(from, NFTNL_EXPR_CONNLIMIT_FLAGS) & NFT_CONNLIMIT_F_INV) != 0};
}

Step log(const nftnl_expr* from) {
  Log log{.flags = static_cast<LogFlags>(u32(from, NFTNL_EXPR_LOG_FLAGS)),
          .snaplen = u32(from, NFTNL_EXPR_LOG_SNAPLEN)};
  if (nftnl_expr_is_set(from, NFTNL_EXPR_LOG_LEVEL))
    log.level = static_cast<Log::Level>(u32(from, NFTNL_EXPR_LOG_LEVEL));
  if (log.level > Log::Level::audit || (log.flags | LogFlags::all) != LogFlags::all) return std::nullopt;
  log.prefix = std::string{text(from, NFTNL_EXPR_LOG_PREFIX)};
  if (nftnl_expr_is_set(from, NFTNL_EXPR_LOG_GROUP)) log.group = nftnl_expr_get_u16(from, NFTNL_EXPR_LOG_GROUP);
  if (nftnl_expr_is_set(from, NFTNL_EXPR_LOG_QTHRESHOLD))
    log.queue_threshold = nftnl_expr_get_u16(from, NFTNL_EXPR_LOG_QTHRESHOLD);
  return log;
}

Step notrack(const nftnl_expr*) { return NoTrack{}; }

Step reject(const nftnl_expr* from) {
  const bool coded = nftnl_expr_is_set(from, NFTNL_EXPR_REJECT_CODE);
  return SendReject{u32(from, NFTNL_EXPR_REJECT_TYPE),
                    coded ? nftnl_expr_get_u8(from, NFTNL_EXPR_REJECT_CODE) : std::uint8_t{0}};
}

Step nat(const nftnl_expr* from) {
  return Nat{.kind = u32(from, NFTNL_EXPR_NAT_TYPE) == NFT_NAT_SNAT ? Nat::Kind::snat : Nat::Kind::dnat,
             .family = u32(from, NFTNL_EXPR_NAT_FAMILY),
             .address_min = u32(from, NFTNL_EXPR_NAT_REG_ADDR_MIN),
             .address_max = u32(from, NFTNL_EXPR_NAT_REG_ADDR_MAX),
             .port_min = u32(from, NFTNL_EXPR_NAT_REG_PROTO_MIN),
             .port_max = u32(from, NFTNL_EXPR_NAT_REG_PROTO_MAX),
             .flags = u32(from, NFTNL_EXPR_NAT_FLAGS)};
}

Step masq(const nftnl_expr* from) {
  return Nat{.kind = Nat::Kind::masquerade,
             .port_min = u32(from, NFTNL_EXPR_MASQ_REG_PROTO_MIN),
             .port_max = u32(from, NFTNL_EXPR_MASQ_REG_PROTO_MAX),
             .flags = u32(from, NFTNL_EXPR_MASQ_FLAGS)};
}

Step redir(const nftnl_expr* from) {
  return Nat{.kind = Nat::Kind::redirect,
             .port_min = u32(from, NFTNL_EXPR_REDIR_REG_PROTO_MIN),
             .port_max = u32(from, NFTNL_EXPR_REDIR_REG_PROTO_MAX),
             .flags = u32(from, NFTNL_EXPR_REDIR_FLAGS)};
}

// The compatibility layer's extensions of iptables-nft: their names are all that is read of them.
Step xt_match(const nftnl_expr* from) {
  return Unknown{fmt::format("xt match \"{}\"", text(from, NFTNL_EXPR_MT_NAME))};
}
Step xt_target(const nftnl_expr* from) {
  return Unknown{fmt::format("xt target \"{}\"", text(from, NFTNL_EXPR_TG_NAME))};
}

struct Decoder {
  std::string_view name;
  Step (*decode)(const nftnl_expr*);
};
constexpr std::array kDecoders = {Decoder{"meta", meta},
                                  Decoder{"ct", ct},
                                  Decoder{"payload", payload},
                                  Decoder{"bitwise", bitwise},
                                  Decoder{"cmp", cmp},
                                  Decoder{"range", range},
                                  Decoder{"immediate", immediate},
                                  Decoder{"counter", counter},
                                  Decoder{"numgen", numgen},
                                  Decoder{"limit", limit},
                                  Decoder{"connlimit", connlimit},
                                  Decoder{"log", log},
                                  Decoder{"notrack", notrack},
                                  Decoder{"reject", reject},
                                  Decoder{"nat", nat},
                                  Decoder{"masq", masq},
                                  Decoder{"redir", redir},
                                  Decoder{"match", xt_match},
                                  Decoder{"target", xt_target}};

// `unknown expression [ lookup reg 1 set __set0 0x0 ]`
std::string describe(const nftnl_expr* expression, std::string_view name) {
  std::array<char, 512> body{};
  nftnl_expr_snprintf(body.data(), body.size(), expression, NFTNL_OUTPUT_DEFAULT, 0);
  std::string_view text{body.data()};
  while (text.ends_with(' ')) text.remove_suffix(1);
  return fmt::format("unknown expression [ {}{}{} ]", name, text.empty() ? "" : " ", text);
}

// struct xt_comment_info of linux/netfilter/xt_comment.h: the text, ended by a zero.
std::string xt_comment(const nftnl_expr* match) {
  const Bytes info = bytes(match, NFTNL_EXPR_MT_INFO);
  std::string text;
  for (const std::uint8_t byte : info) {
    if (byte == 0) break;
    text += static_cast<char>(byte);
  }
  return text;
}

void decode_into(DecodedRule& result, const nftnl_expr* expression, const SetsOfTable& sets) {
  const std::string_view name = text(expression, NFTNL_EXPR_NAME);
  if (name == "match" && text(expression, NFTNL_EXPR_MT_NAME) == "comment") {
    result.xt_comment = xt_comment(expression);
    return;
  }
  const auto* found = std::ranges::find(kDecoders, name, &Decoder::name);
  Step step = name == "lookup"           ? lookup(expression, sets)
              : found == kDecoders.end() ? std::nullopt
                                         : found->decode(expression);
  std::string text = describe(expression, name);
  result.steps.push_back(step ? *std::move(step) : Instruction{Unknown{text}});
  result.texts.push_back(std::move(text));
}

}  // namespace

std::optional<Verdict::Kind> verdict_kind(std::int32_t code) {
  switch (code) {
    case NF_ACCEPT:
      return Verdict::Kind::accept;
    case NF_DROP:
      return Verdict::Kind::drop;
    case NFT_JUMP:
      return Verdict::Kind::jump;
    case NFT_GOTO:
      return Verdict::Kind::go_to;
    case NFT_RETURN:
      return Verdict::Kind::return_to_caller;
    case NFT_CONTINUE:
      return Verdict::Kind::next_rule;
    default:
      return std::nullopt;
  }
}

DecodedRule decode_steps(const nftnl_rule& rule, const SetsOfTable& sets) {
  DecodedRule result;
  const NftnlRuleIter iterator{nftnl_expr_iter_create(&rule)};
  while (const nftnl_expr* expression = nftnl_expr_iter_next(iterator.get())) decode_into(result, expression, sets);
  return result;
}

}  // namespace netrig::nft::codec
