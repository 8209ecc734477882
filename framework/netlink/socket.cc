#include <netrig/base/initial_user_namespace.h>
#include <netrig/netlink/socket.h>

#include <atomic>
#include <cerrno>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <utility>

#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>

namespace netrig::netlink {
namespace {

/// Whoever is in a user namespace of its own has power over network namespaces of that one and its descendants alone,
/// and can never go back: so once this is true, no namespace that can be configured is the host's, and nothing need be
/// asked again.
bool in_own_user_namespace() {
  static std::atomic<bool> known{false};
  if (known.load(std::memory_order_relaxed)) return true;
  struct stat status{};
  if (stat("/proc/self/ns/user", &status) != 0 || is_initial_user_namespace(status)) return false;
  known.store(true, std::memory_order_relaxed);
  return true;
}

/// Asks the kernel who owns the network namespace of `fd` (ioctl_ns(2), and SIOCGSKNS of any socket).
Result<void> refuse_host_network(int fd, const std::string& label) {
  const std::string operation = "open a netlink socket for configuring";
  if (in_own_user_namespace()) return {};
  const UniqueFd network{ioctl(fd, SIOCGSKNS)};
  if (!network) {
    return fail(Error::from_errno(operation, label, errno, "no power over this network namespace: run in the sandbox"));
  }
  const UniqueFd owner{ioctl(network.get(), NS_GET_USERNS)};
  struct stat status{};
  if (!owner || fstat(owner.get(), &status) != 0) {
    return fail(Error::from_errno(operation, label, errno, "cannot tell whose network namespace this is"));
  }
  if (!is_initial_user_namespace(status)) return {};
  return fail(Error::from_errno(operation, label, EPERM,
                                "this network namespace is the host's: run in the sandbox (link netrig::gtest_main), "
                                "or open it read-only"));
}

}  // namespace

Socket::Socket(UniqueFd fd, std::string label, Access access)
    : fd_{std::move(fd)}, label_{std::move(label)}, access_{access} {}

Result<Socket> Socket::open(std::string label, Access access) {
  UniqueFd fd{socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  if (!fd) return fail(Error::from_errno("open a netlink socket", std::move(label), errno));
  if (access == Access::configure) NETRIG_TRY(refuse_host_network(fd.get(), label));
  // Reasons in words, answers without a copy of the request, dumps that heed every filter or refuse it.
  for (const int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK}) {
    const int on = 1;
    if (setsockopt(fd.get(), SOL_NETLINK, option, &on, sizeof on) != 0) {
      return fail(
          Error::from_errno("set up a netlink socket", std::move(label), errno, "Linux 4.20 or newer is needed"));
    }
  }
  return Socket{std::move(fd), std::move(label), access};
}

std::uint32_t Socket::reserve_sequence(std::uint32_t count) {
  const std::uint32_t first = sequence_ + 1;
  sequence_ += count;
  return first;
}

}  // namespace netrig::netlink
