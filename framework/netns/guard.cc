#include <netrig/base/initial_user_namespace.h>
#include <netrig/base/unique_fd.h>
#include <netrig/netns/guard.h>

#include <cerrno>
#include <string>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <linux/nsfs.h>

namespace netrig::netns {

Result<bool> in_initial_user_namespace() {
  constexpr auto kPath = "/proc/thread-self/ns/user";
  struct stat seen{};
  if (stat(kPath, &seen) != 0)
    return fail(Error::from_errno("find the user namespace", kPath, errno, "is /proc mounted?"));
  return is_initial_user_namespace(seen);
}

Result<bool> is_ours(int fd) {
  if (NETRIG_TRY(in_initial_user_namespace())) return false;
  const UniqueFd owner{ioctl(fd, NS_GET_USERNS)};
  if (owner) return true;
  if (errno == EPERM) return false;
  return fail(Error::from_errno("find the owner of a network namespace", {}, errno));
}

Result<void> require_ours(const NetNs& netns, std::string_view operation) {
  if (netns.made_here() || NETRIG_TRY(is_ours(netns.fd()))) return {};
  return fail(
      Error::from_errno(std::string{operation}, netns.id().to_string(), EPERM,
                        "Netrig configures only network namespaces made inside its sandbox, and this one was made "
                        "outside: link netrig::main or netrig::gtest_main, which enter the sandbox"));
}

}  // namespace netrig::netns
