#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/link_kind_codec.h>
#include <netrig/netlink/codec/resolver.h>

#include <cerrno>
#include <net/if.h>
#include <sys/ioctl.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

namespace netrig::netlink::codec {
namespace {

/// Calls `visit(header, name)` for each request in `pending` that makes a device, until it returns true.
template <class Visit>
void visit_new_links(std::span<const std::byte> pending, Visit visit) {
  for (; const nlmsghdr* message = first_message(pending); pending = after_first(pending)) {
    if (message->nlmsg_type != RTM_NEWLINK || (message->nlmsg_flags & NLM_F_CREATE) == 0) continue;
    const Attributes<IFLA_MAX> attributes{message, sizeof(ifinfomsg)};
    const auto header = read_header<ifinfomsg>(message);
    if (visit(static_cast<std::uint32_t>(header.ifi_index), attributes.text(IFLA_IFNAME))) return;
    // A veth's peer that stays in this namespace counts as well.
    const auto kind = read_kind(attributes[IFLA_LINKINFO], 0);
    const auto* veth = kind ? std::get_if<Veth>(&*kind) : nullptr;
    if (veth != nullptr && veth->peer.netns < 0 && visit(veth->peer.index, veth->peer.name.to_string())) return;
  }
}

}  // namespace

std::uint32_t Resolver::operator()(const Device& device) {
  if (device.index != 0 || device.name.empty()) return device.index;
  std::uint32_t index = fd_ < 0 ? 0 : index_of(fd_, device.name);
  if (index == 0) {
    visit_new_links(pending_.bytes(), [&](std::uint32_t made, std::string_view name) {
      if (name != device.name.view()) return false;
      index = made;
      return true;
    });
  }
  if (index != 0) return index;
  if (missing_.empty()) missing_ = device.name;
  return kUnresolved;
}

void DeviceNames::fill(Device& device) {
  if (device.index == 0 || !device.name.empty()) return;
  const auto [known, fresh] = known_.try_emplace(device.index);
  if (fresh) {
    if (fd_ >= 0) known->second = name_of_index(fd_, device.index);
    if (known->second.empty()) known->second = pending_name(pending_, device.index);
  }
  device.name = known->second;
}

Device DeviceNames::operator()(std::uint32_t index) {
  Device device{.index = index};
  fill(device);
  return device;
}

InterfaceName pending_name(std::span<const std::byte> pending, std::uint32_t index) {
  InterfaceName found;
  visit_new_links(pending, [&](std::uint32_t made, std::string_view name) {
    if (made != index) return false;
    if (auto parsed = InterfaceName::parse(name)) found = *parsed;
    return true;
  });
  return found;
}

std::uint32_t index_of(int fd, const InterfaceName& name) {
  ifreq request{};
  name.view().copy(request.ifr_name, IFNAMSIZ - 1);
  return ioctl(fd, SIOCGIFINDEX, &request) == 0 ? static_cast<std::uint32_t>(request.ifr_ifindex) : 0;
}

InterfaceName name_of_index(int fd, std::uint32_t index) {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(index);
  if (ioctl(fd, SIOCGIFNAME, &request) != 0) return {};
  return InterfaceName::parse(request.ifr_name).value_or(InterfaceName{});
}

}  // namespace netrig::netlink::codec
