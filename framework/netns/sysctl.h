// The settings of a network namespace: what `sysctl net.` shows inside it.
//
//   Sysctls settings{client};
//   NETRIG_TRY(settings.set(sysctl::kIpForward, true));
//   NETRIG_TRY(settings.set("net.ipv4.tcp_ecn", "1"));
//   NETRIG_TRY(settings.set_all({{"net.ipv4.conf.all.rp_filter", "0"}, {"net.ipv4.conf.default.rp_filter", "0"}}));
//
// Names are those of sysctl(8): parts between dots, where a `/` stands for a dot within a part
// (`net.ipv4.conf.eth0/1.forwarding`), or a path (`net/ipv4/conf/eth0.1/forwarding`). Only names under `net`, since no
// others belong to a network namespace. /proc/sys/net shows the namespace of the thread that looks a name up.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/address_family.h>
#include <netrig/net/interface_name.h>
#include <netrig/netns/net_ns.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netrig::netns {

/// A setting whose values are of type T: bool, std::int64_t or std::string.
template <class T>
struct Sysctl {
  std::string_view name;
};

/// A setting's name and the value to give it.
using SysctlValue = std::pair<std::string, std::string>;
/// Names with dots, in order, and values. Tabs within values are spaces, as one types them.
using SysctlSnapshot = std::map<std::string, std::string, std::less<>>;

/// The settings of one namespace. The NetNs must outlive it. Each call enters the namespace once.
/// Errors: ENOENT a name that this kernel does not have there; EACCES, EPERM not writable inside a user namespace;
/// EINVAL a value that the kernel refuses. Writing is refused in a namespace that is not the rig's own (guard.h).
class Sysctls {
 public:
  explicit Sysctls(const NetNs& netns) : netns_{&netns} {}
  /// Those of the namespace in which each call is made. For code that is inside already, as in NetNs::run().
  static Sysctls here() { return Sysctls{}; }

  /// The value without its last newline. A setting of several numbers has single spaces between them.
  [[nodiscard]] Result<std::string> get(std::string_view name) const;
  [[nodiscard]] Result<std::int64_t> get_int(std::string_view name) const;
  [[nodiscard]] Result<bool> get(Sysctl<bool> setting) const;
  [[nodiscard]] Result<std::int64_t> get(Sysctl<std::int64_t> setting) const { return get_int(setting.name); }
  [[nodiscard]] Result<std::string> get(Sysctl<std::string> setting) const { return get(setting.name); }

  [[nodiscard]] Result<void> set(std::string_view name, std::string_view value) const;
  [[nodiscard]] Result<void> set(Sysctl<bool> setting, bool value) const {
    return set(setting.name, value ? "1" : "0");
  }
  [[nodiscard]] Result<void> set(Sysctl<std::int64_t> setting, std::int64_t value) const;
  [[nodiscard]] Result<void> set(Sysctl<std::string> setting, std::string_view value) const {
    return set(setting.name, value);
  }
  /// In the order given, until one fails; those before it stay set.
  [[nodiscard]] Result<void> set_all(const std::vector<SysctlValue>& values) const;

  /// Every setting under `net` that can be read. Of an interface that comes or goes meanwhile, all, some or none.
  [[nodiscard]] Result<SysctlSnapshot> snapshot() const;

 private:
  Sysctls() = default;
  template <class F>
  std::invoke_result_t<F> inside(F fn) const;

  const NetNs* netns_ = nullptr;
};

/// The path of `name` under /proc/sys: `net/ipv4/conf/eth0.1/forwarding`. An error for what cannot be a setting's name,
/// or is not under `net`.
Result<std::string> sysctl_path(std::string_view name);
/// The name of a setting of one interface, whatever the interface is called: `net.ipv4.conf.eth0/1.forwarding`.
std::string interface_sysctl(AddressFamily family, const InterfaceName& interface, std::string_view key);

/// Settings that tests often change.
namespace sysctl {
inline constexpr Sysctl<bool> kIpForward{"net.ipv4.ip_forward"};  ///< also resets the conf.* settings: set it first
inline constexpr Sysctl<bool> kIpv6Forward{"net.ipv6.conf.all.forwarding"};
inline constexpr Sysctl<bool> kDisableIpv6{"net.ipv6.conf.all.disable_ipv6"};
inline constexpr Sysctl<std::int64_t> kReversePathFilter{"net.ipv4.conf.all.rp_filter"};  ///< 0 off, 1 strict, 2 loose
inline constexpr Sysctl<std::int64_t> kDefaultTtl{"net.ipv4.ip_default_ttl"};
inline constexpr Sysctl<std::int64_t> kTcpEcn{"net.ipv4.tcp_ecn"};
inline constexpr Sysctl<bool> kTcpTimestamps{"net.ipv4.tcp_timestamps"};
inline constexpr Sysctl<std::int64_t> kTcpSyncookies{"net.ipv4.tcp_syncookies"};
inline constexpr Sysctl<std::string> kCongestionControl{"net.ipv4.tcp_congestion_control"};
inline constexpr Sysctl<std::string> kLocalPortRange{"net.ipv4.ip_local_port_range"};
inline constexpr Sysctl<bool> kEchoIgnoreAll{"net.ipv4.icmp_echo_ignore_all"};
inline constexpr Sysctl<bool> kBridgeCallsIptables{"net.bridge.bridge-nf-call-iptables"};
/// The kernel's AddressFamily-dependent switch for forwarding.
constexpr Sysctl<bool> forward(AddressFamily family) {
  return family == AddressFamily::ipv4 ? kIpForward : kIpv6Forward;
}
}  // namespace sysctl

}  // namespace netrig::netns
