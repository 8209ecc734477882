#include <netrig/netlink/codec/address_codec.h>
#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/codec/neighbour_codec.h>
#include <netrig/netlink/codec/route_codec.h>
#include <netrig/netlink/monitor.h>
#include <netrig/netlink/transport.h>

#include <cerrno>
#include <ostream>
#include <sys/socket.h>
#include <utility>

#include <linux/rtnetlink.h>

namespace netrig::netlink {
namespace {

constexpr unsigned kGroups =
    RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
/// Room for a burst; the kernel cuts it to net.core.rmem_max.
constexpr int kReceiveBuffer = 4 * 1024 * 1024;
constexpr std::size_t kDatagramSize = 32768;

struct NameDevices {
  codec::DeviceNames& names;

  void operator()(Overrun&) const {}
  void operator()(Link& link) const { names.fill(link.master); }
  void operator()(Address& address) const { names.fill(address.device); }
  void operator()(Route& route) const { codec::fill_names(route, names); }
  void operator()(Neighbour& neighbour) const { names.fill(neighbour.device); }
};

template <class T>
std::optional<Event> event_of(bool removed, std::optional<T> object) {
  if (!object) return std::nullopt;
  return Event{removed, *std::move(object)};
}

/// nullopt for what is of no interest here. Bridges report their ports as links of AF_BRIDGE and their databases as
/// neighbours of AF_BRIDGE: a port that leaves is no link that is gone.
std::optional<Event> decode_event(const nlmsghdr* message) {
  switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      if (codec::read_header<ifinfomsg>(message).ifi_family != AF_UNSPEC) return std::nullopt;
      return event_of(message->nlmsg_type == RTM_DELLINK, codec::decode_link(message));
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return event_of(message->nlmsg_type == RTM_DELADDR, codec::decode_address(message));
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return event_of(message->nlmsg_type == RTM_DELROUTE, codec::decode_route(message));
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return event_of(message->nlmsg_type == RTM_DELNEIGH, codec::decode_neighbour(message));
    default:
      return std::nullopt;
  }
}

struct Print {
  std::ostream& out;

  void operator()(const Overrun&) const { out << "events were lost"; }
  /// `ip monitor` says of which device an address is in front of it.
  void operator()(const Address& address) const {
    out << address.device.index << ": " << address.device << "    " << address;
  }
  template <class T>
  void operator()(const T& object) const {
    out << object;
  }
};

}  // namespace

std::ostream& operator<<(std::ostream& out, const Event& event) {
  if (event.removed) out << "Deleted ";
  std::visit(Print{out}, event.object);
  return out;
}

Result<Monitor> Monitor::open(std::string label) {
  Socket requests = NETRIG_TRY(Socket::open(label, Access::read_only));
  Socket events = NETRIG_TRY(Socket::open(label, Access::read_only));
  // A smaller buffer loses events sooner, which next() reports.
  setsockopt(events.fd(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kGroups;
  if (bind(events.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail(Error::from_errno("subscribe to netlink events", std::move(label), errno));
  }
  return Monitor{std::move(events), std::move(requests)};
}

Result<bool> Monitor::receive(Deadline deadline) {
  if (!NETRIG_TRY(wait_readable(events_.fd(), deadline))) return false;
  alignas(nlmsghdr) std::byte room[kDatagramSize];
  const auto bytes = netlink::receive(events_, room);
  if (!bytes && bytes.error().code == ENOBUFS) {
    waiting_.push_back(Event{false, Overrun{}});
    return true;
  }
  if (!bytes && bytes.error().code == EAGAIN) return true;
  if (!bytes) return fail(bytes.error());
  codec::DeviceNames names{requests_.fd()};
  visit_messages(*bytes, [&](const nlmsghdr* message) {
    auto event = decode_event(message);
    if (!event) return;
    std::visit(NameDevices{names}, event->object);
    waiting_.push_back(*std::move(event));
  });
  return true;
}

Result<std::optional<Event>> Monitor::next(Deadline deadline) {
  while (waiting_.empty()) {
    if (!NETRIG_TRY(receive(deadline))) return std::nullopt;
  }
  std::optional<Event> event{std::move(waiting_.front())};
  waiting_.pop_front();
  return event;
}

Result<bool> Monitor::changed(Deadline deadline) {
  while (waiting_.empty()) {
    if (!NETRIG_TRY(receive(deadline))) return false;
  }
  const Deadline now = Deadline::after(Deadline::Clock::duration::zero());
  while (!waiting_.empty()) {
    waiting_.clear();
    NETRIG_TRY(receive(now));
  }
  return true;
}

}  // namespace netrig::netlink
