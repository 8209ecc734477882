#include <netrig/doctor/need.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

namespace netrig::doctor {
namespace {

constexpr std::string_view kEveryTest = "every test";
constexpr std::string_view kContainer =
    "docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt "
    "apparmor=unconfined (podman: --security-opt unmask=ALL); see ci/hosts";
constexpr std::string_view kUserNamespaces =
    "sudo sysctl -w user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1; Ubuntu: sudo sysctl -w "
    "kernel.apparmor_restrict_unprivileged_userns=0, or the profile ci/hosts/apparmor/netrig";
constexpr std::string_view kModules =
    "sudo modprobe the module on the host (a user namespace cannot load one); Debian's cloud kernels leave it out: "
    "sudo apt-get install linux-image-amd64";
constexpr std::string_view kKernelOption = "a kernel built with it: distributions' own kernels are";

constexpr Need kNeeds[] = {
    {"prepare", true, kEveryTest, "free descriptors and processes: ulimit -n, ulimit -u"},
    {"user-namespace", true, kEveryTest, kUserNamespaces},
    {"pid-namespace", true, kEveryTest, "sudo sysctl -w user.max_pid_namespaces=10000"},
    {"mount-namespace", true, kEveryTest, "sudo sysctl -w user.max_mnt_namespaces=10000"},
    {"net-namespace", true, kEveryTest, "sudo sysctl -w user.max_net_namespaces=10000"},
    {"ipc-namespace", true, kEveryTest, "sudo sysctl -w user.max_ipc_namespaces=10000"},
    {"uts-namespace", true, kEveryTest, "sudo sysctl -w user.max_uts_namespaces=10000"},
    {"death-signal", true, kEveryTest, "a seccomp profile that permits prctl(2)"},
    {"liveness", true, kEveryTest, "Linux 5.10 or later"},
    {"process-group", true, kEveryTest, "a seccomp profile that permits setpgid(2)"},
    {"id-maps", true, kEveryTest, kUserNamespaces},
    {"private-mounts", true, kEveryTest, kContainer},
    {"proc", true, kEveryTest, kContainer},
    {"sysctl", true, kEveryTest, kContainer},
    {"sysfs", true, kEveryTest, kContainer},
    {"run", true, kEveryTest, kContainer},
    {"loopback", true, kEveryTest, kContainer},
    {"enter", true, kEveryTest, kContainer},
    {"veth", true, kEveryTest, "sudo modprobe veth"},
    {"nft", true, kEveryTest, "sudo modprobe nf_tables"},

    {"kernel", true, kEveryTest, "Linux 5.10 or later"},
    {"subordinate-ids", false, "programs that change their user (tcpdump, daemons) in a node",
     "sudo apt-get install uidmap; sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$USER\""},
    {"new-privileges", false, "subordinate ids: newuidmap gets no privilege",
     "start without no_new_privs: docker run without --security-opt no-new-privileges"},
    {"ptrace", false, "debuggers, and the fault tests that stop a process at each system call",
     "sudo sysctl -w kernel.yama.ptrace_scope=1; containers: --cap-add SYS_PTRACE --security-opt seccomp=unconfined"},
    {"core-file", false, "the test that a crash leaves one core",
     "sudo sysctl -w kernel.core_pattern=core; ulimit -Hc unlimited"},
    {"limit-processes", false, "many programs, and tests side by side",
     "ulimit -u 10000; containers: --pids-limit 10000"},
    {"limit-descriptors", false, "networks of more than some hundred nodes", "ulimit -n 65536"},
    {"limit-namespaces", false, "networks of many nodes, and tests side by side",
     "sudo sysctl -w user.max_net_namespaces=10000"},
    {"limit-neighbours", false, "many tests at a time: the neighbour tables are the whole machine's",
     "sudo sysctl -w net.ipv4.neigh.default.gc_thresh3=16384 net.ipv6.neigh.default.gc_thresh3=16384"},
    {"user-limits", false, "tests that fill the limits of namespaces", kContainer},
    {"pid-max", false, "the test of a full pid namespace",
     "Linux 6.14 or later, where each pid namespace has its own, as an ordinary user"},
    {"socket-buffer", false, "rulesets of a thousand rules and more, loaded at once",
     "sudo sysctl -w net.core.wmem_max=2000000"},
    {"keyrings", false, "the test that no key of the host is seen inside",
     "a kernel with CONFIG_KEYS, a seccomp profile that permits keyctl(2)"},
    {"memory", false, "networks of many nodes", "1 GiB of memory that is available"},
    {"clock", false, "measurements: slow clocks add to every one",
     "clocksource tsc or kvm-clock: boot option clocksource="},
    {"steady-cpu", false, "measurements: another machine takes this one's time",
     "a machine of one's own to measure on"},
    {"address-sanitizer", false, "the tests that leaks are found inside, and ci/sanitize",
     "sudo apt-get install g++ (clang: libclang-rt-19-dev; Fedora: libasan)"},
    {"root", false, "tests of other users and of whole id ranges", "run it as root too: sudo ci/test"},

    {"link-bridge", true, "segments of three members and more", "sudo modprobe bridge"},
    {"link-bridge-vlan", false, "bridges that filter VLANs", kKernelOption},
    {"link-macvlan", false, "macvlan links", kModules},
    {"link-ipvlan", false, "ipvlan links", kModules},
    {"link-vlan", false, "VLAN links", kModules},
    {"link-vxlan", false, "vxlan tunnels", kModules},
    {"link-dummy", false, "dummy links", kModules},
    {"link-ifb", false, "shaping of what comes in", kModules},
    {"link-vrf", false, "VRFs", kModules},
    {"link-bond", false, "bonds", kModules},
    {"link-wireguard", false, "WireGuard links", kModules},
    {"link-gre", false, "GRE tunnels", kModules},
    {"link-geneve", false, "GENEVE tunnels", kModules},
    {"link-netkit", false, "netkit pairs", kModules},
    {"tun", false, "tun and tap devices",
     "a device node that the user may open: sudo chmod 666 /dev/net/tun; containers: --device /dev/net/tun"},

    {"qdisc-netem", false, "delay and loss on a link", kModules},
    {"qdisc-tbf", false, "rates on a link", kModules},
    {"qdisc-htb", false, "rates by class", kModules},
    {"qdisc-fq", false, "pacing by the kernel", kModules},
    {"qdisc-fq_codel", false, "queues that keep delay low", kModules},
    {"qdisc-pfifo", false, "queues of a fixed length", kModules},
    {"qdisc-ingress", false, "filters of what comes in", kModules},

    {"nft-inet", true, "rulesets", "sudo modprobe nf_tables"},
    {"nft-ingress", false, "rules at what comes in by an interface", "a kernel with CONFIG_NETFILTER_INGRESS"},
    {"nft-egress", false, "rules at what leaves by an interface",
     "Linux 5.16 or later, with CONFIG_NETFILTER_EGRESS; nft 1.0.1 or later"},
    {"nft-bridge", false, "rules on a bridge", kModules},
    {"nft-conntrack", false, "stateful firewalls, NAT", "sudo modprobe nf_conntrack nft_ct"},
    {"nft-bridge-conntrack", false, "stateful rules on a bridge", "sudo modprobe nf_conntrack_bridge"},
    {"nft-bridge-reject", false, "rules on a bridge that refuse", "sudo modprobe nft_reject_bridge"},
    {"nft-masquerade", false, "NAT gateways", "sudo modprobe nft_masq"},
    {"nft-nat", false, "port forwarding, NAT", "sudo modprobe nft_nat"},
    {"nft-redirect", false, "redirection to the node itself", "sudo modprobe nft_redir"},
    {"nft-reject", false, "rules that reject", "sudo modprobe nft_reject_inet"},
    {"nft-limit", false, "rules with a rate limit", "sudo modprobe nft_limit"},
    {"nft-log", false, "rules that log", "sudo modprobe nft_log"},
    {"nft-set", false, "sets and maps", kKernelOption},
    {"nft-numgen", false, "rules that pick by number", "sudo modprobe nft_numgen"},
    {"nft-connlimit", false, "limits of connections", "sudo modprobe nft_connlimit"},
    {"nft-notrack", false, "flows that are not tracked", "sudo modprobe nft_ct"},
    {"nft-trace", false, "which rule decided about a packet", kKernelOption},
    {"nft-reset", false, "counters that are set to zero", "Linux 6.2 or later"},
    {"conntrack", false, "connections as values", "sudo modprobe nf_conntrack_netlink"},

    {"raw-socket", true, "ping", "capabilities inside the sandbox: no seccomp profile that forbids raw sockets"},
    {"packet-capture", false, "captures: AF_PACKET", "sudo modprobe af_packet"},
    {"ping-socket", false, "ping by programs without capabilities",
     "a kernel with ping sockets (net.ipv4.ping_group_range)"},
    {"sctp", false, "SCTP", kModules},

    {"tool-ip", false, "shell recipes, cross-checks with iproute2", "sudo apt-get install iproute2"},
    {"tool-tc", false, "shell recipes about queues", "sudo apt-get install iproute2"},
    {"tool-nft", false, "cross-checks with nft", "sudo apt-get install nftables"},
    {"tool-iptables", false, "recipes with iptables", "sudo apt-get install iptables"},
    {"tool-iptables-nft", false, "rules of iptables in explanations", "sudo apt-get install iptables"},
    {"tool-iptables-legacy", false, "rules of iptables-legacy in explanations",
     "sudo apt-get install iptables; a kernel with ip_tables and ip6_tables (CONFIG_NETFILTER_XTABLES_LEGACY)"},
    {"tool-ip6tables", false, "recipes with ip6tables", "sudo apt-get install iptables"},
    {"tool-iptables-restore", false, "rulesets of iptables", "sudo apt-get install iptables"},
    {"tool-ping", false, "recipes with ping", "sudo apt-get install iputils-ping"},
    {"tool-iperf3", false, "comparisons with iperf3", "sudo apt-get install iperf3"},
    {"tool-tcpdump", false, "recipes with tcpdump", "sudo apt-get install tcpdump"},
    {"tool-dnsmasq", false, "names served in a node", "sudo apt-get install dnsmasq-base"},
    {"tool-dig", false, "cross-checks of names", "sudo apt-get install bind9-dnsutils"},
    {"tool-conntrack", false, "cross-checks of connections", "sudo apt-get install conntrack"},
    {"tool-nsenter", false, "recipes with nsenter", "sudo apt-get install util-linux"},
    {"tool-unshare", false, "recipes with unshare", "sudo apt-get install util-linux"},
    {"tool-curl", false, "recipes with curl", "sudo apt-get install curl"},
    {"tool-nc", false, "recipes with nc", "sudo apt-get install netcat-openbsd"},
    {"tool-python3", false, "recipes with a small web server", "sudo apt-get install python3"},
    {"tool-bridge", false, "recipes with bridge(8)", "sudo apt-get install iproute2"},
    {"tool-sysctl", false, "recipes with sysctl(8)", "sudo apt-get install procps"},
    {"tool-newuidmap", false, "subordinate ids", "sudo apt-get install uidmap"},
    {"tool-bash", false, "shell recipes", "sudo apt-get install bash"},
    {"tool-getent", false, "recipes that look names up", "sudo apt-get install libc-bin"},
    {"tool-hostname", false, "the test of a node's host name", "sudo apt-get install hostname"},
    {"tool-gcov", false, "the test of a program built for coverage",
     "sudo apt-get install g++ (clang: libclang-rt-19-dev)"},
    {"tool-ethtool", false, "cross-checks of offloads", "sudo apt-get install ethtool"},
    {"tool-gdb", false, "debugging", "sudo apt-get install gdb"},
};

// Levenshtein's.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::span<const Need> needs() { return kNeeds; }

const Need* find_need(std::string_view id) {
  const auto* const found = std::ranges::find(kNeeds, id, &Need::id);
  return found == std::ranges::end(kNeeds) ? nullptr : found;
}

std::string_view closest_need(std::string_view word) {
  std::string_view closest;
  auto least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& need : kNeeds) {
    const auto far = distance(word, need.id);
    if (far < least) least = far, closest = need.id;
  }
  return closest;
}

}  // namespace netrig::doctor
