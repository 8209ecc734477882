// a rule as the kernel runs it, the steps between the values of expression.h and netlink.
// One step is one nftables expression; loads always go to register 1, which is all that rules written here need.
#pragma once

#include <netrig/base/result.h>
#include <netrig/nft/rule.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace netrig::nft::codec {

using Bytes = std::vector<std::uint8_t>;

/// What cannot be written, and why.
inline std::unexpected<Error> refuse(std::string reason) { return fail(Error::invalid("", "", std::move(reason))); }

/// `meta load KEY => reg 1`; keys are NFT_META_*.
struct LoadMeta {
  std::uint32_t key;
  friend auto operator<=>(const LoadMeta&, const LoadMeta&) = default;
};
/// `ct load KEY => reg 1`; keys are NFT_CT_*.
struct LoadCt {
  std::uint32_t key;
  friend auto operator<=>(const LoadCt&, const LoadCt&) = default;
};
/// `ct set KEY with reg N`
struct StoreCt {
  std::uint32_t key;
  std::uint32_t reg;
  friend auto operator<=>(const StoreCt&, const StoreCt&) = default;
};
/// `numgen reg 1 = inc mod 2`; types are NFT_NG_*.
struct LoadNumber {
  std::uint32_t type;
  std::uint32_t modulus;
  std::uint32_t offset;
  friend auto operator<=>(const LoadNumber&, const LoadNumber&) = default;
};
/// `payload load 2b @ transport header + 2 => reg 1`; bases are NFT_PAYLOAD_*.
struct LoadPayload {
  std::uint32_t base;
  std::uint32_t offset;
  std::uint32_t length;
  friend auto operator<=>(const LoadPayload&, const LoadPayload&) = default;
};
/// `bitwise reg 1 = ( reg 1 & MASK ) ^ 0`
struct MaskRegister {
  Bytes mask;
  friend auto operator<=>(const MaskRegister&, const MaskRegister&) = default;
};
/// `cmp eq reg 1 DATA`; operators are NFT_CMP_*.
struct Compare {
  std::uint32_t op;
  Bytes data;
  friend auto operator<=>(const Compare&, const Compare&) = default;
};
/// `range neq reg 1 FROM TO`; operators are NFT_RANGE_*.
struct CompareRange {
  std::uint32_t op;
  Bytes from;
  Bytes to;
  friend auto operator<=>(const CompareRange&, const CompareRange&) = default;
};
/// `lookup reg 1 set NAME`, `lookup reg 1 set NAME dreg 0` of a verdict map, `... 0x1` inverted. Without a name: a set
/// of these elements.
struct Lookup {
  std::string name = {};
  bool map = false;
  bool inverted = false;
  SetType type = {};  ///< where it has no name
  std::vector<SetElement> elements = {};
  friend auto operator<=>(const Lookup&, const Lookup&) = default;
};
/// `immediate reg N DATA`
struct SetRegister {
  std::uint32_t reg;
  Bytes data;
  friend auto operator<=>(const SetRegister&, const SetRegister&) = default;
};
/// `meta set KEY with reg N`
struct StoreMeta {
  std::uint32_t key;
  std::uint32_t reg;
  friend auto operator<=>(const StoreMeta&, const StoreMeta&) = default;
};
/// `reject type T code C`; types are NFT_REJECT_*.
struct SendReject {
  std::uint32_t type;
  std::uint8_t code;
  friend auto operator<=>(const SendReject&, const SendReject&) = default;
};
/// `nat dnat ip addr_min reg 1 ...`, `masq ...`, `redir ...`. Registers of 0 are not given.
struct Nat {
  enum class Kind : std::uint8_t { snat, dnat, masquerade, redirect };
  Kind kind = Kind::snat;
  std::uint32_t family = 0;  ///< NFPROTO_*, of snat and dnat
  std::uint32_t address_min = 0;
  std::uint32_t address_max = 0;
  std::uint32_t port_min = 0;
  std::uint32_t port_max = 0;
  std::uint32_t flags = 0;  ///< NF_NAT_RANGE_*
  friend auto operator<=>(const Nat&, const Nat&) = default;
};

using Instruction =
    std::variant<LoadMeta, LoadCt, LoadPayload, MaskRegister, Compare, CompareRange, Lookup, SetRegister, StoreMeta,
                 StoreCt, LoadNumber, SendReject, Nat, Counter, Limit, ConnectionLimit, Log, NoTrack, Verdict, Unknown>;

/// What the target of an iptables rule that rejects reads as.
inline constexpr std::string_view kXtReject = "xt target \"REJECT\"";

/// Whether nft takes it for a comment: at most 127 bytes, no quotation mark and no line break.
Result<void> check_comment(const std::string& comment);
/// Whether there can be such a log statement.
Result<void> check_log(const Log& log);

/// The steps of a rule in a table of `family`, dependencies included.
/// The error's detail is the reason why such a table cannot hold the rule.
Result<std::vector<Instruction>> lower(const Rule& rule, Family family);

/// The expressions that `steps` came from, dependencies that nft would not show left out. Steps that are no expression
/// of ours become an Unknown with the text that `describe` gives for the step of that index.
std::vector<Expression> raise(const std::vector<Instruction>& steps, Family family,
                              const std::function<std::string(std::size_t)>& describe);

}  // namespace netrig::nft::codec
