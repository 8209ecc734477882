#include <netrig/netlink/monitor.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace netrig::netlink {
namespace {

/// Waits until `holds(link)`; the link may not exist yet.
template <class Holds>
Result<Link> wait_link(Monitor& monitor, const Device& device, std::string_view condition, Holds holds,
                       Deadline deadline) {
  std::optional<Link> found;
  const auto look = [&](Socket& socket) -> Result<Seen> {
    auto link = get_link(socket, device);
    if (!link && link.error().code == ENODEV) return Seen{false, "there is no such link"};
    if (!link) return fail(std::move(link).error());
    found = *std::move(link);
    return Seen{holds(*found), found->brief()};
  };
  NETRIG_TRY(wait_until(monitor, fmt::format("link {} {}", device.to_string(), condition), look, deadline));
  return *std::move(found);
}

Error duplicate(const Address& address, const Socket& socket) {
  return Error::from_errno(
      fmt::format("wait until address {} dev {} is ready", address.local.to_string(), address.device.to_string()),
      socket.label(), EADDRNOTAVAIL, "duplicate address detection found another node that has it");
}

/// One look at an address: nullopt when the device does not have it (yet).
Result<std::optional<Address>> find_address(Socket& socket, const Device& device, const IpAddress& wanted) {
  auto addresses = dump_addresses(socket, {.device = device});
  if (!addresses && addresses.error().code == ENODEV) return std::nullopt;
  if (!addresses) return fail(std::move(addresses).error());
  const auto found =
      std::ranges::find_if(*addresses, [&](const Address& each) { return each.local.address() == wanted; });
  return found == addresses->end() ? std::nullopt : std::optional{*found};
}

}  // namespace

Result<void> wait_until(Monitor& monitor, const std::string& what, const std::function<Result<Seen>(Socket&)>& look,
                        Deadline deadline) {
  while (true) {
    const Seen seen = NETRIG_TRY(look(monitor.requests()));
    if (seen.done) return {};
    if (NETRIG_TRY(monitor.changed(deadline))) continue;
    return fail(
        Error::from_errno("wait until " + what, monitor.requests().label(), ETIMEDOUT, "last seen: " + seen.text));
  }
}

Result<Link> wait_link_up(Monitor& monitor, const Device& device, Deadline deadline) {
  const auto holds = [](const Link& link) {
    return link.up() && (link.state == OperState::up || link.state == OperState::unknown);
  };
  return wait_link(monitor, device, "is up", holds, deadline);
}

Result<Link> wait_carrier(Monitor& monitor, const Device& device, Deadline deadline) {
  const auto holds = [](const Link& link) { return link.up() && link.carrier; };
  return wait_link(monitor, device, "has carrier", holds, deadline);
}

Result<Address> wait_address_ready(Monitor& monitor, const Device& device, const IpAddress& address,
                                   Deadline deadline) {
  std::optional<Address> found;
  const auto look = [&](Socket& socket) -> Result<Seen> {
    found = NETRIG_TRY(find_address(socket, device, address));
    if (!found) return Seen{false, "the device does not have it"};
    if (found->dad_failed) return fail(duplicate(*found, socket));
    return Seen{!found->tentative || found->optimistic, found->to_string()};
  };
  const std::string what = fmt::format("address {} dev {} is ready", address.to_string(), device.to_string());
  NETRIG_TRY(wait_until(monitor, what, look, deadline));
  return *std::move(found);
}

Result<void> wait_addresses_ready(Monitor& monitor, Deadline deadline) {
  const auto look = [](Socket& socket) -> Result<Seen> {
    for (const Address& address : NETRIG_TRY(dump_addresses(socket))) {
      if (address.dad_failed) return fail(duplicate(address, socket));
      if (!address.tentative || address.optimistic) continue;
      return Seen{false, fmt::format("dev {} {}", address.device.to_string(), address.to_string())};
    }
    return Seen{.done = true};
  };
  return wait_until(monitor, "all addresses are ready", look, deadline);
}

}  // namespace netrig::netlink
