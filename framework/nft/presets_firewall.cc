#include <netrig/nft/preset_text.h>
#include <netrig/nft/presets_firewall.h>

namespace netrig::nft {
namespace {

// Which inside endpoints have sent something out, and with address-dependent filtering to whom.
struct Openings {
  std::string sets;    // of the table
  std::string notes;   // rules that write packets from inside down
  std::string accept;  // rules for packets from outside
};

constexpr std::string_view kOpenedSet = R"(
	set opened$n {
		type inet_proto . $type . inet_service$peer_type
		size 65535
		flags dynamic,timeout
		timeout $udps
	}
)";
constexpr std::string_view kOpenedNote =
    "\t\tiifname $in oifname $out meta l4proto { tcp, udp } update @opened$n { meta l4proto . $ip saddr . th sport$to "
    "}\n";
constexpr std::string_view kOpenedAccept =
    "\t\tiifname $out oifname $in meta l4proto . $ip daddr . th dport$from @opened$n accept comment \"RFC 6092 3.2.3, "
    "3.3.1: $filtering filtering\"\n";

Openings openings(Filtering filtering) {
  if (filtering == Filtering::address_and_port_dependent) return {};
  const bool by_address = filtering == Filtering::address_dependent;
  Openings openings;
  for (const bool v4 : {true, false}) {
    const std::string ip = v4 ? "ip" : "ip6", type = v4 ? "ipv4_addr" : "ipv6_addr";
    const Placeholders words = {{"$n", v4 ? "4" : "6"},
                                {"$type", type},
                                {"$peer_type", by_address ? " . " + type : ""},
                                {"$to", by_address ? " . " + ip + " daddr" : ""},
                                {"$from", by_address ? " . " + ip + " saddr" : ""},
                                {"$ip", ip},
                                {"$filtering", std::string{to_string(filtering)}}};
    openings.sets += fill(std::string{kOpenedSet}, words);
    openings.notes += fill(std::string{kOpenedNote}, words);
    openings.accept += fill(std::string{kOpenedAccept}, words);
  }
  return openings;
}

constexpr std::string_view kUniqueLocal =
    R"(		iifname $out ip6 saddr fc00::/7 drop comment "RFC 6092 3.1 REC-7: unique local source"
		oifname $out ip6 saddr fc00::/7 drop comment "RFC 6092 3.1 REC-7: unique local source"
		oifname $out ip6 daddr fc00::/7 drop comment "RFC 6092 3.1 REC-7: unique local destination"
		iifname $out ip6 daddr fc00::/7 drop comment "RFC 6092 3.1 REC-7: unique local destination"
)";

constexpr std::string_view kRouter = R"(table inet firewall {
$timeouts$sets
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		ct state established,related accept
		icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
		icmpv6 type echo-request accept
		icmp type echo-request accept
		iifname $in accept
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		rt type 0 drop comment "RFC 6092 3.1 REC-4: source routing"
		ct state invalid drop comment "RFC 6092 3.2.1 REC-10: of no known connection"
		ip6 saddr { ::/96, ::ffff:0.0.0.0/96, 2001:10::/28, fec0::/10 } drop comment "RFC 6092 3.1 REC-3: source not for the public network"
		ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2001:10::/28, fec0::/10 } drop comment "RFC 6092 3.1 REC-3: destination not for the public network"
		fib saddr . iif oif missing drop comment "RFC 6092 3.1 REC-5, REC-6: forged source"
$unique_local		meta l4proto udp ct timeout set "udp_idle"
		meta l4proto tcp ct timeout set "tcp_idle"
$notes		ct state established,related accept
		iifname $in oifname $out accept
		iifname $out oifname $in ip6 nexthdr { esp, ah, hip } accept comment "RFC 6092 3.2.4 REC-21, REC-22, REC-26: IPsec and HIP"
		iifname $out oifname $in meta nfproto ipv6 udp dport 500 accept comment "RFC 6092 3.2.4 REC-24: IKE"
		iifname $out oifname $in icmpv6 type echo-request accept comment "RFC 4890 4.3.1: echo requests"
$accept		iifname $out oifname $in tcp flags syn / fin,syn,rst,ack reject with icmpx admin-prohibited comment "RFC 6092 3.3.1 REC-34: unsolicited SYN"
	}
}
)";

constexpr std::string_view kClient = R"(table inet firewall {
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		ct state established,related accept
		icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
	}
}
)";

constexpr std::string_view kCorporate = R"(table inet firewall {
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		ct state established,related accept
		icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
		iifname $in icmpv6 type echo-request accept
		iifname $in icmp type echo-request accept
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state invalid drop comment "of no known connection"
		ct state established,related accept
		iifname $in oifname $out tcp dport { 53, 80, 443 } accept comment "web and names"
		iifname $in oifname $out udp dport 53 accept comment "names"
		iifname $in oifname $out reject with icmpx admin-prohibited comment "not for the office"
	}
}
)";

}  // namespace

std::string router_firewall(const RouterFirewall& router) {
  const auto opened = openings(router.filtering);
  return fill(std::string{kRouter}, {{"$timeouts", timeout_objects(router.timeouts)},
                                     {"$sets", opened.sets},
                                     {"$notes", opened.notes},
                                     {"$accept", opened.accept},
                                     {"$unique_local", router.unique_local ? "" : std::string{kUniqueLocal}},
                                     {"$udps", duration_text(router.timeouts.udp)},
                                     {"$in", quoted(router.inside)},
                                     {"$out", quoted(router.outside)}});
}

std::string client_firewall() { return std::string{kClient}; }

std::string corporate_firewall(const InterfaceName& inside, const InterfaceName& outside) {
  return fill(std::string{kCorporate}, {{"$in", quoted(inside)}, {"$out", quoted(outside)}});
}

}  // namespace netrig::nft
