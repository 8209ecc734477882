#include <netrig/nft/codec/message.h>
#include <netrig/nft/codec/nftnl.h>

#include <libnftnl/expr.h>

#include <new>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

namespace netrig::nft::codec {
namespace {

// Makes libnftnl's expression for a step and gives it to the rule.
struct Encoder {
  nftnl_rule& rule;
  std::vector<std::uint32_t>::const_iterator next_set;  // of those without a name

  nftnl_expr* expression(const char* name) const {
    nftnl_expr* made = nftnl_expr_alloc(name);
    if (made == nullptr) throw std::bad_alloc{};
    nftnl_rule_add_expr(&rule, made);
    return made;
  }
  static void set_bytes(nftnl_expr* to, std::uint16_t attribute, const Bytes& bytes) {
    nftnl_expr_set(to, attribute, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  }
  static void set_register(nftnl_expr* to, std::uint16_t attribute, std::uint32_t reg) {
    if (reg != 0) nftnl_expr_set_u32(to, attribute, reg);
  }

  void operator()(const LoadMeta& load) const {
    nftnl_expr* meta = expression("meta");
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, load.key);
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
  }
  void operator()(const LoadCt& load) const {
    nftnl_expr* ct = expression("ct");
    nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_KEY, load.key);
    nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_DREG, NFT_REG_1);
  }
  void operator()(const LoadPayload& load) const {
    nftnl_expr* payload = expression("payload");
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, load.base);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, load.offset);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, load.length);
  }
  void operator()(const MaskRegister& step) const {
    nftnl_expr* bitwise = expression("bitwise");
    nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
    nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
    nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
    nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_LEN, static_cast<std::uint32_t>(step.mask.size()));
    set_bytes(bitwise, NFTNL_EXPR_BITWISE_MASK, step.mask);
    set_bytes(bitwise, NFTNL_EXPR_BITWISE_XOR, Bytes(step.mask.size()));
  }
  void operator()(const Compare& compare) const {
    nftnl_expr* cmp = expression("cmp");
    nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
    nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, compare.op);
    set_bytes(cmp, NFTNL_EXPR_CMP_DATA, compare.data);
  }
  void operator()(const CompareRange& compare) const {
    nftnl_expr* range = expression("range");
    nftnl_expr_set_u32(range, NFTNL_EXPR_RANGE_SREG, NFT_REG_1);
    nftnl_expr_set_u32(range, NFTNL_EXPR_RANGE_OP, compare.op);
    set_bytes(range, NFTNL_EXPR_RANGE_FROM_DATA, compare.from);
    set_bytes(range, NFTNL_EXPR_RANGE_TO_DATA, compare.to);
  }
  void operator()(const Lookup& step) {
    nftnl_expr* lookup = expression("lookup");
    nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
    if (step.map) nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
    if (step.inverted) nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    const char* name = step.map ? kAnonymousMap : kAnonymousSet;
    nftnl_expr_set_str(lookup, NFTNL_EXPR_LOOKUP_SET, step.name.empty() ? name : step.name.c_str());
    if (step.name.empty()) nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SET_ID, *next_set++);
  }
  void operator()(const SetRegister& set) const {
    nftnl_expr* immediate = expression("immediate");
    nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, set.reg);
    set_bytes(immediate, NFTNL_EXPR_IMM_DATA, set.data);
  }
  void operator()(const StoreMeta& store) const {
    nftnl_expr* meta = expression("meta");
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, store.key);
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_SREG, store.reg);
  }
  void operator()(const StoreCt& store) const {
    nftnl_expr* ct = expression("ct");
    nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_KEY, store.key);
    nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_SREG, store.reg);
  }
  void operator()(const LoadNumber& load) const {
    nftnl_expr* numgen = expression("numgen");
    nftnl_expr_set_u32(numgen, NFTNL_EXPR_NG_DREG, NFT_REG_1);
    nftnl_expr_set_u32(numgen, NFTNL_EXPR_NG_TYPE, load.type);
    nftnl_expr_set_u32(numgen, NFTNL_EXPR_NG_MODULUS, load.modulus);
    nftnl_expr_set_u32(numgen, NFTNL_EXPR_NG_OFFSET, load.offset);
  }
  void operator()(const Limit& limit) const {
    nftnl_expr* made = expression("limit");
    nftnl_expr_set_u64(made, NFTNL_EXPR_LIMIT_RATE, limit.rate);
    nftnl_expr_set_u64(made, NFTNL_EXPR_LIMIT_UNIT, static_cast<std::uint64_t>(limit.per));
    nftnl_expr_set_u32(made, NFTNL_EXPR_LIMIT_BURST, limit.burst);
    nftnl_expr_set_u32(made, NFTNL_EXPR_LIMIT_TYPE, limit.bytes ? NFT_LIMIT_PKT_BYTES : NFT_LIMIT_PKTS);
    nftnl_expr_set_u32(made, NFTNL_EXPR_LIMIT_FLAGS, limit.over ? NFT_LIMIT_F_INV : 0);
  }
  void operator()(const ConnectionLimit& limit) const {
    nftnl_expr* made = expression("connlimit");
    nftnl_expr_set_u32(made, NFTNL_EXPR_CONNLIMIT_COUNT, limit.count);
    nftnl_expr_set_u32(made, NFTNL_EXPR_CONNLIMIT_FLAGS, limit.over ? NFT_CONNLIMIT_F_INV : 0);
  }
  void operator()(const Log& log) const {
    nftnl_expr* made = expression("log");
    if (!log.prefix.empty()) nftnl_expr_set_str(made, NFTNL_EXPR_LOG_PREFIX, log.prefix.c_str());
    if (log.group) {
      nftnl_expr_set_u16(made, NFTNL_EXPR_LOG_GROUP, *log.group);
      if (log.snaplen != 0) nftnl_expr_set_u32(made, NFTNL_EXPR_LOG_SNAPLEN, log.snaplen);
      if (log.queue_threshold != 0) nftnl_expr_set_u16(made, NFTNL_EXPR_LOG_QTHRESHOLD, log.queue_threshold);
      return;
    }
    if (log.level != Log::Level::warn)
      nftnl_expr_set_u32(made, NFTNL_EXPR_LOG_LEVEL, static_cast<std::uint32_t>(log.level));
    if (log.flags != LogFlags::none)
      nftnl_expr_set_u32(made, NFTNL_EXPR_LOG_FLAGS, static_cast<std::uint32_t>(log.flags));
  }
  void operator()(const NoTrack&) const { expression("notrack"); }
  void operator()(const SendReject& reject) const {
    nftnl_expr* made = expression("reject");
    nftnl_expr_set_u32(made, NFTNL_EXPR_REJECT_TYPE, reject.type);
    nftnl_expr_set_u8(made, NFTNL_EXPR_REJECT_CODE, reject.code);
  }
  void operator()(const Nat& nat) const;
  void operator()(const Counter& counter) const {
    nftnl_expr* made = expression("counter");
    nftnl_expr_set_u64(made, NFTNL_EXPR_CTR_PACKETS, counter.packets);
    nftnl_expr_set_u64(made, NFTNL_EXPR_CTR_BYTES, counter.bytes);
  }
  void operator()(const Verdict& verdict) const {
    nftnl_expr* immediate = expression("immediate");
    nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, verdict_code(verdict.kind));
    if (!verdict.chain.empty()) nftnl_expr_set_str(immediate, NFTNL_EXPR_IMM_CHAIN, verdict.chain.c_str());
  }
  void operator()(const Unknown&) const {}  // lower() never makes one
};

// What is given in registers the kernel works out itself.
constexpr std::uint32_t kChoice = NF_NAT_RANGE_PROTO_RANDOM | NF_NAT_RANGE_PERSISTENT | NF_NAT_RANGE_PROTO_RANDOM_FULLY;

void set_flags(nftnl_expr* to, std::uint16_t attribute, std::uint32_t flags) {
  if ((flags & kChoice) != 0) nftnl_expr_set_u32(to, attribute, flags & kChoice);
}

void Encoder::operator()(const Nat& nat) const {
  if (nat.kind == Nat::Kind::masquerade) {
    nftnl_expr* masq = expression("masq");
    set_flags(masq, NFTNL_EXPR_MASQ_FLAGS, nat.flags);
    set_register(masq, NFTNL_EXPR_MASQ_REG_PROTO_MIN, nat.port_min);
    set_register(masq, NFTNL_EXPR_MASQ_REG_PROTO_MAX, nat.port_max);
    return;
  }
  if (nat.kind == Nat::Kind::redirect) {
    nftnl_expr* redir = expression("redir");
    set_flags(redir, NFTNL_EXPR_REDIR_FLAGS, nat.flags);
    set_register(redir, NFTNL_EXPR_REDIR_REG_PROTO_MIN, nat.port_min);
    set_register(redir, NFTNL_EXPR_REDIR_REG_PROTO_MAX, nat.port_max);
    return;
  }
  nftnl_expr* made = expression("nat");
  nftnl_expr_set_u32(made, NFTNL_EXPR_NAT_TYPE, nat.kind == Nat::Kind::snat ? NFT_NAT_SNAT : NFT_NAT_DNAT);
  nftnl_expr_set_u32(made, NFTNL_EXPR_NAT_FAMILY, nat.family);
  set_flags(made, NFTNL_EXPR_NAT_FLAGS, nat.flags);
  set_register(made, NFTNL_EXPR_NAT_REG_ADDR_MIN, nat.address_min);
  set_register(made, NFTNL_EXPR_NAT_REG_ADDR_MAX, nat.address_max);
  set_register(made, NFTNL_EXPR_NAT_REG_PROTO_MIN, nat.port_min);
  set_register(made, NFTNL_EXPR_NAT_REG_PROTO_MAX, nat.port_max);
}

}  // namespace

std::uint32_t verdict_code(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::accept:
      return NF_ACCEPT;
    case Verdict::Kind::drop:
      return NF_DROP;
    case Verdict::Kind::jump:
      return static_cast<std::uint32_t>(NFT_JUMP);
    case Verdict::Kind::go_to:
      return static_cast<std::uint32_t>(NFT_GOTO);
    case Verdict::Kind::return_to_caller:
      return static_cast<std::uint32_t>(NFT_RETURN);
    case Verdict::Kind::next_rule:
      return static_cast<std::uint32_t>(NFT_CONTINUE);
  }
  return NF_DROP;
}

void encode_steps(nftnl_rule& rule, const std::vector<Instruction>& steps, const std::vector<std::uint32_t>& sets) {
  Encoder encoder{rule, sets.begin()};
  for (const Instruction& step : steps) std::visit(encoder, step);
}

}  // namespace netrig::nft::codec
