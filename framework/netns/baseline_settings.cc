// The table. Most values are the kernel's own defaults: they stand here because hosts change them and fresh namespaces
// copy that, or because the kernel sizes them by the machine. Sources: Documentation/networking/ip-sysctl.rst,
// nf_conntrack-sysctl.rst, and net/ipv4/devinet.c, tcp_ipv4.c, net/ipv6/addrconf.c for what is copied.
#include <netrig/netns/baseline.h>

namespace netrig::netns {

namespace {

constexpr std::string_view kCopied = "copied from the host; this is the kernel's default";
constexpr std::string_view kTuned = "often changed by hosts or distributions; this is the kernel's default";
constexpr std::string_view kForwarding = "hosts do not forward; routers are told to";
constexpr std::string_view kNoDad = "an address is usable at once, not after a second of duplicate address detection";
constexpr std::string_view kNoRouterAdvertisements = "addresses and routes follow from the topology alone";
constexpr std::string_view kIcmpUnlimited =
    "every error is sent: by default the kernel drops some by target and by rate. Give it its default again to test "
    "limits";
constexpr std::string_view kBridged = "bridged frames bypass the IP firewall, whether br_netfilter is loaded or not";
constexpr std::string_view kOneSize = "sized by the machine's memory or tuned by the host";
constexpr std::string_view kHostWide = "one value for all user namespaces, the host's";
constexpr std::string_view kNeighbours = "each new device copies the host's; this is the kernel's default";
constexpr std::string_view kModuleOption = "a module option of the host's decides; this is the kernel's default";

constexpr BaselineSetting kBaseline[] = {
    // Forwarding first: it changes the settings of redirects.
    {"net.ipv4.ip_forward", "0", kForwarding},
    {"net.ipv4.tcp_congestion_control", "reno",
     "copied from the host, and decides throughput; every kernel has reno and lets every user choose it"},
    {"net.ipv4.tcp_rmem", "4096 131072 6291456", kOneSize},
    {"net.ipv4.tcp_wmem", "4096 16384 4194304", kOneSize},
    {"net.ipv4.tcp_ecn", "2", kTuned},
    {"net.ipv4.tcp_fastopen", "1", kTuned},
    {"net.ipv4.tcp_fin_timeout", "60", kTuned},
    {"net.ipv4.tcp_keepalive_time", "7200", kTuned},
    {"net.ipv4.tcp_moderate_rcvbuf", "1", kTuned},
    {"net.ipv4.tcp_max_syn_backlog", "2048", kOneSize},
    {"net.ipv4.tcp_max_tw_buckets", "131072", kOneSize},
    {"net.ipv4.tcp_mtu_probing", "0", kTuned},
    {"net.ipv4.tcp_sack", "1", kTuned},
    {"net.ipv4.tcp_slow_start_after_idle", "1", kTuned},
    {"net.ipv4.tcp_syn_retries", "6", kTuned},
    {"net.ipv4.tcp_synack_retries", "5", kTuned},
    {"net.ipv4.tcp_syncookies", "1", kTuned},
    {"net.ipv4.tcp_timestamps", "1", kTuned},
    {"net.ipv4.tcp_tw_reuse", "2", kTuned},
    {"net.ipv4.tcp_window_scaling", "1", kTuned},
    {"net.ipv4.icmp_ratemask", "0", kIcmpUnlimited},
    {"net.ipv4.icmp_echo_ignore_all", "0", kTuned},
    {"net.ipv4.icmp_echo_ignore_broadcasts", "1", kTuned},
    {"net.ipv4.ping_group_range", "0 0",
     "the sandbox's root group may open ping sockets; it is the one group that is mapped in every sandbox"},
    {"net.ipv4.ip_default_ttl", "64", kTuned},
    {"net.ipv4.ip_local_port_range", "32768 60999", kTuned},
    {"net.ipv4.ip_local_reserved_ports", "", kTuned},
    {"net.ipv4.ip_unprivileged_port_start", "1024", kTuned},
    {"net.ipv4.ip_nonlocal_bind", "0", kTuned},
    {"net.ipv4.ip_no_pmtu_disc", "0", kTuned},
    {"net.ipv4.fib_multipath_hash_policy", "0", kTuned},
    {"net.ipv4.fib_multipath_hash_seed", "1", "otherwise random at boot, and with it the path that a flow takes"},
    {"net.ipv4.conf.all.rp_filter", "0", kCopied},
    {"net.ipv4.conf.default.rp_filter", "0", kCopied},
    {"net.ipv4.conf.all.accept_local", "0", kCopied},
    {"net.ipv4.conf.default.accept_local", "0", kCopied},
    {"net.ipv4.conf.all.accept_redirects", "1", kCopied},
    {"net.ipv4.conf.default.accept_redirects", "1", kCopied},
    {"net.ipv4.conf.all.secure_redirects", "1", kCopied},
    {"net.ipv4.conf.default.secure_redirects", "1", kCopied},
    {"net.ipv4.conf.all.send_redirects", "1", kCopied},
    {"net.ipv4.conf.default.send_redirects", "1", kCopied},
    {"net.ipv4.conf.all.shared_media", "1", kCopied},
    {"net.ipv4.conf.default.shared_media", "1", kCopied},
    {"net.ipv4.conf.all.accept_source_route", "0", kCopied},
    {"net.ipv4.conf.default.accept_source_route", "1", kCopied},
    {"net.ipv4.conf.all.arp_evict_nocarrier", "1", kCopied, true},
    {"net.ipv4.conf.default.arp_evict_nocarrier", "1", kCopied, true},
    {"net.ipv4.conf.all.bootp_relay", "0", kCopied},
    {"net.ipv4.conf.default.bootp_relay", "0", kCopied},
    {"net.ipv4.conf.all.disable_policy", "0", kCopied},
    {"net.ipv4.conf.default.disable_policy", "0", kCopied},
    {"net.ipv4.conf.all.disable_xfrm", "0", kCopied},
    {"net.ipv4.conf.default.disable_xfrm", "0", kCopied},
    {"net.ipv4.conf.all.igmpv2_unsolicited_report_interval", "10000", kCopied},
    {"net.ipv4.conf.default.igmpv2_unsolicited_report_interval", "10000", kCopied},
    {"net.ipv4.conf.all.igmpv3_unsolicited_report_interval", "1000", kCopied},
    {"net.ipv4.conf.default.igmpv3_unsolicited_report_interval", "1000", kCopied},
    {"net.ipv4.conf.all.medium_id", "0", kCopied},
    {"net.ipv4.conf.default.medium_id", "0", kCopied},
    {"net.ipv4.conf.all.proxy_arp_pvlan", "0", kCopied},
    {"net.ipv4.conf.default.proxy_arp_pvlan", "0", kCopied},
    {"net.ipv4.conf.all.tag", "0", kCopied},
    {"net.ipv4.conf.default.tag", "0", kCopied},
    {"net.ipv4.conf.all.arp_accept", "0", kCopied},
    {"net.ipv4.conf.default.arp_accept", "0", kCopied},
    {"net.ipv4.conf.all.arp_announce", "0", kCopied},
    {"net.ipv4.conf.default.arp_announce", "0", kCopied},
    {"net.ipv4.conf.all.arp_filter", "0", kCopied},
    {"net.ipv4.conf.default.arp_filter", "0", kCopied},
    {"net.ipv4.conf.all.arp_ignore", "0", kCopied},
    {"net.ipv4.conf.default.arp_ignore", "0", kCopied},
    {"net.ipv4.conf.all.arp_notify", "0", kCopied},
    {"net.ipv4.conf.default.arp_notify", "0", kCopied},
    {"net.ipv4.conf.all.bc_forwarding", "0", kCopied},
    {"net.ipv4.conf.default.bc_forwarding", "0", kCopied},
    {"net.ipv4.conf.all.drop_gratuitous_arp", "0", kCopied},
    {"net.ipv4.conf.default.drop_gratuitous_arp", "0", kCopied},
    {"net.ipv4.conf.all.drop_unicast_in_l2_multicast", "0", kCopied},
    {"net.ipv4.conf.default.drop_unicast_in_l2_multicast", "0", kCopied},
    {"net.ipv4.conf.all.force_igmp_version", "0", kCopied},
    {"net.ipv4.conf.default.force_igmp_version", "0", kCopied},
    {"net.ipv4.conf.all.ignore_routes_with_linkdown", "0", kCopied},
    {"net.ipv4.conf.default.ignore_routes_with_linkdown", "0", kCopied},
    {"net.ipv4.conf.all.log_martians", "0", kCopied},
    {"net.ipv4.conf.default.log_martians", "0", kCopied},
    {"net.ipv4.conf.all.promote_secondaries", "0", kCopied},
    {"net.ipv4.conf.default.promote_secondaries", "0", kCopied},
    {"net.ipv4.conf.all.proxy_arp", "0", kCopied},
    {"net.ipv4.conf.default.proxy_arp", "0", kCopied},
    {"net.ipv4.conf.all.route_localnet", "0", kCopied},
    {"net.ipv4.conf.default.route_localnet", "0", kCopied},
    {"net.ipv4.conf.all.src_valid_mark", "0", kCopied},
    {"net.ipv4.conf.default.src_valid_mark", "0", kCopied},

    {"net.ipv6.conf.all.forwarding", "0", kForwarding},
    {"net.ipv6.conf.default.forwarding", "0", kForwarding},
    {"net.ipv6.conf.all.disable_ipv6", "0", "both address families always; a boot option can turn IPv6 off"},
    {"net.ipv6.conf.default.disable_ipv6", "0", "both address families always; a boot option can turn IPv6 off"},
    {"net.ipv6.conf.all.accept_dad", "0", kNoDad},
    {"net.ipv6.conf.default.accept_dad", "0", kNoDad},
    {"net.ipv6.conf.default.dad_transmits", "1", "for a test that turns accept_dad on; this is the kernel's default"},
    {"net.ipv6.conf.default.optimistic_dad", "0", kTuned},
    {"net.ipv6.conf.default.accept_ra", "0", kNoRouterAdvertisements},  // nor are routers solicited
    {"net.ipv6.conf.default.autoconf", "1", "for a test that turns accept_ra on; this is the kernel's default"},
    {"net.ipv6.conf.default.addr_gen_mode", "0", "a link-local address follows from the MAC address"},
    {"net.ipv6.conf.default.use_tempaddr", "0", "no random addresses"},
    {"net.ipv6.conf.all.accept_redirects", "1", kTuned},
    {"net.ipv6.conf.default.accept_redirects", "1", kTuned},
    {"net.ipv6.conf.all.accept_source_route", "0", kTuned},
    {"net.ipv6.conf.default.accept_source_route", "0", kTuned},
    {"net.ipv6.conf.default.hop_limit", "64", kTuned},
    {"net.ipv6.conf.all.keep_addr_on_down", "0", kTuned},
    {"net.ipv6.conf.default.keep_addr_on_down", "0", kTuned},
    {"net.ipv6.bindv6only", "0", kTuned},
    {"net.ipv6.fib_multipath_hash_policy", "0", kTuned},
    {"net.ipv6.icmp.ratemask", "", kIcmpUnlimited},
    {"net.ipv6.icmp.echo_ignore_all", "0", kTuned},

    {"net.bridge.bridge-nf-call-iptables", "0", kBridged, true},
    {"net.bridge.bridge-nf-call-ip6tables", "0", kBridged, true},
    {"net.bridge.bridge-nf-call-arptables", "0", kBridged, true},
    {"net.bridge.bridge-nf-filter-vlan-tagged", "0", kBridged, true},
    {"net.bridge.bridge-nf-filter-pppoe-tagged", "0", kBridged, true},

    {"net.netfilter.nf_conntrack_acct", "0", kModuleOption, true},
    {"net.netfilter.nf_conntrack_timestamp", "0", kModuleOption, true},
    {"net.netfilter.nf_conntrack_helper", "0", kModuleOption, true},
    {"net.netfilter.nf_conntrack_checksum", "1", kTuned, true},
    {"net.netfilter.nf_conntrack_log_invalid", "0", kTuned, true},
    {"net.netfilter.nf_conntrack_tcp_be_liberal", "0", kTuned, true},
    {"net.netfilter.nf_conntrack_tcp_loose", "1", kTuned, true},

    {"net.core.somaxconn", "4096", kTuned},
    {"net.core.rmem_default", "212992", kHostWide},
    {"net.core.rmem_max", "212992", kHostWide},
    {"net.core.wmem_default", "212992", kHostWide},
    {"net.core.wmem_max", "212992", kHostWide},
    {"net.core.default_qdisc", "pfifo_fast", kHostWide},
    {"net.unix.max_dgram_qlen", "10", kTuned},
};

// What neigh_parms_alloc (net/core/neighbour.c) copies, as arp_tbl and nd_tbl have it before anybody changes them.
constexpr BaselineSetting kDevice[] = {
    {"net.ipv4.neigh.*.anycast_delay", "100", kNeighbours},
    {"net.ipv4.neigh.*.app_solicit", "0", kNeighbours},
    {"net.ipv4.neigh.*.base_reachable_time_ms", "30000", kNeighbours},
    {"net.ipv4.neigh.*.delay_first_probe_time", "5", kNeighbours},
    {"net.ipv4.neigh.*.gc_stale_time", "60", kNeighbours},
    {"net.ipv4.neigh.*.interval_probe_time_ms", "5000", kNeighbours},
    {"net.ipv4.neigh.*.locktime", "100", kNeighbours},
    {"net.ipv4.neigh.*.mcast_resolicit", "0", kNeighbours},
    {"net.ipv4.neigh.*.mcast_solicit", "3", kNeighbours},
    {"net.ipv4.neigh.*.proxy_delay", "80", kNeighbours},
    {"net.ipv4.neigh.*.proxy_qlen", "64", kNeighbours},
    {"net.ipv4.neigh.*.retrans_time_ms", "1000", kNeighbours},
    {"net.ipv4.neigh.*.ucast_solicit", "3", kNeighbours},
    {"net.ipv4.neigh.*.unres_qlen_bytes", "212992", kNeighbours},
    {"net.ipv6.neigh.*.anycast_delay", "100", kNeighbours},
    {"net.ipv6.neigh.*.app_solicit", "0", kNeighbours},
    {"net.ipv6.neigh.*.base_reachable_time_ms", "30000", kNeighbours},
    {"net.ipv6.neigh.*.delay_first_probe_time", "5", kNeighbours},
    {"net.ipv6.neigh.*.gc_stale_time", "60", kNeighbours},
    {"net.ipv6.neigh.*.interval_probe_time_ms", "5000", kNeighbours},
    {"net.ipv6.neigh.*.locktime", "0", kNeighbours},
    {"net.ipv6.neigh.*.mcast_resolicit", "0", kNeighbours},
    {"net.ipv6.neigh.*.mcast_solicit", "3", kNeighbours},
    {"net.ipv6.neigh.*.proxy_delay", "80", kNeighbours},
    {"net.ipv6.neigh.*.proxy_qlen", "64", kNeighbours},
    {"net.ipv6.neigh.*.retrans_time_ms", "1000", kNeighbours},
    {"net.ipv6.neigh.*.ucast_solicit", "3", kNeighbours},
    {"net.ipv6.neigh.*.unres_qlen_bytes", "212992", kNeighbours},
};

}  // namespace

std::span<const BaselineSetting> baseline_settings() { return kBaseline; }
std::span<const BaselineSetting> baseline_device_settings() { return kDevice; }

}  // namespace netrig::netns
