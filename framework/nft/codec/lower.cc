// Values to steps: what `nft` does when it turns `tcp dport 80` into loads and compares.
#include <netrig/nft/codec/fields.h>
#include <netrig/nft/codec/instruction.h>

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

namespace netrig::nft::codec {
namespace {

constexpr std::uint32_t kEtherTypeIp = 0x0800;
constexpr std::uint32_t kEtherTypeIp6 = 0x86dd;
constexpr std::size_t kInterfaceNameSize = 16;
constexpr std::size_t kLongestTarget = 255;  // NFT_NAME_MAXLEN without its final zero
constexpr std::size_t kMostSteps = 128;      // NFT_RULE_MAXEXPRS of the kernel's nf_tables.h

Bytes big_endian(std::uint32_t value, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[size - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
  return bytes;
}
Bytes host_endian(std::uint32_t value) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
  return {first, first + sizeof value};
}
Bytes port_bytes(Port port) { return big_endian(port.value(), 2); }

std::uint32_t compare_op(Op op) { return op == Op::equal ? NFT_CMP_EQ : NFT_CMP_NEQ; }
std::string_view ip_word(AddressFamily family) { return family == AddressFamily::ipv4 ? "ip" : "ip6"; }

// Collects steps, and what is known of a packet that got that far.
class Lowering {
 public:
  explicit Lowering(Family family) : family_{family} {
    if (family == Family::ip) network_ = AddressFamily::ipv4;
    if (family == Family::ip6) network_ = AddressFamily::ipv6;
  }

  std::vector<Instruction> take() { return std::move(steps_); }

  Result<void> operator()(const FamilyMatch& match) {
    if (network_ && (*network_ != match.family || match.op == Op::not_equal)) {
      return refuse(fmt::format("a match on the other family contradicts what comes before it in this {} rule",
                                to_string(family_)));
    }
    if (network_) return {};
    NETRIG_TRY(family_steps(match.family, match.op));
    if (match.op == Op::equal) network_ = match.family;
    return {};
  }

  Result<void> operator()(const ProtocolMatch& match) {
    if (match.op == Op::equal) return require_transport(match.protocol);
    add({LoadMeta{NFT_META_L4PROTO}, Compare{NFT_CMP_NEQ, {static_cast<std::uint8_t>(match.protocol)}}});
    return {};
  }

  Result<void> operator()(const AddressMatch& match) {
    NETRIG_TRY(require_network(match.prefix.family()));
    const bool v4 = match.prefix.is_v4();
    const std::uint32_t size = v4 ? 4 : 16;
    const std::uint32_t offset = (v4 ? 12 : 8) + (match.side == Side::destination ? size : 0);
    const IpAddress network = match.prefix.address();
    const auto address = network.bytes();
    const unsigned length = match.prefix.length();
    if (length > 0 && length % 8 == 0) {
      add({LoadPayload{NFT_PAYLOAD_NETWORK_HEADER, offset, length / 8},
           Compare{compare_op(match.op), {address.begin(), address.begin() + length / 8}}});
      return {};
    }
    Bytes mask(size);
    for (unsigned bit = 0; bit < length; ++bit) mask[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    add({LoadPayload{NFT_PAYLOAD_NETWORK_HEADER, offset, size}, MaskRegister{std::move(mask)},
         Compare{compare_op(match.op), {address.begin(), address.end()}}});
    return {};
  }

  Result<void> operator()(const SetMatch& match) {
    return look_up(match.field, match.name, match.elements, {.inverted = match.inverted});
  }
  Result<void> operator()(const VerdictMap& map) { return look_up(map.field, map.name, map.elements, {.map = true}); }

  Result<void> operator()(const PortMatch& match) {
    if (match.ports.first > match.ports.last) return upside_down(match.ports);
    if (match.protocol) NETRIG_TRY(require_transport(*match.protocol));
    add({LoadPayload{NFT_PAYLOAD_TRANSPORT_HEADER, match.side == Side::source ? 0U : 2U, 2}});
    const Bytes first = port_bytes(match.ports.first);
    const Bytes last = port_bytes(match.ports.last);
    if (first == last) {
      add({Compare{compare_op(match.op), first}});
    } else if (match.op == Op::equal) {
      add({Compare{NFT_CMP_GTE, first}, Compare{NFT_CMP_LTE, last}});
    } else {
      add({CompareRange{NFT_RANGE_NEQ, first, last}});
    }
    return {};
  }

  Result<void> operator()(const InterfaceMatch& match) {
    Bytes name{match.pattern.begin(), match.pattern.end()};
    const bool wildcard = match.pattern.ends_with('*');
    if (wildcard) name.pop_back();
    if (name.empty() || name.size() >= kInterfaceNameSize) {
      return refuse(fmt::format("interface name '{}' must have 1 to 15 bytes", match.pattern));
    }
    if (!wildcard) name.resize(kInterfaceNameSize);
    add({LoadMeta{match.incoming ? NFT_META_IIFNAME : NFT_META_OIFNAME},
         Compare{compare_op(match.op), std::move(name)}});
    return {};
  }

  Result<void> operator()(const CtStateMatch& match) {
    if (static_cast<std::uint32_t>(match.states) == 0) return refuse("ct state without a state");
    add({LoadCt{NFT_CT_STATE}, MaskRegister{host_endian(static_cast<std::uint32_t>(match.states))},
         Compare{match.op == Op::equal ? NFT_CMP_NEQ : NFT_CMP_EQ, Bytes(4)}});
    return {};
  }

  Result<void> operator()(const IcmpMatch& match) {
    return icmp(AddressFamily::ipv4, Protocol::icmp, static_cast<std::uint8_t>(match.type), match.op);
  }
  Result<void> operator()(const Icmpv6Match& match) {
    return icmp(AddressFamily::ipv6, Protocol::icmpv6, static_cast<std::uint8_t>(match.type), match.op);
  }

  Result<void> operator()(const MarkMatch& match) {
    add({LoadMeta{NFT_META_MARK}, Compare{compare_op(match.op), host_endian(match.mark)}});
    return {};
  }

  Result<void> operator()(const TcpFlagsMatch& match) {
    NETRIG_TRY(require_transport(Protocol::tcp));
    const auto wanted = static_cast<std::uint8_t>(match.wanted);
    if (wanted == 0 && !match.among) return refuse("tcp flags without a flag");
    const auto among = static_cast<std::uint8_t>(match.among.value_or(match.wanted));
    if ((wanted & ~among) != 0)
      return refuse(fmt::format("tcp flags {} are not among {}", to_string(match.wanted), to_string(*match.among)));
    constexpr std::uint32_t kFlagsAt = 13;
    const auto any = match.op == Op::equal ? NFT_CMP_NEQ : NFT_CMP_EQ;
    add({LoadPayload{NFT_PAYLOAD_TRANSPORT_HEADER, kFlagsAt, 1}, MaskRegister{{among}},
         match.among ? Compare{compare_op(match.op), {wanted}} : Compare{any, Bytes(1)}});
    return {};
  }
  Result<void> operator()(const CtStatusMatch& match) {
    if (static_cast<std::uint32_t>(match.status) == 0) return refuse("ct status without a status");
    add({LoadCt{NFT_CT_STATUS}, MaskRegister{host_endian(static_cast<std::uint32_t>(match.status))},
         Compare{match.op == Op::equal ? NFT_CMP_NEQ : NFT_CMP_EQ, Bytes(4)}});
    return {};
  }
  Result<void> operator()(const CtMarkMatch& match) {
    add({LoadCt{NFT_CT_MARK}, Compare{compare_op(match.op), host_endian(match.mark)}});
    return {};
  }
  Result<void> operator()(const NumberMatch& match) {
    if (match.value >= match.modulus)
      return refuse(fmt::format("a number modulo {} is never {}", match.modulus, match.value));
    add({LoadNumber{match.random ? NFT_NG_RANDOM : NFT_NG_INCREMENTAL, match.modulus, 0},
         Compare{compare_op(match.op), host_endian(match.value)}});
    return {};
  }
  Result<void> operator()(const CtMarkSet& set) {
    add({SetRegister{NFT_REG_1, host_endian(set.mark)}, StoreCt{NFT_CT_MARK, NFT_REG_1}});
    return {};
  }
  Result<void> operator()(const Limit& limit) {
    if (limit.rate == 0) return refuse("a limit of no packets or bytes at all");
    return statement(limit);
  }
  Result<void> operator()(const ConnectionLimit& limit) { return statement(limit); }
  Result<void> operator()(const Log& log) {
    NETRIG_TRY(check_log(log));
    return statement(log);
  }
  Result<void> operator()(const NoTrack& notrack) { return statement(notrack); }
  Result<void> operator()(const Counter& counter) { return statement(counter); }
  Result<void> operator()(const MarkSet& set) {
    add({SetRegister{NFT_REG_1, host_endian(set.mark)}, StoreMeta{NFT_META_MARK, NFT_REG_1}});
    return {};
  }
  Result<void> operator()(const TraceSet&) {
    add({SetRegister{NFT_REG_1, Bytes{1}}, StoreMeta{NFT_META_NFTRACE, NFT_REG_1}});
    return {};
  }
  Result<void> operator()(const Verdict& verdict) {
    const bool leads = verdict.kind == Verdict::Kind::jump || verdict.kind == Verdict::Kind::go_to;
    if (leads == verdict.chain.empty()) return refuse("jump and goto, and only they, name a chain");
    if (verdict.chain.size() > kLongestTarget) {
      return refuse(fmt::format("chain name '{}' must have 1 to {} bytes", verdict.chain, kLongestTarget));
    }
    return statement(verdict);
  }

  Result<void> operator()(const Reject& reject);
  Result<void> operator()(const Translate& translate);
  Result<void> operator()(const Masquerade& masquerade) {
    return local_nat(Nat::Kind::masquerade, masquerade.ports, masquerade.flags);
  }
  Result<void> operator()(const Redirect& redirect) {
    return local_nat(Nat::Kind::redirect, redirect.ports, redirect.flags);
  }
  Result<void> operator()(const Unknown& unknown) {
    return refuse(fmt::format("'{}' was read from a listing and cannot be written back", unknown.text));
  }

 private:
  void add(std::initializer_list<Instruction> steps) { steps_.insert(steps_.end(), steps); }
  Result<void> statement(Instruction step) {
    steps_.push_back(std::move(step));
    return {};
  }

  Result<void> family_steps(AddressFamily family, Op op) {
    const bool v4 = family == AddressFamily::ipv4;
    switch (family_) {
      case Family::inet:
        add({LoadMeta{NFT_META_NFPROTO},
             Compare{compare_op(op), {v4 ? std::uint8_t{NFPROTO_IPV4} : std::uint8_t{NFPROTO_IPV6}}}});
        return {};
      case Family::bridge:
      case Family::netdev:
        add({LoadMeta{NFT_META_PROTOCOL}, Compare{compare_op(op), big_endian(v4 ? kEtherTypeIp : kEtherTypeIp6, 2)}});
        return {};
      default:
        return refuse(fmt::format("a table of family {} sees no IP packets", to_string(family_)));
    }
  }

  Result<void> require_network(AddressFamily family) {
    if (network_ == family) return {};
    if (network_) {
      const bool fixed = family_ == Family::ip || family_ == Family::ip6;
      return refuse(fmt::format("an {} match in {} {} can never be true", ip_word(family),
                                fixed ? "a table of family" : "a rule that already wants", ip_word(*network_)));
    }
    network_ = family;
    return family_steps(family, Op::equal);
  }

  Result<void> require_transport(Protocol protocol) {
    if (transport_ == protocol) return {};
    if (transport_) {
      return refuse(fmt::format("a match on {} in a rule that already wants {} can never be true", to_string(protocol),
                                to_string(*transport_)));
    }
    transport_ = protocol;
    add({LoadMeta{NFT_META_L4PROTO}, Compare{NFT_CMP_EQ, {static_cast<std::uint8_t>(protocol)}}});
    return {};
  }

  Result<void> look_up(Field field, const std::string& name, const std::vector<SetElement>& elements, Lookup step);

  // For statements: a match that they need goes to the front, so that a counter before them counts the same packets.
  template <class Require>
  Result<void> require_first(Require require) {
    std::vector<Instruction> later = std::exchange(steps_, {});
    NETRIG_TRY(require());
    steps_.insert(steps_.end(), std::make_move_iterator(later.begin()), std::make_move_iterator(later.end()));
    return {};
  }

  Result<void> icmp(AddressFamily family, Protocol protocol, std::uint8_t type, Op op) {
    NETRIG_TRY(require_network(family));
    NETRIG_TRY(require_transport(protocol));
    add({LoadPayload{NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1}, Compare{compare_op(op), {type}}});
    return {};
  }

  static std::unexpected<Error> upside_down(const PortRange& ports) {
    return refuse(fmt::format("port range {} is upside down", ports.to_string()));
  }

  // Puts ports into registers from `reg` on, and their numbers into `nat`.
  Result<void> ports(Nat& nat, const std::optional<PortRange>& range, std::uint32_t reg) {
    if (!range) return {};
    if (range->first > range->last) return upside_down(*range);
    if (!transport_) return refuse("translating a port needs a match on the protocol before it: tcp, udp");
    add({SetRegister{reg, port_bytes(range->first)}});
    nat.port_min = nat.port_max = reg;
    if (range->first != range->last) {
      add({SetRegister{reg + 1, port_bytes(range->last)}});
      nat.port_max = reg + 1;
    }
    nat.flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
    return {};
  }

  Result<void> local_nat(Nat::Kind kind, const std::optional<PortRange>& range, NatFlags flags) {
    Nat nat{.kind = kind, .flags = static_cast<std::uint32_t>(flags)};
    NETRIG_TRY(ports(nat, range, NFT_REG_1));
    return statement(nat);
  }

  Family family_;
  std::optional<AddressFamily> network_;
  std::optional<Protocol> transport_;
  std::vector<Instruction> steps_;
};

Result<void> Lowering::look_up(Field field, const std::string& name, const std::vector<SetElement>& elements,
                               Lookup step) {
  if (name.empty() == elements.empty())
    return refuse(fmt::format("{} needs the name of a set or elements", to_string(field)));
  if (name.size() > kLongestTarget)
    return refuse(fmt::format("set name '{}' must have 1 to {} bytes", name, kLongestTarget));
  const FieldSource source = source_of(field);
  if (source.network) NETRIG_TRY(require_network(*source.network));
  if (source.transport) NETRIG_TRY(require_transport(*source.transport));
  steps_.push_back(source.load);
  step.name = name;
  if (name.empty()) {
    step.type = anonymous_type(field, elements, step.map);
    NETRIG_TRY(check_elements(step.type, elements));
    step.elements = merged_elements(step.type, elements);
  }
  return statement(std::move(step));
}

// The codes of icmpx (NFT_REJECT_ICMPX_*: no-route, port-unreachable, host-unreachable, admin-prohibited) in each
// family.
constexpr std::uint8_t kIcmpxAsIcmp[] = {0, 3, 1, 13};
constexpr std::uint8_t kIcmpxAsIcmpv6[] = {0, 4, 3, 1};

Result<void> Lowering::operator()(const Reject& reject) {
  switch (reject.with) {
    case Reject::With::tcp_reset:
      NETRIG_TRY(require_first([&] { return require_transport(Protocol::tcp); }));
      return statement(SendReject{NFT_REJECT_TCP_RST, 0});
    case Reject::With::icmp:
      NETRIG_TRY(require_first([&] { return require_network(AddressFamily::ipv4); }));
      return statement(SendReject{NFT_REJECT_ICMP_UNREACH, reject.code});
    case Reject::With::icmpv6:
      NETRIG_TRY(require_first([&] { return require_network(AddressFamily::ipv6); }));
      return statement(SendReject{NFT_REJECT_ICMP_UNREACH, reject.code});
    case Reject::With::icmpx:
      break;
  }
  if (reject.code > NFT_REJECT_ICMPX_MAX)
    return refuse(fmt::format("reject with icmpx code {} does not exist", reject.code));
  if (family_ == Family::ip) return statement(SendReject{NFT_REJECT_ICMP_UNREACH, kIcmpxAsIcmp[reject.code]});
  if (family_ == Family::ip6) return statement(SendReject{NFT_REJECT_ICMP_UNREACH, kIcmpxAsIcmpv6[reject.code]});
  return statement(SendReject{NFT_REJECT_ICMPX_UNREACH, reject.code});
}

Result<void> Lowering::operator()(const Translate& translate) {
  Nat nat{.kind = translate.side == Side::source ? Nat::Kind::snat : Nat::Kind::dnat,
          .flags = static_cast<std::uint32_t>(translate.flags)};
  if (translate.last && (!translate.address || translate.last->family() != translate.address->family() ||
                         *translate.last < *translate.address))
    return refuse(fmt::format("an address range to {} that does not begin below it", translate.last->to_string()));
  const auto table_family = family_ == Family::inet ? std::optional<AddressFamily>{} : network_;
  const auto family = translate.address ? std::optional{translate.address->family()} : table_family;
  if (!family) return refuse("translating the port alone in an inet table: name the address too, or use redirect");
  if (network_ && *network_ != *family) {
    return refuse(
        fmt::format("an {} packet cannot be translated to an {} address", ip_word(*network_), ip_word(*family)));
  }
  nat.family = *family == AddressFamily::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
  std::uint32_t reg = NFT_REG_1;
  if (translate.address) {
    const auto address = translate.address->bytes();
    add({SetRegister{reg, {address.begin(), address.end()}}});
    nat.address_min = nat.address_max = reg++;
    if (translate.last) {
      const auto last = translate.last->bytes();
      add({SetRegister{reg, {last.begin(), last.end()}}});
      nat.address_max = reg++;
    }
    nat.flags |= NF_NAT_RANGE_MAP_IPS;
  } else if (!translate.ports) {
    return refuse("a translation without address and port");
  }
  NETRIG_TRY(ports(nat, translate.ports, reg));
  return statement(nat);
}

}  // namespace

Result<std::vector<Instruction>> lower(const Rule& rule, Family family) {
  if (rule.fault) return fail(*rule.fault);
  NETRIG_TRY(check_comment(rule.remark));
  Lowering lowering{family};
  for (const Expression& expression : rule.expressions) NETRIG_TRY(std::visit(lowering, expression));
  std::vector<Instruction> steps = lowering.take();
  if (steps.size() <= kMostSteps) return steps;
  return refuse(fmt::format("it takes {} expressions, and the kernel allows {} in a rule", steps.size(), kMostSteps));
}

}  // namespace netrig::nft::codec
