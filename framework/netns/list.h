// The network namespaces in use: what `find /proc -maxdepth 3 -name net | xargs readlink | sort -u` shows, with the
// processes.
//
//   for (const auto& use : NETRIG_TRY(list()).namespaces) std::cout << use << '\n';
//   // net:[4026532177]  1 init, 14 dnsmasq
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/value.h>
#include <netrig/netns/net_ns.h>

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace netrig::netns {

/// A process as /proc shows it.
struct NetNsProcess {
  pid_t pid = 0;
  std::string command;  ///< /proc/PID/comm: up to 15 bytes, unprintable ones escaped
  friend bool operator==(const NetNsProcess&, const NetNsProcess&) = default;
};

/// A network namespace and the processes whose main thread is in it, by pid.
struct NetNsUse {
  using NetValue = NetNsUse;
  NetNsId id;
  std::vector<NetNsProcess> processes;

  /// `net:[4026532177]  1 init, 14 dnsmasq`
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::size_t hash() const { return id.hash(); }
  friend bool operator==(const NetNsUse&, const NetNsUse&) = default;
};

/// What list() found.
struct NetNsList {
  using NetValue = NetNsList;
  std::vector<NetNsUse> namespaces;  ///< by id, each once
  std::size_t unreadable = 0;        ///< processes whose namespace this process may not see

  /// A line for each, and one for the unreadable if there are any.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::size_t hash() const { return hash_number(namespaces.size(), unreadable); }
  friend bool operator==(const NetNsList&, const NetNsList&) = default;
};

/// The network namespaces of the processes under /proc, which are those of /proc's pid namespace. Namespaces held by
/// fds, sockets or threads other than a process's first alone are not among them. Processes that end meanwhile are left
/// out.
Result<NetNsList> list();

}  // namespace netrig::netns
