// Sets and verdict maps: what many rules would say one by one, as one look-up.
//
//   filter.add(Set::ranges("guests", KeyType::ipv4_addr).add("10.0.9.0/24").add("10.0.7.1-10.0.7.9"));
//   filter.add(Set::verdicts("services", KeyType::inet_service).add(22, Verdict::accept()).add(80,
//   Verdict::jump("web"))); forward.add(Rule{}.in(Field::ip_saddr, "guests").drop())           // ip saddr @guests drop
//       .add(Rule{}.vmap(Field::tcp_dport, "services"))               // tcp dport vmap @services
//       .add(Rule{}.in(Field::udp_dport, {53, 123}).accept());        // udp dport { 53, 123 } accept
//
// Source: nft(8), linux/netfilter/nf_tables.h.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/ip_address.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/net/port.h>
#include <netrig/nft/verdict.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace netrig::nft {

/// What the keys of a set are, by nft's names.
enum class KeyType : std::uint8_t { ipv4_addr, ipv6_addr, inet_service, ifname };
std::string to_string(KeyType type);

/// What of a packet is looked up in a set.
enum class Field : std::uint8_t {
  ip_saddr,
  ip_daddr,
  ip6_saddr,
  ip6_daddr,
  tcp_sport,
  tcp_dport,
  udp_sport,
  udp_dport,
  sctp_sport,
  sctp_dport,
  th_sport,  ///< of whatever transport the packet has
  th_dport,
  iifname,
  oifname,
};
/// `ip saddr`
std::string to_string(Field field);
KeyType key_type(Field field);

/// The addresses from `first` to `last`, both among them.
struct AddressRange {
  IpAddress first;
  IpAddress last;
  friend auto operator<=>(const AddressRange&, const AddressRange&) = default;
};

/// A key, or a range of keys, and in a verdict map what is done with it. Written as text (`10.0.0.0/24`,
/// `fd00::1-fd00::9`, `1000-2000`, `eth0`) or as a value. Malformed text is kept as `fault`, which applying reports.
class SetElement {
 public:
  std::variant<AddressRange, PortRange, std::string> key;  ///< the text: the name of an interface
  std::optional<Verdict> verdict = {};
  std::string fault = {};  ///< what is wrong with the text that it was made from

  // NOLINTBEGIN(google-explicit-constructor): each is a key, so that lists of elements read as nft shows them
  /// What looks like an address or a number is one; anything else names an interface.
  SetElement(std::string_view text, std::optional<Verdict> verdict = {});
  SetElement(const char* text, std::optional<Verdict> verdict = {})
      : SetElement{std::string_view{text}, std::move(verdict)} {}
  SetElement(const IpAddress& address, std::optional<Verdict> verdict = {});
  SetElement(const IpPrefix& prefix, std::optional<Verdict> verdict = {});
  SetElement(const AddressRange& range, std::optional<Verdict> verdict = {});
  SetElement(const PortRange& ports, std::optional<Verdict> verdict = {});
  SetElement(std::uint16_t port, std::optional<Verdict> verdict = {})
      : SetElement{PortRange{port}, std::move(verdict)} {}
  // NOLINTEND(google-explicit-constructor)

  /// Whether it is more than one key, for which the set needs the flag interval.
  [[nodiscard]] bool is_range() const;
  friend auto operator<=>(const SetElement&, const SetElement&) = default;
};
/// As nft prints it: `10.0.0.0/24`, `"eth0"`, `22 : accept`.
std::string to_string(const SetElement& element);

/// What a set holds; it cannot be changed once the set is there.
struct SetType {
  KeyType key = KeyType::ipv4_addr;
  bool interval = false;  ///< `flags interval`: elements may be prefixes and ranges
  bool map = false;       ///< each element has a verdict
  friend auto operator<=>(const SetType&, const SetType&) = default;
};
/// `type inet_service : verdict`
std::string to_string(const SetType& type);

/// A named set or verdict map of a table.
struct Set {
  std::string name;
  SetType type = {};
  std::vector<SetElement> elements = {};
  std::string comment = {};  ///< up to 127 bytes, no quotation mark or line break
  std::uint64_t handle = 0;

  /// Of single keys.
  static Set values(std::string name, KeyType key) { return {.name = std::move(name), .type = {.key = key}}; }
  /// Of prefixes, ranges and single keys; not of interfaces.
  static Set ranges(std::string name, KeyType key);
  /// A map from single keys to verdicts.
  static Set verdicts(std::string name, KeyType key);
  /// A map from prefixes, ranges and single keys to verdicts.
  static Set range_verdicts(std::string name, KeyType key);

  Set& add(SetElement element);
  Set& add(SetElement key, Verdict verdict);
  friend bool operator==(const Set&, const Set&) = default;
};

/// What nft shows between the braces of `set guests {`, from `type` on, each line indented by two tabs.
std::string declaration(const Set& set);

/// `ip saddr @guests`, `tcp dport != { 80, 443 }`: what is in a named set of the table, or among these.
struct SetMatch {
  Field field;
  std::string name = {};  ///< empty: the elements are here
  std::vector<SetElement> elements = {};
  bool inverted = false;  ///< `!=`
  friend auto operator<=>(const SetMatch&, const SetMatch&) = default;
};
/// `tcp dport vmap @services`, `tcp dport vmap { 22 : accept, 80 : jump web }`
struct VerdictMap {
  Field field;
  std::string name = {};  ///< empty: the elements are here
  std::vector<SetElement> elements = {};
  friend auto operator<=>(const VerdictMap&, const VerdictMap&) = default;
};
std::string to_string(const SetMatch& match);
std::string to_string(const VerdictMap& map);

/// Whether a set of that type can hold these: keys of its kind, ranges only in an interval set, nothing twice, no
/// overlap, verdicts in maps and only there. The error's detail names the element.
Result<void> check_elements(const SetType& type, const std::vector<SetElement>& elements);
/// In the order in which nft lists them. Precondition: check_elements().
void sort_elements(const SetType& type, std::vector<SetElement>& elements);
/// The elements of a set without a name as nft keeps them: sorted, neighbouring ranges of a set made one.
/// Precondition: check_elements().
std::vector<SetElement> merged_elements(const SetType& type, std::vector<SetElement> elements);
/// The type of a set that has no name.
SetType anonymous_type(Field field, const std::vector<SetElement>& elements, bool map);

}  // namespace netrig::nft
