// The settings that every node starts from, so that a test means the same on every host.
//
// A fresh network namespace copies some settings from the host (the congestion control, `net.ipv4.conf.*`), sizes
// others by the machine's memory, and starts with timers that make tests slow or unsteady (duplicate address detection,
// ICMP rate limits). baseline_settings() is the table of what Netrig fixes, each with its reason. Fresh namespaces of
// one host are all alike, so a Baseline looks at one, once, and writes only what differs into each new namespace:
//
//   const Baseline& baseline = *NETRIG_TRY(Baseline::of_this_host());
//   BaselineWriter writer{baseline};
//   NetNs::create_many(100, [&](std::size_t, const NetNs& netns) { return writer.write(netns); });
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/net/interface_name.h>
#include <netrig/netns/net_ns.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::netns {

/// A setting, the value that Netrig gives it, and why.
struct BaselineSetting {
  std::string_view name;
  std::string_view value;
  std::string_view reason;
  bool may_be_absent = false;  ///< a kernel without it behaves as if it had this value
};

/// The whole table, in the order in which it is written. Settings of `default` take effect in devices made afterwards.
std::span<const BaselineSetting> baseline_settings();
/// What each device copies from the host's own namespace when it is made, which a namespace cannot prevent: the timers
/// of its neighbours. `*` in a name stands for the device.
std::span<const BaselineSetting> baseline_device_settings();
/// `name` of baseline_device_settings() for one device, as Sysctls takes it: `net.ipv4.neigh.eth0/1.locktime`.
std::string device_setting(std::string_view name, const InterfaceName& device);

/// A setting of the table that cannot be had on this host, and why not.
struct UnsettableSetting {
  BaselineSetting setting;
  std::string actual;  ///< what a fresh namespace has; empty where the setting does not exist
  std::string why;     ///< `this kernel does not have it`, `EACCES (Permission denied): ...`
  /// `net.ipv4.tcp_rmem stays "4096 131072 33554432" instead of "...": why`
  [[nodiscard]] std::string to_string() const;
};

/// What separates a fresh namespace of this host from the table.
class Baseline {
 public:
  /// Makes a namespace, compares, tries each write that is needed, and lets it go. The answer is kept for the life of
  /// the process, a failure is not. Any thread may call it.
  static Result<const Baseline*> of_this_host();

  /// What has to be written into a fresh namespace; it is not so already, and can be written.
  [[nodiscard]] std::span<const BaselineSetting> difference() const { return difference_; }
  /// What has to be written for each device, of baseline_device_settings(). Nothing on a host that changed none.
  [[nodiscard]] std::span<const BaselineSetting> device_difference() const { return device_difference_; }
  /// What cannot be set. For reports on what could still differ between two hosts.
  [[nodiscard]] std::span<const UnsettableSetting> unsettable() const { return unsettable_; }

 private:
  friend class BaselineProbe;
  std::vector<BaselineSetting> difference_;
  std::vector<BaselineSetting> device_difference_;
  std::vector<UnsettableSetting> unsettable_;
};

/// Writes the difference into namespaces. Keep one for a batch of them, and let it go when there is time: closing what
/// it holds takes 20 us a namespace. Every namespace has folders ipv4, ipv6, ... of its own under /proc/sys/net, all of
/// the same names, so that the first look-up in each takes time in proportion to the namespaces that live (0.3 us
/// each). Beyond a few the writer therefore mounts instances of procfs for itself, attached nowhere, each for a few
/// namespaces; where that is not permitted it does without. Not for use by several threads at once.
class BaselineWriter {
 public:
  /// `baseline` must outlive it.
  explicit BaselineWriter(const Baseline& baseline) : baseline_{&baseline} {}

  /// Into `netns`, which is fresh and in which the calling thread is. An error names the setting; in a namespace that
  /// is not the rig's own, nothing is written (guard.h).
  [[nodiscard]] Result<void> write(const NetNs& netns);
  /// Into the one that the calling thread is in.
  [[nodiscard]] Result<void> write_here();
  /// The difference of a device, for each of `devices`, into the namespace that the calling thread is in. Errors as
  /// those of write().
  [[nodiscard]] Result<void> write_devices_here(std::span<const InterfaceName> devices);

 private:
  Result<int> procfs();

  const Baseline* baseline_;
  std::vector<UniqueFd> procfs_;
  std::size_t uses_ = 0;
  bool may_mount_ = true;
};

}  // namespace netrig::netns
