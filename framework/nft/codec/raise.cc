// Steps to values: what `nft list ruleset` does when it finds `tcp dport 80` in loads and compares.
#include <netrig/nft/codec/fields.h>
#include <netrig/nft/codec/instruction.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

namespace netrig::nft::codec {
namespace {

std::optional<Op> equality(std::uint32_t op) {
  if (op == NFT_CMP_EQ) return Op::equal;
  if (op == NFT_CMP_NEQ) return Op::not_equal;
  return std::nullopt;
}

std::uint32_t from_big_endian(const Bytes& bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}
std::uint32_t from_host_endian(const Bytes& bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}
Port to_port(const Bytes& bytes) { return Port{static_cast<std::uint16_t>(from_big_endian(bytes))}; }

// The number of leading one bits, if no other bit is set.
std::optional<unsigned> mask_length(const Bytes& mask) {
  unsigned length = 0;
  while (length < mask.size() * 8 && (mask[length / 8] & 0x80 >> length % 8) != 0) ++length;
  for (unsigned bit = length; bit < mask.size() * 8; ++bit) {
    if ((mask[bit / 8] & 0x80 >> bit % 8) != 0) return std::nullopt;
  }
  return length;
}

std::optional<IpAddress> to_address(AddressFamily family, Bytes bytes) {
  bytes.resize(family == AddressFamily::ipv4 ? 4 : 16);
  return IpAddress::from_bytes(bytes);
}

bool has_ports(Protocol protocol) {
  constexpr std::array kWithPorts = {6, 17, 33, 132, 136};  // tcp, udp, dccp, sctp, udplite
  return std::ranges::find(kWithPorts, static_cast<int>(protocol)) != kWithPorts.end();
}

// Reads steps from the front; what is known of a packet that got that far decides what a load means.
class Raising {
 public:
  Raising(const std::vector<Instruction>& steps, Family family) : steps_{steps}, family_{family} {
    if (family == Family::ip) network_ = AddressFamily::ipv4;
    if (family == Family::ip6) network_ = AddressFamily::ipv6;
  }

  [[nodiscard]] bool done() const { return at_ == steps_.size(); }
  [[nodiscard]] std::size_t at() const { return at_; }

  // The expression that begins here, passing over its steps; nothing, passing over one step, if it is none of ours.
  std::optional<Expression> next() {
    taken_ = 1;
    auto expression = std::visit(*this, steps_[at_]);
    at_ += expression ? taken_ : 1;
    return expression;
  }

  std::optional<Expression> operator()(const LoadMeta& load);
  std::optional<Expression> operator()(const LoadCt& load);
  std::optional<Expression> operator()(const LoadPayload& load);
  std::optional<Expression> operator()(const SetRegister& set);
  std::optional<Expression> operator()(const SendReject& reject);
  std::optional<Expression> operator()(const Nat& nat) { return translation(nat, {}); }
  std::optional<Expression> operator()(const LoadNumber& load);
  std::optional<Expression> operator()(const Counter& counter) { return counter; }
  std::optional<Expression> operator()(const Limit& limit) { return limit; }
  std::optional<Expression> operator()(const ConnectionLimit& limit) { return limit; }
  std::optional<Expression> operator()(const Log& log) { return log; }
  std::optional<Expression> operator()(const NoTrack& statement) { return statement; }
  std::optional<Expression> operator()(const Verdict& verdict) { return verdict; }
  std::optional<Expression> operator()(const Unknown& unknown) { return unknown; }
  // These mean something only after a load.
  std::optional<Expression> operator()(const MaskRegister&) { return std::nullopt; }
  std::optional<Expression> operator()(const Compare&) { return std::nullopt; }
  std::optional<Expression> operator()(const CompareRange&) { return std::nullopt; }
  std::optional<Expression> operator()(const Lookup&) { return std::nullopt; }
  std::optional<Expression> operator()(const StoreMeta&) { return std::nullopt; }
  std::optional<Expression> operator()(const StoreCt&) { return std::nullopt; }

 private:
  // The next step of this expression if it is a Step; passes over it.
  template <class Step>
  const Step* take() {
    if (at_ + taken_ >= steps_.size()) return nullptr;
    const auto* step = std::get_if<Step>(&steps_[at_ + taken_]);
    if (step != nullptr) ++taken_;
    return step;
  }

  std::optional<Expression> family_match(const Bytes& data, Op op);
  std::optional<Expression> address_match(const LoadPayload& load);
  std::optional<Expression> port_match(Side side);
  std::optional<Expression> icmp_match();
  std::optional<Expression> tcp_flags_match();
  std::optional<Expression> translation(const Nat& nat, const std::vector<const SetRegister*>& registers);

  const std::vector<Instruction>& steps_;
  Family family_;
  std::size_t at_ = 0;
  std::size_t taken_ = 1;
  std::optional<AddressFamily> network_;
  std::optional<Protocol> transport_;
};

std::optional<Expression> Raising::family_match(const Bytes& data, Op op) {
  const std::uint32_t value = from_big_endian(data);
  const bool v4 = value == (data.size() == 1 ? std::uint32_t{NFPROTO_IPV4} : 0x0800U);
  const bool v6 = value == (data.size() == 1 ? std::uint32_t{NFPROTO_IPV6} : 0x86ddU);
  if (!v4 && !v6) return std::nullopt;
  const auto family = v4 ? AddressFamily::ipv4 : AddressFamily::ipv6;
  if (op == Op::equal) network_ = family;
  return FamilyMatch{family, op};
}

std::optional<Expression> interface_match(bool incoming, const Bytes& data, Op op) {
  const auto end = std::ranges::find(data, 0);
  std::string pattern{data.begin(), end};
  if (end == data.end()) pattern += '*';
  return InterfaceMatch{incoming, std::move(pattern), op};
}

// A verdict map or a match on a set, if the set can hold what was loaded.
std::optional<Expression> looked_up(std::optional<Field> field, const Lookup& lookup) {
  if (!field || (lookup.name.empty() && lookup.type.key != key_type(*field))) return std::nullopt;
  if (!lookup.map) return SetMatch{*field, lookup.name, lookup.elements, lookup.inverted};
  if (lookup.inverted) return std::nullopt;
  return VerdictMap{*field, lookup.name, lookup.elements};
}

std::optional<Expression> Raising::operator()(const LoadMeta& load) {
  if (const auto* lookup = take<Lookup>()) return looked_up(codec::field_of(load, network_, transport_), *lookup);
  const auto* compare = take<Compare>();
  const auto op = compare == nullptr ? std::nullopt : equality(compare->op);
  if (!op) return std::nullopt;
  const bool bridged = family_ == Family::bridge || family_ == Family::netdev;
  switch (load.key) {
    case NFT_META_NFPROTO:
      if (family_ != Family::inet || compare->data.size() != 1) return std::nullopt;
      return family_match(compare->data, *op);
    case NFT_META_PROTOCOL:
      if (!bridged || compare->data.size() != 2) return std::nullopt;
      return family_match(compare->data, *op);
    case NFT_META_L4PROTO: {
      if (compare->data.size() != 1) return std::nullopt;
      const auto protocol = static_cast<Protocol>(compare->data[0]);
      if (*op == Op::equal) transport_ = protocol;
      return ProtocolMatch{protocol, *op};
    }
    case NFT_META_IIFNAME:
    case NFT_META_OIFNAME:
      return interface_match(load.key == NFT_META_IIFNAME, compare->data, *op);
    case NFT_META_MARK:
      if (compare->data.size() != sizeof(std::uint32_t)) return std::nullopt;
      return MarkMatch{from_host_endian(compare->data), *op};
    default:
      return std::nullopt;
  }
}

std::optional<Expression> Raising::operator()(const LoadCt& load) {
  const auto* mask = take<MaskRegister>();
  const auto* compare = take<Compare>();
  const auto op = compare == nullptr ? std::nullopt : equality(compare->op);
  if (!op || compare->data.size() != sizeof(std::uint32_t)) return std::nullopt;
  const std::uint32_t value = from_host_endian(compare->data);
  if (load.key == NFT_CT_MARK && mask == nullptr) return CtMarkMatch{value, *op};
  if (mask == nullptr || value != 0) return std::nullopt;
  const std::uint32_t bits = from_host_endian(mask->mask);
  const Op any = *op == Op::equal ? Op::not_equal : Op::equal;
  if (load.key == NFT_CT_STATE) return CtStateMatch{static_cast<CtState>(bits), any};
  if (load.key == NFT_CT_STATUS) return CtStatusMatch{static_cast<CtStatus>(bits), any};
  return std::nullopt;
}

std::optional<Expression> Raising::operator()(const LoadNumber& load) {
  const auto* compare = take<Compare>();
  const auto op = compare == nullptr ? std::nullopt : equality(compare->op);
  if (!op || load.offset != 0 || compare->data.size() != sizeof(std::uint32_t)) return std::nullopt;
  return NumberMatch{load.type == NFT_NG_RANDOM, load.modulus, from_host_endian(compare->data), *op};
}

std::optional<Expression> Raising::operator()(const LoadPayload& load) {
  if (const auto* lookup = take<Lookup>()) return looked_up(codec::field_of(load, network_, transport_), *lookup);
  if (load.base == NFT_PAYLOAD_NETWORK_HEADER) return address_match(load);
  if (load.base == NFT_PAYLOAD_TRANSPORT_HEADER && load.length == 2 && (load.offset == 0 || load.offset == 2)) {
    return port_match(load.offset == 0 ? Side::source : Side::destination);
  }
  if (load.base == NFT_PAYLOAD_TRANSPORT_HEADER && load.length == 1 && load.offset == 0) return icmp_match();
  if (load == LoadPayload{NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1} && transport_ == Protocol::tcp) return tcp_flags_match();
  if (load == LoadPayload{NFT_PAYLOAD_LL_HEADER, 12, 2} && family_ == Family::bridge) {
    const auto* compare = take<Compare>();
    const auto op = compare == nullptr ? std::nullopt : equality(compare->op);
    if (op && compare->data.size() == 2) return family_match(compare->data, *op);
  }
  return std::nullopt;
}

std::optional<Expression> Raising::address_match(const LoadPayload& load) {
  if (!network_) return std::nullopt;
  const bool v4 = *network_ == AddressFamily::ipv4;
  const std::uint32_t size = v4 ? 4 : 16;
  const std::uint32_t source = v4 ? 12 : 8;
  if ((load.offset != source && load.offset != source + size) || load.length > size) return std::nullopt;
  const auto* mask = take<MaskRegister>();
  const auto* compare = take<Compare>();
  const auto op = compare == nullptr ? std::nullopt : equality(compare->op);
  if (!op || compare->data.size() != load.length || (mask != nullptr && load.length != size)) return std::nullopt;
  const auto length = mask == nullptr ? load.length * 8 : mask_length(mask->mask);
  const auto address = to_address(*network_, compare->data);
  if (!length || !address) return std::nullopt;
  const auto prefix = IpPrefix::make(*address, *length);
  if (!prefix) return std::nullopt;
  return AddressMatch{load.offset == source ? Side::source : Side::destination, *prefix, *op};
}

std::optional<Expression> Raising::port_match(Side side) {
  if (transport_ && !has_ports(*transport_)) return std::nullopt;
  if (const auto* range = take<CompareRange>()) {
    if (range->op != NFT_RANGE_NEQ) return std::nullopt;
    return PortMatch{transport_, side, {to_port(range->from), to_port(range->to)}, Op::not_equal};
  }
  const auto* first = take<Compare>();
  if (first == nullptr || first->data.size() != 2) return std::nullopt;
  if (const auto op = equality(first->op)) return PortMatch{transport_, side, to_port(first->data), *op};
  const auto* last = take<Compare>();
  if (first->op != NFT_CMP_GTE || last == nullptr || last->op != NFT_CMP_LTE) return std::nullopt;
  return PortMatch{transport_, side, {to_port(first->data), to_port(last->data)}};
}

std::optional<Expression> Raising::icmp_match() {
  const auto* compare = take<Compare>();
  const auto op = compare == nullptr ? std::nullopt : equality(compare->op);
  if (!op || compare->data.size() != 1) return std::nullopt;
  if (transport_ == Protocol::icmp && network_ == AddressFamily::ipv4) {
    return IcmpMatch{static_cast<IcmpType>(compare->data[0]), *op};
  }
  if (transport_ == Protocol::icmpv6 && network_ == AddressFamily::ipv6) {
    return Icmpv6Match{static_cast<Icmpv6Type>(compare->data[0]), *op};
  }
  return std::nullopt;
}

std::optional<Expression> Raising::tcp_flags_match() {
  const auto* mask = take<MaskRegister>();
  const auto* compare = take<Compare>();
  const auto op = compare == nullptr ? std::nullopt : equality(compare->op);
  if (!op || mask == nullptr || mask->mask.size() != 1 || compare->data.size() != 1) return std::nullopt;
  const auto among = static_cast<TcpFlag>(mask->mask[0]);
  if (compare->data[0] == 0) return TcpFlagsMatch{among, {}, *op == Op::equal ? Op::not_equal : Op::equal};
  return TcpFlagsMatch{static_cast<TcpFlag>(compare->data[0]), among, *op};
}

std::optional<Expression> Raising::operator()(const SetRegister& set) {
  if (const auto* store = take<StoreCt>()) {
    if (store->key != NFT_CT_MARK || store->reg != set.reg || set.data.size() != 4) return std::nullopt;
    return CtMarkSet{from_host_endian(set.data)};
  }
  if (const auto* store = take<StoreMeta>()) {
    if (store->key == NFT_META_NFTRACE && store->reg == set.reg && set.data == Bytes{1}) return TraceSet{};
    if (store->key != NFT_META_MARK || store->reg != set.reg || set.data.size() != 4) return std::nullopt;
    return MarkSet{from_host_endian(set.data)};
  }
  std::vector<const SetRegister*> registers{&set};
  while (const auto* more = take<SetRegister>()) registers.push_back(more);
  const auto* nat = take<Nat>();
  return nat == nullptr ? std::nullopt : translation(*nat, registers);
}

std::optional<Expression> Raising::operator()(const SendReject& reject) {
  using With = Reject::With;
  if (reject.type == NFT_REJECT_TCP_RST) return Reject::tcp_reset();
  if (reject.type == NFT_REJECT_ICMPX_UNREACH) return Reject{With::icmpx, reject.code};
  if (reject.type != NFT_REJECT_ICMP_UNREACH || !network_) return std::nullopt;
  const bool v4 = *network_ == AddressFamily::ipv4;
  const bool one_family = family_ == Family::ip || family_ == Family::ip6;
  if (one_family && reject.code == (v4 ? 3 : 4)) return Reject::port_unreachable();
  return Reject{v4 ? With::icmp : With::icmpv6, reject.code};
}

std::optional<Expression> Raising::translation(const Nat& nat, const std::vector<const SetRegister*>& registers) {
  const auto data = [&](std::uint32_t reg) -> const Bytes* {
    const auto found = std::ranges::find(registers, reg, &SetRegister::reg);
    return found == registers.end() ? nullptr : &(*found)->data;
  };
  constexpr std::uint32_t kPlain = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;
  constexpr std::uint32_t kChoice =
      NF_NAT_RANGE_PROTO_RANDOM | NF_NAT_RANGE_PERSISTENT | NF_NAT_RANGE_PROTO_RANDOM_FULLY;
  if ((nat.flags & ~(kPlain | kChoice)) != 0) return std::nullopt;
  const auto flags = static_cast<NatFlags>(nat.flags & kChoice);
  std::optional<PortRange> ports;
  if (nat.port_min != 0) {
    const Bytes* first = data(nat.port_min);
    const Bytes* last = data(nat.port_max != 0 ? nat.port_max : nat.port_min);
    if (first == nullptr || last == nullptr) return std::nullopt;
    ports = PortRange{to_port(*first), to_port(*last)};
  }
  if (nat.kind == Nat::Kind::masquerade) return Masquerade{ports, flags};
  if (nat.kind == Nat::Kind::redirect) return Redirect{ports, flags};
  std::optional<IpAddress> address, end;
  if (nat.address_min != 0) {
    const Bytes* bytes = data(nat.address_min);
    if (bytes == nullptr) return std::nullopt;
    const auto family = nat.family == NFPROTO_IPV4 ? AddressFamily::ipv4 : AddressFamily::ipv6;
    address = to_address(family, *bytes);
    if (nat.address_max != 0 && nat.address_max != nat.address_min) {
      const Bytes* last = data(nat.address_max);
      if (last == nullptr) return std::nullopt;
      end = to_address(family, *last);
    }
  }
  return Translate{nat.kind == Nat::Kind::snat ? Side::source : Side::destination, address, ports, end, flags};
}

bool is_match(const Expression& expression) { return expression.index() < Expression{Counter{}}.index(); }

std::optional<Field> looked_up_by(const Expression& expression) {
  if (const auto* match = std::get_if<SetMatch>(&expression)) return match->field;
  if (const auto* map = std::get_if<VerdictMap>(&expression)) return map->field;
  return std::nullopt;
}

bool implies_family(const Expression& expression) {
  if (const auto field = looked_up_by(expression)) return *field <= Field::ip6_daddr;
  if (const auto* reject = std::get_if<Reject>(&expression)) {
    return reject->with == Reject::With::icmp || reject->with == Reject::With::icmpv6;
  }
  return std::holds_alternative<AddressMatch>(expression) || std::holds_alternative<IcmpMatch>(expression) ||
         std::holds_alternative<Icmpv6Match>(expression);
}

bool implies_protocol(const Expression& expression) {
  if (const auto field = looked_up_by(expression)) return *field >= Field::tcp_sport && *field <= Field::sctp_dport;
  if (const auto* port = std::get_if<PortMatch>(&expression)) return port->protocol.has_value();
  return std::holds_alternative<IcmpMatch>(expression) || std::holds_alternative<Icmpv6Match>(expression) ||
         std::holds_alternative<TcpFlagsMatch>(expression);
}

// Whether nft leaves the match at `at` out, because a later one says as much, with no statement in between.
bool implied_later(const std::vector<Expression>& expressions, std::size_t at) {
  const auto* family = std::get_if<FamilyMatch>(&expressions[at]);
  const auto* protocol = std::get_if<ProtocolMatch>(&expressions[at]);
  if ((family == nullptr || family->op != Op::equal) && (protocol == nullptr || protocol->op != Op::equal))
    return false;
  for (std::size_t i = at + 1; i < expressions.size(); ++i) {
    if (family != nullptr ? implies_family(expressions[i]) : implies_protocol(expressions[i])) return true;
    if (!is_match(expressions[i])) return false;
  }
  return false;
}

}  // namespace

std::vector<Expression> raise(const std::vector<Instruction>& steps, Family family,
                              const std::function<std::string(std::size_t)>& describe) {
  std::vector<Expression> all;
  Raising raising{steps, family};
  while (!raising.done()) {
    const std::size_t at = raising.at();
    auto expression = raising.next();
    all.push_back(expression ? *std::move(expression) : Expression{Unknown{describe(at)}});
  }
  std::vector<Expression> shown;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!implied_later(all, i)) shown.push_back(all[i]);
  }
  return shown;
}

}  // namespace netrig::nft::codec
