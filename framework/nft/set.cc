#include <netrig/net/interface_name.h>
#include <netrig/nft/codec/set_codec.h>
#include <netrig/nft/set.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace netrig::nft {
namespace {

using codec::Bytes;

struct FieldWords {
  std::string_view text;
  KeyType type;
};
constexpr std::array kFields{
    FieldWords{"ip saddr", KeyType::ipv4_addr},      FieldWords{"ip daddr", KeyType::ipv4_addr},
    FieldWords{"ip6 saddr", KeyType::ipv6_addr},     FieldWords{"ip6 daddr", KeyType::ipv6_addr},
    FieldWords{"tcp sport", KeyType::inet_service},  FieldWords{"tcp dport", KeyType::inet_service},
    FieldWords{"udp sport", KeyType::inet_service},  FieldWords{"udp dport", KeyType::inet_service},
    FieldWords{"sctp sport", KeyType::inet_service}, FieldWords{"sctp dport", KeyType::inet_service},
    FieldWords{"th sport", KeyType::inet_service},   FieldWords{"th dport", KeyType::inet_service},
    FieldWords{"iifname", KeyType::ifname},          FieldWords{"oifname", KeyType::ifname}};

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

Result<AddressRange> parse_addresses(std::string_view text) {
  if (text.contains('/')) {
    const auto prefix = NETRIG_TRY(IpPrefix::parse(text));
    return AddressRange{prefix.address(), prefix.last_address()};
  }
  const auto dash = text.find('-');
  const auto first = NETRIG_TRY(IpAddress::parse(text.substr(0, dash)));
  if (dash == std::string_view::npos) return AddressRange{first, first};
  return AddressRange{first, NETRIG_TRY(IpAddress::parse(text.substr(dash + 1)))};
}

// The prefix of these addresses, if they are one.
std::optional<IpPrefix> prefix_of(const AddressRange& range) {
  for (unsigned length = 0; length <= address_bits(range.first.family()); ++length) {
    const auto prefix = IpPrefix::make(range.first, length);
    if (prefix && prefix->last_address() == range.last) return *prefix;
  }
  return std::nullopt;
}

struct KeyPrinter {
  std::string operator()(const AddressRange& range) const {
    if (range.first == range.last) return range.first.to_string();
    const auto prefix = prefix_of(range);
    return prefix ? prefix->to_string() : fmt::format("{}-{}", range.first.to_string(), range.last.to_string());
  }
  std::string operator()(const PortRange& ports) const { return ports.to_string(); }
  std::string operator()(const std::string& name) const { return fmt::format("\"{}\"", name); }
};
std::string key_text(const SetElement& element) { return std::visit(KeyPrinter{}, element.key); }

bool fits(KeyType type, const SetElement& element) {
  const auto* addresses = std::get_if<AddressRange>(&element.key);
  switch (type) {
    case KeyType::ipv4_addr:
      return addresses != nullptr && addresses->first.is_v4() && addresses->last.is_v4();
    case KeyType::ipv6_addr:
      return addresses != nullptr && addresses->first.is_v6() && addresses->last.is_v6();
    case KeyType::inet_service:
      return std::holds_alternative<PortRange>(element.key);
    case KeyType::ifname:
      return std::holds_alternative<std::string>(element.key);
  }
  return false;
}

bool upside_down(const SetElement& element) {
  const codec::KeyRange keys = codec::keys_of(element);
  return keys.last < keys.first;
}

Result<void> check_element(const SetType& type, const SetElement& element) {
  const auto bad = [&](std::string_view what) {
    return codec::refuse(fmt::format("element {} {}", to_string(element), what));
  };
  if (!element.fault.empty()) return codec::refuse(element.fault);
  if (!fits(type.key, element)) return bad(fmt::format("is no {}", to_string(type.key)));
  if (upside_down(element)) return bad("is upside down");
  if (element.is_range() && !type.interval)
    return bad("is more than one key, for which the set needs the flag interval");
  if (type.map && !element.verdict) return bad("has no verdict, which every element of a verdict map needs");
  if (!type.map && element.verdict) return bad("has a verdict, and the set is no verdict map");
  if (!type.map) return {};
  const bool leads = element.verdict->kind == Verdict::Kind::jump || element.verdict->kind == Verdict::Kind::go_to;
  if (leads == element.verdict->chain.empty()) return bad("is wrong: jump and goto, and only they, name a chain");
  return {};
}

Bytes sort_key(const SetType& type, const SetElement& element) {
  Bytes key = codec::keys_of(element).first;
  // nft takes a name for a number of the host.
  if (type.key == KeyType::ifname && std::endian::native == std::endian::little) std::ranges::reverse(key);
  return key;
}

bool follows(const Bytes& last, const Bytes& next) {
  Bytes after = last;
  for (std::size_t i = after.size(); i-- > 0;) {
    if (++after[i] != 0) return after == next;
  }
  return false;
}

// How many elements nft shows in a line.
std::size_t elements_a_line(KeyType type) {
  if (type == KeyType::inet_service) return 5;
  return type == KeyType::ipv4_addr ? 2 : 1;
}

std::string in_braces(const std::vector<SetElement>& elements, std::size_t a_line) {
  std::string text = "{ ";
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i != 0) text += i % a_line == 0 ? ",\n\t\t\t     " : ", ";
    text += to_string(elements[i]);
  }
  return text + " }";
}

std::string right_side(Field field, const std::string& name, const std::vector<SetElement>& elements, bool map) {
  if (!name.empty()) return "@" + name;
  const SetType type = anonymous_type(field, elements, map);
  const auto shown = check_elements(type, elements) ? merged_elements(type, elements) : elements;
  return in_braces(shown, shown.size() + 1);
}

}  // namespace

std::string to_string(KeyType type) {
  constexpr std::array kWords{"ipv4_addr", "ipv6_addr", "inet_service", "ifname"};
  return kWords.at(static_cast<std::size_t>(type));
}
std::string to_string(Field field) { return std::string{kFields.at(static_cast<std::size_t>(field)).text}; }
KeyType key_type(Field field) { return kFields.at(static_cast<std::size_t>(field)).type; }

std::string to_string(const Verdict& verdict) {
  constexpr std::array<std::string_view, 6> kWords = {"accept", "drop", "jump ", "goto ", "return", "continue"};
  return std::string{kWords.at(static_cast<std::size_t>(verdict.kind))} + verdict.chain;
}

SetElement::SetElement(std::string_view text, std::optional<Verdict> verdict) : verdict{std::move(verdict)} {
  if (const auto addresses = parse_addresses(text)) {
    key = *addresses;
  } else if (!text.empty() && consists_of(text, "0123456789-")) {
    const auto ports = PortRange::parse(text);
    if (!ports) fault = ports.error().message();
    key = ports.value_or(PortRange{});
  } else if (text.contains(':') || text.contains('/') || consists_of(text, "0123456789.-")) {
    fault = addresses.error().message();
  } else {
    const auto name = InterfaceName::parse(text);
    if (!name) fault = name.error().message();
    key = std::string{text};
  }
}
SetElement::SetElement(const IpAddress& address, std::optional<Verdict> verdict)
    : key{AddressRange{address, address}}, verdict{std::move(verdict)} {}
SetElement::SetElement(const IpPrefix& prefix, std::optional<Verdict> verdict)
    : key{AddressRange{prefix.address(), prefix.last_address()}}, verdict{std::move(verdict)} {}
SetElement::SetElement(const AddressRange& range, std::optional<Verdict> verdict)
    : key{range}, verdict{std::move(verdict)} {}
SetElement::SetElement(const PortRange& ports, std::optional<Verdict> verdict)
    : key{ports}, verdict{std::move(verdict)} {}

bool SetElement::is_range() const {
  if (const auto* addresses = std::get_if<AddressRange>(&key)) return addresses->first != addresses->last;
  const auto* ports = std::get_if<PortRange>(&key);
  return ports != nullptr && ports->first != ports->last;
}

std::string to_string(const SetElement& element) {
  return element.verdict ? fmt::format("{} : {}", key_text(element), to_string(*element.verdict)) : key_text(element);
}

std::string to_string(const SetType& type) {
  return fmt::format("type {}{}", to_string(type.key), type.map ? " : verdict" : "");
}

Set Set::ranges(std::string name, KeyType key) {
  return {.name = std::move(name), .type = {.key = key, .interval = true}};
}
Set Set::verdicts(std::string name, KeyType key) {
  return {.name = std::move(name), .type = {.key = key, .map = true}};
}
Set Set::range_verdicts(std::string name, KeyType key) {
  return {.name = std::move(name), .type = {.key = key, .interval = true, .map = true}};
}

Set& Set::add(SetElement element) {
  elements.push_back(std::move(element));
  return *this;
}
Set& Set::add(SetElement key, Verdict verdict) {
  key.verdict = std::move(verdict);
  return add(std::move(key));
}

std::string declaration(const Set& set) {
  std::string text = fmt::format("\t\t{}\n", to_string(set.type));
  if (set.type.interval) text += "\t\tflags interval\n";
  if (!set.comment.empty()) text += fmt::format("\t\tcomment \"{}\"\n", set.comment);
  if (set.elements.empty()) return text;
  auto elements = set.elements;
  if (check_elements(set.type, elements)) sort_elements(set.type, elements);
  return text + fmt::format("\t\telements = {}\n", in_braces(elements, elements_a_line(set.type.key)));
}

std::string to_string(const SetMatch& match) {
  return fmt::format("{} {}{}", to_string(match.field), match.inverted ? "!= " : "",
                     right_side(match.field, match.name, match.elements, false));
}
std::string to_string(const VerdictMap& map) {
  return fmt::format("{} vmap {}", to_string(map.field), right_side(map.field, map.name, map.elements, true));
}

Result<void> check_elements(const SetType& type, const std::vector<SetElement>& elements) {
  if (type.interval && type.key == KeyType::ifname) return codec::refuse("names of interfaces have no ranges");
  for (const SetElement& element : elements) NETRIG_TRY(check_element(type, element));
  auto sorted = elements;
  sort_elements(type, sorted);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const codec::KeyRange before = codec::keys_of(sorted[i - 1]);
    const codec::KeyRange now = codec::keys_of(sorted[i]);
    if (before.first == now.first && before.last == now.last)
      return codec::refuse(fmt::format("element {} is there twice", key_text(sorted[i])));
    if (type.key != KeyType::ifname && now.first <= before.last)
      return codec::refuse(fmt::format("elements {} and {} overlap", key_text(sorted[i - 1]), key_text(sorted[i])));
  }
  return {};
}

void sort_elements(const SetType& type, std::vector<SetElement>& elements) {
  std::ranges::sort(elements, {}, [&](const SetElement& element) { return sort_key(type, element); });
}

std::vector<SetElement> merged_elements(const SetType& type, std::vector<SetElement> elements) {
  sort_elements(type, elements);
  if (type.map || !type.interval) return elements;
  std::vector<SetElement> merged;
  for (const SetElement& element : elements) {
    const codec::KeyRange now = codec::keys_of(element);
    const codec::KeyRange before = merged.empty() ? codec::KeyRange{} : codec::keys_of(merged.back());
    if (!merged.empty() && follows(before.last, now.first)) {
      merged.back() = codec::element_of(type.key, before.first, now.last);
    } else {
      merged.push_back(element);
    }
  }
  return merged;
}

SetType anonymous_type(Field field, const std::vector<SetElement>& elements, bool map) {
  return {.key = key_type(field), .interval = std::ranges::any_of(elements, &SetElement::is_range), .map = map};
}

}  // namespace netrig::nft
