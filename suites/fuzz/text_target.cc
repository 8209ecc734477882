// Text that people write: addresses, prefixes, names, ports, units, services, priorities.
#include <netrig/net/address_family.h>
#include <netrig/net/interface_address.h>
#include <netrig/net/interface_name.h>
#include <netrig/net/ip_prefix.h>
#include <netrig/net/mac_address.h>
#include <netrig/net/port.h>
#include <netrig/net/units.h>
#include <netrig/nft/names.h>
#include <netrig/suites/fuzz/target.h>
#include <netrig/traffic/service.h>

#include <arpa/inet.h>

namespace netrig::fuzz {
namespace {

// inet_pton(3) takes what we take and nothing else.
template <class Address>
void address(std::string_view text) {
  round_trip<Address>(text);
  typename Address::Bytes bytes{};
  const bool known = text.find('\0') == std::string_view::npos &&
                     ::inet_pton(socket_domain(Address::kFamily), std::string{text}.c_str(), bytes.data()) == 1;
  const auto parsed = Address::parse(text);
  require(parsed.has_value() == known, "inet_pton(3) agrees", text);
  if (known) require(*parsed == Address{bytes}, "inet_pton(3) reads the same", text);
}

void family(std::string_view text) {
  const auto value = parse_address_family(text);
  if (!value) return;
  const auto again = parse_address_family(to_string(*value));
  require(again && *again == *value, "what was printed is parsed as the same value", text);
}

void table_family(std::string_view text) {
  const auto value = nft::parse_family(text);
  if (!value) return;
  const auto again = nft::parse_family(nft::to_string(*value));
  require(again && *again == *value, "what was printed is parsed as the same value", text);
}

void priority(std::string_view text) {
  for (const auto family : {nft::Family::inet, nft::Family::bridge, nft::Family::netdev}) {
    const auto value = nft::parse_priority(text, family);
    if (!value) continue;
    const auto printed = nft::priority_name(*value, family, nft::Hook::prerouting);
    const auto again = nft::parse_priority(printed, family);
    require(again && *again == *value, "what was printed is parsed as the same value", printed);
  }
}

constexpr void (*kParsers[])(std::string_view) = {
    address<Ipv4Address>,
    address<Ipv6Address>,
    round_trip<IpAddress>,
    round_trip<Ipv4Prefix>,
    round_trip<Ipv6Prefix>,
    round_trip<IpPrefix>,
    round_trip<InterfaceAddress>,
    round_trip<MacAddress>,
    round_trip<InterfaceName>,
    round_trip<Port>,
    round_trip<PortRange>,
    round_trip<Bandwidth>,
    round_trip<ByteCount>,
    round_trip<traffic::Service>,
    family,
    priority,
    table_family,
};

}  // namespace

void run(Input input) { kParsers[input.take() % std::size(kParsers)](input.text()); }

}  // namespace netrig::fuzz
