#include <netrig/doctor/examine.h>
#include <netrig/doctor/inside.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/socket.h>
#include <netrig/netlink/tun.h>
#include <netrig/netns/net_ns.h>
#include <netrig/nft/conntrack.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/list.h>
#include <netrig/nft/nf_socket.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>

namespace netrig::doctor {
namespace {

constexpr std::string_view kLinkKinds[] = {"bridge", "macvlan", "ipvlan",    "vlan", "vxlan",  "dummy", "ifb",
                                           "vrf",    "bond",    "wireguard", "gre",  "geneve", "netkit"};
constexpr std::string_view kQdiscKinds[] = {"netem", "tbf", "htb", "fq", "fq_codel", "pfifo", "ingress"};

struct Rules {
  std::string_view id;
  std::string_view text;
};

// The shortest ruleset with each expression.
constexpr Rules kRules[] = {
    {"nft-inet",
     "table inet t { chain c { type filter hook input priority 0; ip saddr 192.0.2.1 tcp dport 80 counter drop; }; }"},
    {"nft-ingress", "table inet t { chain c { type filter hook ingress device \"lo\" priority 0; counter; }; }"},
    {"nft-egress", "table netdev t { chain c { type filter hook egress device \"lo\" priority 0; counter; }; }"},
    {"nft-bridge", "table bridge t { chain c { type filter hook forward priority 0; counter; }; }"},
    {"nft-conntrack", "table inet t { chain c { type filter hook input priority 0; ct state established accept; }; }"},
    {"nft-bridge-conntrack",
     "table bridge t { chain c { type filter hook forward priority 0; ct state established accept; }; }"},
    {"nft-bridge-reject", "table bridge t { chain c { type filter hook input priority 0; reject; }; }"},
    {"nft-masquerade", "table ip t { chain c { type nat hook postrouting priority 100; masquerade; }; }"},
    {"nft-nat", "table ip t { chain c { type nat hook prerouting priority -100; dnat to 192.0.2.1; }; }"},
    {"nft-redirect",
     "table ip t { chain c { type nat hook prerouting priority -100; tcp dport 80 redirect to :8080; }; }"},
    {"nft-reject", "table inet t { chain c { type filter hook input priority 0; reject; }; }"},
    {"nft-limit", "table inet t { chain c { type filter hook input priority 0; limit rate 10/second accept; }; }"},
    {"nft-log", "table inet t { chain c { type filter hook input priority 0; log prefix \"x\"; }; }"},
    {"nft-set",
     "table inet t { set s { type ipv4_addr; flags interval; elements = { 192.0.2.0/24 }; }; chain c { type filter "
     "hook "
     "input priority 0; ip saddr @s drop; }; }"},
    {"nft-numgen", "table inet t { chain c { type filter hook input priority 0; numgen inc mod 10 0 drop; }; }"},
    {"nft-connlimit", "table inet t { chain c { type filter hook input priority 0; ct count over 10 drop; }; }"},
    {"nft-notrack", "table inet t { chain c { type filter hook prerouting priority -300; notrack; }; }"},
    {"nft-trace", "table inet t { chain c { type filter hook prerouting priority -400; meta nftrace set 1; }; }"},
};

// nft's errors have a code of their own only in words, and quote the ruleset in the lines after the first.
std::string words_of(const Error& error) {
  auto detail = error.detail.substr(0, error.detail.find('\n'));
  if (error.code == 0) return detail;
  return describe_errno(error.code) + (detail.empty() ? "" : ": " + detail);
}

Finding of(std::string_view id, const Result<void>& result) {
  return result ? found(id) : lacks(id, words_of(result.error()));
}

Finding of_errno(std::string_view id, int error) { return error == 0 ? found(id) : lacks(id, describe_errno(error)); }

// Where each check meets nothing that another one left.
template <class Check>
Result<void> in_fresh_namespace(Check check) {
  return NETRIG_TRY(netns::NetNs::create()).run([&]() -> Result<void> { return check(); });
}

Result<void> filter_vlans() {
  auto socket = NETRIG_TRY(netlink::Socket::open("doctor"));
  netlink::LinkSpec spec{.name = InterfaceName{"br0"}};
  return netlink::Batch{socket}.add_link(spec, netlink::Bridge{.vlan_filtering = true}).send();
}

std::string id_of_link(std::string_view kind) { return "link-" + std::string{kind}; }

void add_links(Report& report) {
  const auto checked = in_fresh_namespace([&]() -> Result<void> {
    auto socket = NETRIG_TRY(netlink::Socket::open("doctor"));
    for (const auto kind : kLinkKinds) {
      report.push_back(finding_of_kind(id_of_link(kind), netlink::supports(socket, kind)));
    }
    return {};
  });
  if (!checked) {
    for (const auto kind : kLinkKinds) report.push_back(lacks(id_of_link(kind), words_of(checked.error())));
  }
  report.push_back(of("link-bridge-vlan", in_fresh_namespace(filter_vlans)));
}

void add_qdiscs(Report& report) {
  for (const auto kind : kQdiscKinds) {
    report.push_back(of("qdisc-" + std::string{kind}, in_fresh_namespace([&] { return make_qdisc(kind); })));
  }
}

void add_rules(Report& report) {
  for (const auto& [id, text] : kRules) {
    const auto load = [&]() -> Result<void> { return NETRIG_TRY(nft::Frontend::open("doctor")).load_text(text); };
    report.push_back(of(id, in_fresh_namespace(load)));
  }
  const auto list = []() -> Result<void> {
    auto socket = NETRIG_TRY(nft::NfSocket::open("doctor"));
    NETRIG_TRY(nft::list_conntrack(socket));
    return {};
  };
  report.push_back(of("conntrack", in_fresh_namespace(list)));
  const auto reset = []() -> Result<void> {
    auto nft = NETRIG_TRY(nft::Frontend::open("doctor"));
    NETRIG_TRY(nft.load_text("table inet t { counter c { packets 1 bytes 1; }; }"));
    auto socket = NETRIG_TRY(nft::NfSocket::open("doctor"));
    return nft::reset_counters(socket, {nft::Family::inet, "t"});
  };
  report.push_back(of("nft-reset", in_fresh_namespace(reset)));
}

int try_file(const char* path, int flags) {
  const UniqueFd file{::open(path, flags | O_CLOEXEC)};
  return file ? 0 : errno;
}

void add_sockets(Report& report) {
  report.push_back(of_errno("raw-socket", try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)));
  report.push_back(of_errno("packet-capture", try_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))));
  const auto ping = ::access("/proc/sys/net/ipv4/ping_group_range", R_OK) == 0 ? 0 : errno;
  report.push_back(of_errno("ping-socket", ping));
  report.push_back(of_errno("sctp", try_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP)));
  report.push_back(of_errno("tun", try_file("/dev/net/tun", O_RDWR)));
}

}  // namespace

Finding finding_of_kind(std::string_view id, const Result<bool>& known) {
  if (!known) return lacks(id, words_of(known.error()));
  return *known ? found(id) : lacks(id, "Unknown device type");
}

Report examine_inside() {
  Report report;
  add_links(report);
  add_qdiscs(report);
  add_rules(report);
  add_sockets(report);
  report.push_back(of_errno("pid-max", try_file("/proc/sys/kernel/pid_max", O_WRONLY)));
  return report;
}

}  // namespace netrig::doctor
