// Changes as they happen, and waiting for one without polling.
//
//   Monitor monitor = NETRIG_TRY(ns.run([] { return Monitor::open("client"); }));
//   NETRIG_TRY(wait_link_up(monitor, {.name = eth0}, Deadline::after(2s)));
//   NETRIG_TRY(wait_address_ready(monitor, {.name = eth0}, address, Deadline::after(2s)));
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/net/ip_address.h>
#include <netrig/netlink/address.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/netlink/route.h>
#include <netrig/netlink/socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace netrig::netlink {

/// Events were lost because they came faster than they were read: what is known is stale, dump again.
struct Overrun {};

/// One change. `removed`: the object is gone; else it is new or different.
struct Event {
  bool removed = false;
  std::variant<Overrun, Link, Address, Route, Neighbour> object;
};

/// As `ip monitor` prints it: `Deleted 10.0.0.0/24 dev eth0 ...`.
std::ostream& operator<<(std::ostream& out, const Event& event);

/// A subscription to the links, addresses, routes and neighbours of one namespace, with a socket for dumps beside it.
/// Move-only.
class Monitor {
 public:
  /// Subscribes in the calling thread's network namespace; events from now on are kept until next() takes them.
  static Result<Monitor> open(std::string label = {});

  /// The next event, waiting for one until the deadline; nullopt when it passes. A lost event shows as Overrun.
  Result<std::optional<Event>> next(Deadline deadline);
  /// Waits for any change and forgets all events that are there then; false when the deadline passes without one.
  Result<bool> changed(Deadline deadline);
  /// Readable when there is an event (poll(2)).
  [[nodiscard]] int fd() const { return events_.fd(); }
  /// For dumps of the same namespace.
  Socket& requests() { return requests_; }

 private:
  Monitor(Socket events, Socket requests) : events_{std::move(events)}, requests_{std::move(requests)} {}
  Result<bool> receive(Deadline deadline);

  Socket events_, requests_;
  std::deque<Event> waiting_;
};

/// What a predicate saw: whether that was it, and if not, what there was (for the error when time is up).
struct Seen {
  bool done = false;
  std::string text = {};
};

/// Calls `look` (which dumps) now and after every change, until it is done or fails. `what` completes the error after
/// "wait until". ETIMEDOUT when the deadline passes, with what was seen last. No change is missed: the monitor was
/// subscribed before.
Result<void> wait_until(Monitor& monitor, const std::string& what, const std::function<Result<Seen>(Socket&)>& look,
                        Deadline deadline);

/// Until the link exists, is set up and its operational state is up (or unknown, for devices such as lo that report
/// none).
Result<Link> wait_link_up(Monitor& monitor, const Device& device, Deadline deadline);
/// Until the link exists and has carrier: both ends of a veth are up.
Result<Link> wait_carrier(Monitor& monitor, const Device& device, Deadline deadline);
/// Until the device has the address and can use it: no longer tentative. EADDRNOTAVAIL when duplicate detection found
/// another holder.
Result<Address> wait_address_ready(Monitor& monitor, const Device& device, const IpAddress& address, Deadline deadline);
/// Until no address of the namespace is tentative any more. EADDRNOTAVAIL as above.
Result<void> wait_addresses_ready(Monitor& monitor, Deadline deadline);

}  // namespace netrig::netlink
