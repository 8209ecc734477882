#include <netrig/base/initial_user_namespace.h>
#include <netrig/nft/nf_socket.h>

#include <cerrno>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <utility>

#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>

namespace netrig::nft {
namespace {

constexpr const char* kOpen = "open netfilter socket";

// A socket whose owner cannot be told is refused too: whoever may configure a namespace may also ask who owns it.
Result<void> refuse_host(int socket, const std::string& label) {
  const UniqueFd net{ioctl(socket, SIOCGSKNS)};
  const UniqueFd user{net ? ioctl(net.get(), NS_GET_USERNS) : -1};
  if (!user && errno != EPERM && errno != ENOTTY) return fail(Error::from_errno(kOpen, label, errno));
  struct stat status{};
  if (user && fstat(user.get(), &status) == 0 && !is_initial_user_namespace(status)) return {};
  return fail(Error::from_errno(kOpen, label, EPERM,
                                "this network namespace belongs to the host; open the socket inside the sandbox"));
}

}  // namespace

NfSocket::NfSocket(std::string label, UniqueFd fd)
    : label_{std::move(label)}, fd_{std::move(fd)}, turn_{std::make_unique<std::mutex>()} {}

Result<NfSocket> NfSocket::open(std::string label) {
  UniqueFd fd{socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)};
  if (!fd) return fail(Error::from_errno(kOpen, label, errno));
  NETRIG_TRY(refuse_host(fd.get(), label));
  const int on = 1;
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  if (setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on) != 0 ||
      setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) != 0 ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    return fail(Error::from_errno(kOpen, label, errno));
  }
  return NfSocket{std::move(label), std::move(fd)};
}

std::uint32_t NfSocket::reserve_sequence(std::uint32_t count) { return std::exchange(sequence_, sequence_ + count); }

}  // namespace netrig::nft
