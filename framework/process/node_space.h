// What the programs of one node live in: its network, and a view of the files that is the node's own.
//
//   NodeSpace gateway = NETRIG_TRY(NodeSpace::create(space, network, {.name = "gw", .hosts = "10.0.0.2 pc\n"}));
//   NETRIG_TRY(expose_netns(space, {{{"gw", network.fd()}}}));       // `ip netns exec gw ...` works in every node
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/netns/net_ns.h>
#include <netrig/sandbox/program_space.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace netrig::process {

/// The files of a node that are not the host's.
struct NodeFiles {
  std::string name;  ///< the host name its programs see (uname(2), /etc/hostname), and how messages call the node
  /// /etc/hosts
  std::string hosts = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  /// /etc/resolv.conf. With no name server given, programs ask 127.0.0.1 and [::1] of the node (resolv.conf(5)).
  std::string resolv_conf = "# no name server\n";
};

/// The namespaces that every program of a node enters: its network, one mount and one host name namespace for all of
/// them. What one program mounts or writes to /etc, /run or /sys the next one sees, as on a machine; the host sees
/// nothing of it.
///
/// - /sys is the node's: /sys/class/net shows its links. (No cgroup file system below it.)
/// - /etc is the host's, read-only behind symbolic links, in a directory of the node's own. hosts, resolv.conf,
/// hostname,
///   sysctl.conf, nsswitch.conf (names come from `files dns`) and netns/ are the node's, and writable. Programs may add
///   and replace entries of /etc itself; writing through to the host's files fails with EROFS, for root too.
/// - /run is an empty file system of the node's own; /run/netns is the lab's.
/// - /proc shows the lab's processes.
/// - Everything else is the sandbox's view of the host's files, and shared: so are sockets in /tmp and memory in
///   /dev/shm, which are files.
class NodeSpace {
 public:
  /// Makes the spaces of one node of `space`'s lab. `network` must belong to the sandbox's user namespace.
  /// Errors: a name that sethostname(2) refuses; what a mount was refused with.
  static Result<NodeSpace> create(const sandbox::ProgramSpace& space, const netns::NetNs& network, NodeFiles files);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const netns::NetNs& network() const { return network_; }
  /// For setns(2), with CLONE_NEWNS and CLONE_NEWUTS.
  [[nodiscard]] int mounts() const { return mounts_.get(); }
  [[nodiscard]] int host_name() const { return host_name_.get(); }
  /// An O_PATH descriptor of the node's root directory: openat2(2) with RESOLVE_IN_ROOT sees the files as its programs
  /// do.
  [[nodiscard]] int root() const { return root_.get(); }

 private:
  NodeSpace(std::string name, netns::NetNs network) : name_{std::move(name)}, network_{std::move(network)} {}
  std::string name_;
  netns::NetNs network_;
  UniqueFd mounts_, host_name_, root_;
};

/// A network namespace and the name it is to have for `ip netns`.
struct NamedNetNs {
  std::string name;
  int network;  ///< descriptor of the namespace
};

/// Gives namespaces names in the lab's /run/netns, so that `ip netns exec NAME` works in every node, those already made
/// too. All or nothing. Errors: a name with a slash or of a length that no file has; one that exists (EEXIST).
Result<void> expose_netns(const sandbox::ProgramSpace& space, std::span<const NamedNetNs> names);
/// Takes such a name away. Errors: there is none (ENOENT).
Result<void> hide_netns(const sandbox::ProgramSpace& space, std::string_view name);

}  // namespace netrig::process
