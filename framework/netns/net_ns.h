// A network namespace, held by a file descriptor.
//
//   NetNs client = NETRIG_TRY(NetNs::create());
//   auto socket = NETRIG_TRY(client.socket(AF_INET, SOCK_DGRAM, 0));       // stays in `client`; use it from anywhere
//   int links = client.run([] { return count_links(); });                  // on a thread of its own, inside
//
// Namespaces exist as long as somebody holds an fd, a process or a socket in them; none has a name on the host.
// Source: network_namespaces(7), setns(2), ioctl_ns(2).
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/net/value.h>
#include <netrig/netns/inside.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <type_traits>
#include <vector>

namespace netrig::netns {

using netrig::operator<<;  // found by lookup from other namespaces too, GoogleTest's above all

/// Which network namespace: what `readlink /proc/PID/ns/net` shows. The numbers may be used again once it is gone.
struct NetNsId {
  using NetValue = NetNsId;
  std::uint64_t device = 0;  ///< of the kernel's nsfs, the same for all namespaces
  std::uint64_t inode = 0;

  /// `net:[4026531840]`
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::size_t hash() const { return hash_number(inode, hash_number(device)); }
  friend auto operator<=>(const NetNsId&, const NetNsId&) = default;
};

/// Owns a reference to a network namespace. Move-only; a moved-from one holds none.
class NetNs {
 public:
  /// What create_many() runs in the new namespace number `index`.
  using Visit = std::function<Result<void>(std::size_t index, const NetNs& netns)>;

  /// A new network namespace, empty but for a `lo` that is down; no thread of the caller's moves. Needs CAP_SYS_ADMIN,
  /// which the sandbox gives. ENOSPC is tried again while the kernel reaps older namespaces, see
  /// base/living_namespaces.h; the error then prints the limits (namespaces(7)). EMFILE: `ulimit -n` is the remedy.
  static Result<NetNs> create();
  /// `count` of them, made by one thread, which runs `inside` in each directly after making it: the cheapest moment to
  /// open its sockets and write its settings. At the first error, whatever was made is gone again.
  static Result<std::vector<NetNs>> create_many(std::size_t count, const Visit& inside = {});
  /// The calling thread's.
  static Result<NetNs> current();
  /// That of the process `pid`, as this process sees pids. ESRCH: there is none; EACCES: it may not be looked at
  /// (ptrace(2), "Ptrace access mode checking").
  static Result<NetNs> of_process(pid_t pid);
  /// Of a file such as /run/netns/NAME or /proc/PID/ns/net. An error for a file that is no network namespace.
  static Result<NetNs> open(const std::string& path);
  /// Takes the fd of a network namespace. An error for an fd of anything else.
  static Result<NetNs> adopt(UniqueFd fd);

  /// For setns(2) and for netlink attributes such as IFLA_NET_NS_FD. Valid as long as this object.
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const NetNsId& id() const { return id_; }
  /// Whether this process made it, with create() or create_many().
  [[nodiscard]] bool made_here() const { return made_here_; }

  /// Runs `fn` inside, on a thread of its own that ends with it, and hands back what it returns or throws. If the
  /// namespace cannot be entered, an `fn` that returns a Result gives that error; any other throws SetupError.
  /// Signals are delivered to other threads. Do not start programs in it that are to die with their parent:
  /// PR_SET_PDEATHSIG would mean that thread.
  template <class F>
  std::invoke_result_t<F> run(F fn) const;
  /// A socket(2) of this namespace, close-on-exec.
  [[nodiscard]] Result<UniqueFd> socket(int domain, int type, int protocol) const;
  /// Another reference to the same namespace.
  [[nodiscard]] Result<NetNs> duplicate() const;

 private:
  NetNs(UniqueFd fd, NetNsId id, bool made_here) : fd_{std::move(fd)}, id_{id}, made_here_{made_here} {}
  static Result<NetNs> make_and_enter();

  UniqueFd fd_;
  NetNsId id_;
  bool made_here_ = false;
};

/// Runs `fn` in each of the namespaces in turn, all on one thread of its own, until one gives an error.
Result<void> run_in_each(std::span<const NetNs* const> namespaces,
                         const std::function<Result<void>(std::size_t index)>& fn);

template <class F>
std::invoke_result_t<F> NetNs::run(F fn) const {
  return detail::run_inside(fd_.get(), std::move(fn));
}

}  // namespace netrig::netns
