// Builds a lab and prints all that the kernel tells of it, as on this host or as on an odd one.
//
//   describe_victim plain|odd
//
// An odd host hands its settings on to each fresh network namespace; here each is given them when it was just made,
// before the rig looks at it: the rig cannot tell the difference. `odd` prints how many could be given on standard
// error.
#include <netrig/base/fault_point.h>
#include <netrig/netns/baseline.h>
#include <netrig/netns/sysctl.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/topology/fingerprint.h>
#include <netrig/topology/lab.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using netrig::Lab;
using netrig::Topology;
using netrig::netns::Sysctls;

std::atomic<int> changes = 0;

// Values that differ from `value`, of which the kernel may refuse some.
std::vector<std::string> other_values(const std::string& name, const std::string& value) {
  if (name.ends_with("tcp_congestion_control")) return {"bbr", "cubic", "reno"};
  if (name.ends_with("mem")) return {"4096 8192 16384"};
  if (name.ends_with("ip_local_port_range")) return {"40000 50000"};
  if (name.ends_with("ip_local_reserved_ports")) return {"8080"};
  if (name.ends_with("ping_group_range")) return {"1 0"};
  long number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) return {};
  return {std::to_string(number + 1), std::to_string(number / 2), "1", "2", "0"};
}

void make_odd(const Sysctls& sysctls, const std::string& name) {
  const auto value = sysctls.get(name);
  if (!value) return;
  for (const auto& other : other_values(name, *value)) {
    if (other == *value || !sysctls.set(name, other)) continue;
    ++changes;
    return;
  }
}

// What the baseline fixes, and every setting of IPv4 devices, which the kernel copies from the host's namespace
// (inet_init_net in net/ipv4/devinet.c). Of what each device copies there is only the loopback to make odd.
void become_odd(const char* moment) {
  if (std::string_view{moment} != "fresh-namespace") return;
  const auto sysctls = Sysctls::here();
  for (const auto& setting : netrig::netns::baseline_settings()) make_odd(sysctls, std::string{setting.name});
  for (const auto& setting : netrig::netns::baseline_device_settings())
    make_odd(sysctls, netrig::netns::device_setting(setting.name, netrig::InterfaceName{"lo"}));
  const auto all = sysctls.snapshot();
  if (!all) return;
  for (const auto& [name, value] : *all) {
    const bool is_device = name.starts_with("net.ipv4.conf.all.") || name.starts_with("net.ipv4.conf.default.");
    const auto same = [&](const auto& setting) { return setting.name == name; };
    if (is_device && std::ranges::none_of(netrig::netns::baseline_settings(), same)) make_odd(sysctls, name);
  }
}

Topology office() {
  Topology topology;
  auto gateway = topology.router("gateway");
  topology.segment("lan", "192.168.1.0/24, fd19::/64")
      .join(gateway, {.name = "lan"})
      .join(topology.host("pc"))
      .join(topology.host("printer"));
  topology.link(gateway, topology.host("server"), "10.2.0.0/30, fd02::/64");
  return topology;
}

// Counts, and what is random or the machine's by design.
bool is_a_setting(const std::string& name) {
  return !name.ends_with("nf_conntrack_count") && !name.ends_with("stable_secret") &&
         !name.ends_with("tcp_fastopen_key");
}

void describe(const Lab& lab) {
  std::printf("fingerprint %s\n%s", netrig::fingerprint(lab).c_str(), netrig::canonical_text(lab).c_str());
  for (const auto& node : lab.nodes()) {
    const auto all = netrig::value_or_throw(Sysctls{node.network()}.snapshot());
    for (const auto& [name, value] : all) {
      if (is_a_setting(name)) std::printf("%s: %s = %s\n", node.name().c_str(), name.c_str(), value.c_str());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  netrig::sandbox::enter(argc, argv);
  if (!netrig::sandbox::inside()) {
    std::fprintf(stderr, "victim: %s\n", netrig::sandbox::why_not().c_str());
    return 99;
  }
  const bool odd = argc > 1 && std::string_view{argv[1]} == "odd";
  if (odd) netrig::set_fault_hook(&become_odd);
  try {
    describe(Lab{office()});
  } catch (const netrig::SetupError& error) {
    std::fprintf(stderr, "victim: %s\n", error.what());
    return 96;
  }
  if (odd) std::printf("odd settings: %d\n", changes.load());
}
