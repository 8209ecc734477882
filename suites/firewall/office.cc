#include <netrig/suites/firewall/office.h>

namespace netrig::office {

namespace {

// Ethernet's 1500 bytes without PPPoE's 8 (RFC 2516 section 7): what does not fit is not only seen to be so.
constexpr std::uint32_t kLine = 1492;

// A segment is the line's MTU less 40 bytes of headers, or 60 (RFC 9293 section 3.7.1, RFC 8200 section 8.3).
constexpr std::string_view kArrivals = R"(
table inet arrivals {
	chain input {
		type filter hook input priority filter; policy accept;
		meta nfproto ipv4 tcp flags & (syn | ack) == syn tcp option maxseg size 1452 comment "arrives: mss 1452"
		meta nfproto ipv6 tcp flags & (syn | ack) == syn tcp option maxseg size 1432 comment "arrives: mss 1432"
		ip dscp cs3 comment "arrives: cs3"
		ip6 dscp cs3 comment "arrives: cs3, IPv6"
	}
}
)";

}  // namespace

Topology topology() {
  Topology office;
  auto gw = office.router("gw");
  const auto internet = office.host("internet");
  const auto scanner = office.host("scanner");
  auto branch = office.host("branch");
  const auto web = office.host("web");
  const auto mail = office.host("mail");
  const auto dns = office.host("dns");
  const auto pc = office.host("pc");
  const auto phone = office.host("phone");
  const auto admin = office.host("admin");
  const auto ups = office.host("ups");
  office.segment("wan", "198.51.100.0/24, 2001:db8:ffff::/64")
      .join(gw, {.name = "wan0", .address = "198.51.100.1/24, 198.51.100.2/24, 2001:db8:ffff::1/64"})
      .join(internet, {.address = "198.51.100.10/24, 2001:db8:ffff::10/64"})
      .join(scanner, {.address = "198.51.100.66/24, 2001:db8:ffff::42/64"})
      .join(branch, {.name = "wan0", .address = "198.51.100.20/24, 2001:db8:ffff::20/64"})
      .mtu(kLine);
  office.segment("dmz", "10.1.1.0/24, 2001:db8:1:1::/64")
      .join(gw, {.name = "dmz0", .address = "10.1.1.1/24, 2001:db8:1:1::1/64"})
      .join(web, {.address = "10.1.1.10/24, 2001:db8:1:1::10/64"})
      .join(mail, {.address = "10.1.1.25/24, 2001:db8:1:1::25/64"})
      .join(dns, {.address = "10.1.1.53/24, 2001:db8:1:1::53/64"});
  office.segment("lan", "10.1.10.0/24, 2001:db8:1:10::/64")
      .join(gw, {.name = "lan0", .address = "10.1.10.1/24, 2001:db8:1:10::1/64"})
      .join(pc, {.address = "10.1.10.10/24, 2001:db8:1:10::10/64"});
  office.segment("guest", "10.1.20.0/24, 2001:db8:1:20::/64")
      .join(gw, {.name = "guest0", .address = "10.1.20.1/24, 2001:db8:1:20::1/64"})
      .join(phone, {.address = "10.1.20.10/24, 2001:db8:1:20::10/64"});
  office.segment("mgmt", "10.1.99.0/24, 2001:db8:1:99::/64")
      .join(gw, {.name = "mgmt0", .address = "10.1.99.1/24, 2001:db8:1:99::1/64"})
      .join(admin, {.address = "10.1.99.10/24, 2001:db8:1:99::10/64"})
      .join(ups, {.address = "10.1.99.20/24, 2001:db8:1:99::20/64"});
  office.segment("vpn", "10.20.0.0/24, 2001:db8:20::/64")
      .join(gw, {.name = "vpn0", .address = "10.20.0.1/24, 2001:db8:20::1/64"})
      .join(branch, {.name = "vpn0", .address = "10.20.0.20/24, 2001:db8:20::20/64"});
  gw.route("10.21.0.0/24", "10.20.0.20").route("2001:db8:21::/64", "2001:db8:20::20");
  branch.no_automatic_routes()
      .route("10.1.0.0/16", "10.20.0.1")
      .route("2001:db8:1::/48", "2001:db8:20::1")
      .default_route("198.51.100.1")
      .default_route("2001:db8:ffff::1");
  return office;
}

namespace {

std::vector<traffic::Listener> listeners(const Lab& lab, const std::set<Service>& services) {
  std::vector<traffic::Listener> all;
  for (const auto& [node, service] : services) all.push_back(lab[node].listen(service));
  return all;
}

nft::Tracer open_tracer(const Node& node) {
  return value_or_throw(node.run([&] { return nft::Tracer::open(node.name()); }));
}

}  // namespace

Office::Office(const std::set<Service>& services)
    : lab_{topology()}, listeners_{listeners(lab_, services)}, tracer_{open_tracer(lab_["gw"])} {
  lab_["internet"].load_ruleset_text(kArrivals);
  gateway().load_ruleset(rules_file());
}

void Office::reload() const { gateway().load_ruleset(rules_file(), {.interfaces_must_exist = false}); }

}  // namespace netrig::office
