// What the host says of itself that explains why a sandbox cannot be had. Private to the module.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::sandbox {

/// Plain values, so that explanations can be tested without such a host. Nothing: the host has no such setting.
struct HostFacts {
  bool seccomp_filtered = false;                  ///< /proc/self/status, Seccomp: 2
  bool chrooted = false;                          ///< the root directory is no mount point
  std::optional<long> unprivileged_userns_clone;  ///< /proc/sys/kernel (Debian)
  std::optional<long> apparmor_restricts_userns;  ///< /proc/sys/kernel/apparmor_restrict_unprivileged_userns (Ubuntu)
  std::optional<long> max_user_namespaces;        ///< /proc/sys/user
  std::optional<long> max_pid_namespaces;
  std::optional<long> max_mnt_namespaces;
  std::optional<long> max_net_namespaces;
  std::optional<long> max_ipc_namespaces;
  std::optional<long> max_uts_namespaces;
  std::string
      apparmor_profile;  ///< that is enforced on this process: `docker-default`, `unconfined`; empty: none known
  std::vector<std::string> covered_proc;  ///< mount points below /proc that hide something
  std::vector<std::string> covered_sys;   ///< the same below /sys
  std::string program;                    ///< the path of the running program
};

/// Reads them. What cannot be read is left out.
HostFacts read_host_facts();

/// The mount points below `directory` in `mountinfo` (proc_pid_mountinfo(5)) that hide something of it. File systems
/// that have their place there (cgroup, binfmt_misc, debugfs, ...) hide nothing.
std::vector<std::string> covered_paths(std::string_view mountinfo, std::string_view directory);

/// The profile that `current` (/proc/self/attr/apparmor/current: apparmor(7)) says is enforced; empty where it only
/// complains.
std::string enforced_profile(std::string_view current);

/// True when `mountinfo` shows the root directory as a mount point, as it is unless the process is in a chroot.
bool has_root_mount(std::string_view mountinfo);

}  // namespace netrig::sandbox
