// Watching what rules do with chosen packets, in one network namespace.
//
//   Tracer gateway = NETRIG_TRY(gateway_ns.run([] { return Tracer::open("gateway"); }));
//   NETRIG_TRY(gateway.start({Rule{}.tcp_dport(631)}));        // adds a table of the rig's own: reserved.h
//   ... send ...
//   for (const TraceEvent& event : NETRIG_TRY(gateway.take())) std::cout << event << '\n';
//   NETRIG_TRY(gateway.listens(Deadline::after(1s)));          // only then "nothing was seen" means anything
//   NETRIG_TRY(gateway.stop());
//
// The table belongs to the Tracer's socket (flag `owner`): it goes when this process does, however it ends, and a
// `flush ruleset` in between leaves it alone.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/nft/nf_socket.h>
#include <netrig/nft/rule.h>
#include <netrig/nft/ruleset.h>
#include <netrig/nft/trace_event.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::nft {

/// Places on a packet's way that the rig's own chains mark: a traced packet that came there shows it, whatever rules
/// there are.
enum class Waypoint : std::uint8_t {
  entered,    ///< came in by an interface, before any rule, also one of its ingress hook; see TraceScope::devices
  arrived,    ///< came in by an interface, before any rule of prerouting
  sent,       ///< sent by this machine, before any rule
  routable,   ///< passed all of prerouting; the route decides next
  delivered,  ///< passed all of input: the socket's turn
  forwarded,  ///< passed all of forward
  left,       ///< passed all of postrouting
};
/// `arrived`
std::string_view to_string(Waypoint waypoint);
/// Which one an event tells of, where it is the rig's own.
std::optional<Waypoint> waypoint(const TraceEvent& event);

/// What else is traced beside packets that arrive at, pass and leave the machine itself.
struct TraceScope {
  bool bridged = false;  ///< those that a bridge passes on
  /// From the ingress hook of these interfaces on, where the kernel can (Linux 5.10). The egress hook needs none of
  /// this: packets are traced before they come there.
  std::vector<std::string> devices = {};
};

/// The trace of one network namespace. One user at a time. Move-only; closing may take a moment of the kernel's time
/// (it waits until what was removed before is gone), so keep one rather than making many.
class Tracer {
 public:
  /// Opens its sockets in the calling thread's network namespace. Errors as of NfSocket::open().
  static Result<Tracer> open(const std::string& label);

  /// Traces packets that match one of `packets` (rules of matches alone) from where they arrive or are sent, in IPv4
  /// and IPv6. One atomic transaction; EBUSY where it runs already, in this Tracer or another one.
  Result<void> start(const std::vector<Rule>& packets, const TraceScope& scope = {});
  /// Removes what start() added. Events that came before stay to be taken.
  Result<void> stop();
  [[nodiscard]] bool started() const { return started_; }
  /// Whether the trace begins at the ingress hook of TraceScope::devices.
  [[nodiscard]] bool sees_devices() const { return devices_; }
  /// Why not, where it was asked to.
  [[nodiscard]] const std::optional<Error>& refused_devices() const { return refused_devices_; }
  /// How often it changed the namespace's ruleset: what it adds to generation().
  [[nodiscard]] std::uint32_t changes() const { return changes_; }

  /// What was told since the last call, without waiting, in the order in which it happened.
  Result<std::vector<TraceEvent>> take();
  /// Readable when there is something to take.
  [[nodiscard]] int fd() const { return events_.fd(); }
  /// Events were lost: there were more than the socket holds (rmem). From the last start() on.
  [[nodiscard]] bool lost() const { return lost_; }

  /// Sends a packet of its own within the namespace, which no rule but the rig's sees, and waits for its trace:
  /// whatever rules did with packets before it has been told by then, and is there to take. False when it did not show
  /// up.
  Result<bool> listens(Deadline deadline);

 private:
  Tracer(NfSocket rules, NfSocket events, UniqueFd canary);
  Result<void> begin(const std::vector<Rule>& packets, const TraceScope& scope);
  Result<void> read_events();

  NfSocket rules_;
  NfSocket events_;
  UniqueFd canary_;
  std::vector<TraceEvent> ready_;
  bool started_ = false;
  bool bridged_ = false;
  bool devices_ = false;
  std::optional<Error> refused_devices_;
  std::uint32_t changes_ = 0;
  bool lost_ = false;
  bool canary_seen_ = false;
};

}  // namespace netrig::nft
