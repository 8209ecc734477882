#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/device.h>
#include <netrig/netlink/socket.h>

#include <fmt/format.h>

#include <cerrno>
#include <ostream>

namespace netrig::netlink {

std::string Device::to_string() const { return name.empty() ? fmt::format("if{}", index) : name.to_string(); }

std::ostream& operator<<(std::ostream& out, const Device& device) { return out << device.to_string(); }

Result<Device> find_device(const Socket& socket, const InterfaceName& name) {
  if (const std::uint32_t index = codec::index_of(socket.fd(), name); index != 0) return Device{index, name};
  return fail(Error::from_errno("find link " + name.to_string(), socket.label(), errno));
}

Result<Device> find_device(const Socket& socket, std::uint32_t index) {
  if (const InterfaceName name = codec::name_of_index(socket.fd(), index); !name.empty()) return Device{index, name};
  return fail(Error::from_errno(fmt::format("find link {}", index), socket.label(), errno));
}

}  // namespace netrig::netlink
