#include <netrig/netlink/tun.h>

#include <cerrno>
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <linux/if_tun.h>

namespace netrig::netlink {
namespace {

constexpr const char* kTunDevice = "/dev/net/tun";

std::string remedy_for(int code) {
  if (code == EACCES || code == EPERM) return "/dev/net/tun is not for this user: ask for root, or for rights on it";
  if (code == ENOENT || code == ENODEV || code == ENXIO)
    return "this host has no TUN driver: the module `tun` is the host's to load";
  return {};
}

}  // namespace

Result<UniqueFd> open_tun(const TunSpec& spec) {
  const bool tap = spec.kind == TunSpec::Kind::tap;
  const std::string operation = std::string{"add tuntap "} + spec.name.to_string() + " mode " + (tap ? "tap" : "tun");
  UniqueFd fd{open(kTunDevice, O_RDWR | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return fail(Error::from_errno(operation, {}, errno, remedy_for(errno)));
  ifreq request{};
  spec.name.view().copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = static_cast<short>((tap ? IFF_TAP : IFF_TUN) | (spec.packet_information ? 0 : IFF_NO_PI));
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0)
    return fail(Error::from_errno(operation, {}, errno, remedy_for(errno)));
  if (spec.persistent && ioctl(fd.get(), TUNSETPERSIST, 1) != 0) {
    return fail(Error::from_errno(operation + " persist", {}, errno));
  }
  return fd;
}

}  // namespace netrig::netlink
