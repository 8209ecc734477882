// The kernel's connection table as it changes, and what one does with it: choose, wait, count, forget.
//
//   auto watch = NETRIG_TRY(gateway_ns.run([] { return ConntrackWatch::open("gateway"); }));
//   ... a client connects ...
//   const auto web = [](const ConntrackEntry& each) { return each.original.destination_port == Port{80}; };
//   ConntrackEntry entry = NETRIG_TRY(watch.await(ConntrackEvent::Kind::created, web, Deadline::after(2s))).entry;
//   NETRIG_TRY(remove_conntrack(gateway, entry));
//
// Source: conntrack(8), linux/netfilter/nfnetlink_conntrack.h. The kernel tells of a connection only where
// net.netfilter.nf_conntrack_events says so; the kernel's own setting does for whoever listens before it begins.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/nft/conntrack.h>
#include <netrig/nft/nf_socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace netrig::nft {

/// Which connections are meant.
using ConntrackFilter = std::function<bool(const ConntrackEntry& entry)>;

/// Those of list_conntrack() that are meant.
Result<std::vector<ConntrackEntry>> list_conntrack(NfSocket& socket, const ConntrackFilter& filter);
/// How many connections the kernel tracks in the socket's network namespace.
Result<std::size_t> count_conntrack(NfSocket& socket);
/// Forgets one. ENOENT when it is gone already.
Result<void> remove_conntrack(NfSocket& socket, const ConntrackEntry& entry);
/// Forgets all of both families: `conntrack -F`.
Result<void> flush_conntrack(NfSocket& socket);

/// What happened to a connection.
struct ConntrackEvent {
  enum class Kind : std::uint8_t { created, updated, destroyed };
  Kind kind = Kind::created;
  ConntrackEntry entry;  ///< as it was then; of a destroyed one the kernel tells no state and no time-out
  friend bool operator==(const ConntrackEvent&, const ConntrackEvent&) = default;
};
/// `[NEW] tcp      6 120 SYN_SENT src=...`, as `conntrack -E` begins its lines.
std::string to_string(const ConntrackEvent& event);
std::ostream& operator<<(std::ostream& out, const ConntrackEvent& event);

/// Hears of every connection of one network namespace from its opening on. Move-only; one user at a time.
class ConntrackWatch {
 public:
  /// In the calling thread's network namespace. Errors as of NfSocket::open().
  static Result<ConntrackWatch> open(const std::string& label);

  /// What was told since the last call, without waiting. ENOBUFS: there was more than the socket holds (rmem).
  Result<std::vector<ConntrackEvent>> take();
  /// The first event of that kind that is meant, told since the last take() or await(); what was told before it is
  /// passed over. ETIMEDOUT, with what was passed over, when it did not come.
  Result<ConntrackEvent> await(ConntrackEvent::Kind kind, const ConntrackFilter& filter, Deadline deadline);
  /// Readable when there is something to take.
  [[nodiscard]] int fd() const { return events_.fd(); }

 private:
  explicit ConntrackWatch(NfSocket events) : events_{std::move(events)} {}
  NfSocket events_;
  std::vector<ConntrackEvent> ready_;
};

}  // namespace netrig::nft
