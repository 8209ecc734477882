#include <netrig/nft/preset_text.h>
#include <netrig/nft/presets_nat.h>

#include <algorithm>
#include <ostream>
#include <utility>

namespace netrig::nft {
namespace {

// What differs between the families, as placeholders.
struct FamilyWords {
  AddressFamily family;
  std::string ip, type, number;
};

std::vector<FamilyWords> families_of(const NatSides& sides) {
  std::vector<FamilyWords> families = {{AddressFamily::ipv4, "ip", "ipv4_addr", "4"},
                                       {AddressFamily::ipv6, "ip6", "ipv6_addr", "6"}};
  if (sides.only) std::erase_if(families, [&](const auto& words) { return words.family != *sides.only; });
  return families;
}

std::optional<IpAddress> address_of(const NatSides& sides, AddressFamily family) {
  const auto found = std::ranges::find(sides.addresses, family, &IpAddress::family);
  return found == sides.addresses.end() ? std::nullopt : std::optional{*found};
}

std::string address_text(const FamilyWords& words, const IpAddress& address) {
  return words.family == AddressFamily::ipv4 ? address.to_string() : "[" + address.to_string() + "]";
}

// ---- what makes no sense

std::string name_of(const NatSides& sides) { return sides.inside.to_string() + " to " + sides.outside.to_string(); }

Result<void> check(const NatSides& sides) {
  const auto wrong = [&](std::string why) {
    return fail(Error::invalid("write NAT rules", name_of(sides), std::move(why)));
  };
  if (sides.inside.empty() || sides.outside.empty()) return wrong("an interface has no name: give NatSides both");
  if (sides.inside == sides.outside) return wrong("both sides are one interface: a NAT stands between two");
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    if (std::ranges::count(sides.addresses, family, &IpAddress::family) > 1)
      return wrong("two outside addresses of one family: give the one that the outside interface has first");
  }
  return {};
}

Result<void> check_addresses(const NatSides& sides) {
  for (const auto& words : families_of(sides)) {
    if (address_of(sides, words.family)) continue;
    return fail(
        Error::invalid("write NAT rules", name_of(sides),
                       "hairpinning needs the outside address of " + netrig::to_string(words.family) +
                           ": put it into NatSides::addresses, or translate the other family alone by NatSides::only"));
  }
  return {};
}

Result<void> check(const NatSides& sides, const NatBehaviour& behaviour) {
  NETRIG_TRY(check(sides));
  if (behaviour.hairpinning) NETRIG_TRY(check_addresses(sides));
  if (behaviour.port_preservation && behaviour.mapping != Mapping::endpoint_independent) {
    return fail(Error::invalid("write NAT rules", name_of(sides),
                               std::string{to_string(behaviour.mapping)} +
                                   " mapping with port preservation: a port that is kept is the same for every "
                                   "destination; set port_preservation to false, or mapping to endpoint_independent"));
  }
  const auto& timeouts = behaviour.timeouts;
  for (const auto time : {timeouts.udp, timeouts.tcp_established, timeouts.tcp_transitory}) {
    if (time.count() < 1)
      return fail(Error::invalid("write NAT rules", name_of(sides), "a time-out below 1 s: mappings must live"));
  }
  return {};
}

// ---- the parts of the table

constexpr std::string_view kDynamicSet = R"(
	set $name {
		type $type
		size 65535
		flags dynamic,timeout
		timeout $time
	}
)";

std::string set(std::string_view kind, const std::string& name, const std::string& type) {
  auto text = fill(std::string{kDynamicSet}, {{"$name", name}, {"$type", type}});
  return text.replace(text.find("set"), 3, kind);
}

bool writes_maps(const NatBehaviour& behaviour) {
  return behaviour.filtering != Filtering::address_and_port_dependent || behaviour.hairpinning;
}
bool owns_ports(const NatBehaviour& behaviour) {
  return behaviour.mapping == Mapping::endpoint_independent && behaviour.port_preservation;
}
bool by_address(const NatBehaviour& behaviour) { return behaviour.filtering == Filtering::address_dependent; }

std::string sets(const FamilyWords& words, const NatBehaviour& behaviour) {
  const auto& n = words.number;
  std::string text;
  if (owns_ports(behaviour)) {
    text += set("set", "taken" + n, "inet_proto . inet_service");
    text += set("set", "owners" + n, "inet_proto . inet_service . " + words.type);
  }
  if (writes_maps(behaviour)) {
    text += set("map", "inside_address" + n, "inet_proto . inet_service : " + words.type);
    text += set("map", "inside_port" + n, "inet_proto . inet_service : inet_service");
  }
  if (by_address(behaviour)) text += set("set", "contacted" + n, "inet_proto . inet_service . " + words.type);
  return text;
}

// `dnat` by the maps, of what `match` lets through.
constexpr std::string_view kInward =
    "\t\t$match meta l4proto { tcp, udp }$contacted dnat $ip to meta l4proto . th dport map @inside_address$n:meta "
    "l4proto . th dport map @inside_port$n\n";

std::string inward(const FamilyWords& words, const NatSides& sides, const NatBehaviour& behaviour) {
  std::string rules;
  if (behaviour.filtering != Filtering::address_and_port_dependent) {
    rules += fill(std::string{kInward},
                  {{"$match", "iifname $out fib daddr type local"},
                   {"$contacted", by_address(behaviour) ? " meta l4proto . th dport . $ip saddr @contacted$n" : ""}});
  }
  if (behaviour.hairpinning) {
    rules +=
        fill(std::string{kInward},
             {{"$match", "iifname $in $ip daddr " + address_of(sides, words.family)->to_string()}, {"$contacted", ""}});
  }
  return rules;
}

// A source translation of TCP and UDP that gives another port than the inside one: `$to` is `masquerade`, or `snat` to
// an address, both to be followed by ports.
constexpr std::string_view kOtherHalf =
    R"(		$match meta l4proto { tcp, udp } th sport 0-33279 $to:33280-65535
		$match meta l4proto { tcp, udp } th sport 33280-65535 $to:1024-33279
)";
constexpr std::string_view kByAddress =
    "\t\t$match meta l4proto { tcp, udp } $to:jhash meta l4proto . $ip saddr . th sport . $ip daddr mod 64512 seed 0x1 "
    "offset 1024\n";

std::string other_port(std::string_view rules, const std::string& match, const std::string& to) {
  return fill(std::string{rules}, {{"$match", match}, {"$to", to}});
}

// What hairpins all goes to one address, the outside one: address-dependent mapping is not seen to be that.
std::string hairpin(const FamilyWords& words, const NatSides& sides, const NatBehaviour& behaviour) {
  if (!behaviour.hairpinning) return "";
  const std::string match = "iifname $in oifname $in ct status dnat meta nfproto $family";
  const auto address = *address_of(sides, words.family);
  const auto plain = "snat $ip to " + address.to_string();
  if (owns_ports(behaviour)) return "\t\t" + match + " " + plain + "\n";
  if (behaviour.mapping == Mapping::address_and_port_dependent) return "\t\t" + match + " " + plain + " fully-random\n";
  return other_port(kOtherHalf, match, "snat $ip to " + address_text(words, address));
}

constexpr std::string_view kOwn =
    "\t\tmeta nfproto $family add @taken$n { meta l4proto . th sport } add @owners$n { meta l4proto . th sport . $ip "
    "saddr } masquerade\n";

std::string outward(const NatBehaviour& behaviour) {
  const std::string match = "meta nfproto $family";
  if (behaviour.mapping == Mapping::address_and_port_dependent) return "\t\t" + match + " masquerade fully-random\n";
  if (behaviour.mapping == Mapping::address_dependent) return other_port(kByAddress, match, "masquerade to ");
  if (!behaviour.port_preservation) return other_port(kOtherHalf, match, "masquerade to ");
  return "\t\tmeta l4proto . th sport . $ip saddr @owners$n masquerade\n" +
         other_port(kOtherHalf, match + " meta l4proto . th sport @taken$n", "masquerade to ") + std::string{kOwn};
}

// For each protocol and family, since they live for different times.
constexpr std::string_view kRenewOwners =
    "\t\tmeta l4proto . $th sport . $ip saddr @owners$n update @owners$n { meta l4proto . $th sport . $ip saddr$life "
    "}\n";
constexpr std::string_view kRenewTaken = "\t\tmeta nfproto $family update @taken$n { meta l4proto . $th sport$life }\n";
constexpr std::string_view kWriteContacted = "\t\tupdate @contacted$n { meta l4proto . $th sport . $ip daddr$life }\n";
// A port that an earlier mapping had by chance leads to the later one: an update alone leaves the place as it was.
constexpr std::string_view kWriteMaps =
    R"(		ct state new ct direction original delete @inside_address$n { meta l4proto . $th sport : ct original $ip saddr } delete @inside_port$n { meta l4proto . $th sport : ct original proto-src }
		ct direction original update @inside_address$n { meta l4proto . $th sport$life : ct original $ip saddr } update @inside_port$n { meta l4proto . $th sport$life : ct original proto-src }
		ct direction reply update @inside_address$n { meta l4proto . $th sport$life : ct reply $ip saddr } update @inside_port$n { meta l4proto . $th sport$life : ct reply proto-src }
)";

std::string for_protocols(const std::string& text, const NatBehaviour& behaviour) {
  return fill(text, {{"$th", "udp"}, {"$life", ""}}) +
         fill(text, {{"$th", "tcp"}, {"$life", " timeout " + duration_text(behaviour.timeouts.tcp_established)}});
}

constexpr std::string_view kTable = R"(table inet translation {
$objects$sets
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
$inward	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
$hairpin$others		oifname != $out accept
		meta l4proto != { tcp, udp } masquerade
$outward	}

	chain inside_ports {
		type filter hook postrouting priority srcnat - 10; policy accept;
$others		oifname != $out accept
		meta l4proto udp ct timeout set "udp_idle"
		meta l4proto tcp ct timeout set "tcp_idle"
$owners	}

	chain outside_ports {
		type filter hook postrouting priority srcnat + 10; policy accept;
$others		oifname != $out accept
$maps	}
}
)";

constexpr std::string_view kSharedAddresses = R"(table inet carrier {
	chain prerouting {
		type filter hook prerouting priority raw; policy accept;
		iifname $out ip saddr 100.64.0.0/10 drop comment "RFC 6598 4: shared address from outside"
		iifname $out ip daddr 100.64.0.0/10 drop comment "RFC 6598 4: shared address from outside"
	}

	chain postrouting {
		type filter hook postrouting priority srcnat + 10; policy accept;
		oifname $out ip saddr 100.64.0.0/10 drop comment "RFC 6598 4: shared address to the outside"
		oifname $out ip daddr 100.64.0.0/10 drop comment "RFC 6598 4: shared address to the outside"
	}
}
)";

constexpr std::string_view kPrefixes = R"(table ip6 translation {
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		ip6 daddr $outside_prefix dnat prefix to $inside_prefix
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		oifname $out ip6 saddr $inside_prefix snat prefix to $outside_prefix
		iifname $in oifname $in ct status dnat ip6 saddr $inside_prefix snat prefix to $outside_prefix
	}
}
)";

std::string for_family(const std::string& text, const FamilyWords& words) {
  return fill(
      text,
      {{"$family", words.family == AddressFamily::ipv4 ? "ipv4" : "ipv6"}, {"$ip", words.ip}, {"$n", words.number}});
}

}  // namespace

std::string to_string(const NatBehaviour& behaviour) {
  auto text = std::string{to_string(behaviour.mapping)} + " mapping, ";
  text.append(to_string(behaviour.filtering)).append(" filtering");
  if (behaviour.port_preservation) text += ", preserves ports";
  if (behaviour.hairpinning) text += ", hairpins";
  return text;
}
std::ostream& operator<<(std::ostream& out, const NatBehaviour& behaviour) { return out << to_string(behaviour); }

NatBehaviour full_cone() { return {.filtering = Filtering::endpoint_independent}; }
NatBehaviour restricted_cone() { return {.filtering = Filtering::address_dependent}; }
NatBehaviour port_restricted_cone() { return {}; }
NatBehaviour symmetric() { return {.mapping = Mapping::address_and_port_dependent, .port_preservation = false}; }

Result<std::string> nat_rules(const NatSides& sides, const NatBehaviour& behaviour) {
  NETRIG_TRY(check(sides, behaviour));
  std::string declared, in, loops, out, owners, maps;
  for (const auto& words : families_of(sides)) {
    declared += sets(words, behaviour);
    in += for_family(inward(words, sides, behaviour), words);
    loops += for_family(hairpin(words, sides, behaviour), words);
    out += for_family(outward(behaviour), words);
    std::string written;
    if (owns_ports(behaviour)) written += kRenewTaken;
    if (by_address(behaviour)) written += kWriteContacted;
    if (writes_maps(behaviour)) written += kWriteMaps;
    maps += for_family(for_protocols(written, behaviour), words);
    if (owns_ports(behaviour)) owners += for_family(for_protocols(std::string{kRenewOwners}, behaviour), words);
  }
  const auto others = sides.only ? "\t\tmeta nfproto != " + netrig::to_string(*sides.only) + " accept\n" : "";
  return fill(std::string{kTable}, {{"$objects", timeout_objects(behaviour.timeouts)},
                                    {"$sets", declared},
                                    {"$inward", in},
                                    {"$hairpin", loops},
                                    {"$outward", out},
                                    {"$owners", owners},
                                    {"$maps", maps},
                                    {"$others", others},
                                    {"$time", duration_text(behaviour.timeouts.udp)},
                                    {"$in", quoted(sides.inside)},
                                    {"$out", quoted(sides.outside)}});
}

Result<std::string> carrier_nat(const NatSides& sides, const IdleTimeouts& timeouts) {
  auto carrier = sides;
  carrier.only = AddressFamily::ipv4;
  auto rules = NETRIG_TRY(nat_rules(carrier, {.filtering = Filtering::endpoint_independent,
                                              .port_preservation = false,
                                              .hairpinning = true,
                                              .timeouts = timeouts}));
  return rules + fill(std::string{kSharedAddresses}, {{"$out", quoted(sides.outside)}});
}

Result<std::string> prefix_translation(const NatSides& sides, const IpPrefix& inside_prefix,
                                       const IpPrefix& outside_prefix) {
  NETRIG_TRY(check(sides));
  const auto what = inside_prefix.to_string() + " to " + outside_prefix.to_string();
  if (inside_prefix.address().is_v4() || outside_prefix.address().is_v4())
    return fail(Error::invalid("translate prefix", what, "NPTv6 is for IPv6: give two IPv6 prefixes"));
  if (inside_prefix.length() != outside_prefix.length())
    return fail(Error::invalid("translate prefix", what, "the lengths differ: give prefixes of one length"));
  return fill(std::string{kPrefixes}, {{"$inside_prefix", inside_prefix.to_string()},
                                       {"$outside_prefix", outside_prefix.to_string()},
                                       {"$in", quoted(sides.inside)},
                                       {"$out", quoted(sides.outside)}});
}

std::vector<NatBehaviour> all_nat_behaviours() {
  std::vector<NatBehaviour> all;
  for (const auto mapping :
       {Mapping::endpoint_independent, Mapping::address_dependent, Mapping::address_and_port_dependent}) {
    for (const auto filtering :
         {Filtering::endpoint_independent, Filtering::address_dependent, Filtering::address_and_port_dependent}) {
      for (const bool preserves : {false, true}) {
        if (preserves && mapping != Mapping::endpoint_independent) continue;
        for (const bool hairpins : {false, true}) all.push_back({mapping, filtering, preserves, hairpins, {}});
      }
    }
  }
  return all;
}

}  // namespace netrig::nft
