// Somebody to answer: TCP and UDP listeners that echo what they get and remember who came.
//
//   Listener web = NETRIG_TRY(Listener::open(tcp(80)));      // in the server's network namespace; ready when it
//   returns
//   ...
//   web.wait_for_peer(Deadline::after(2s));
//   web.last_peer();                                         // 203.0.113.1:40312
//
// All listeners of a process are served by one thread.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/traffic/connect.h>
#include <netrig/traffic/service.h>

#include <memory>
#include <optional>
#include <vector>

namespace netrig::traffic {

/// A bound socket on every address of both families (IPv4 alone where the namespace has no IPv6). Datagrams are
/// answered from the address that they were sent to. Move-only; closes when it goes. One that was moved from throws
/// SetupError.
class Listener {
 public:
  /// Opens, binds and listens in the calling thread's network namespace. Port 0: the kernel's choice, see port().
  /// Errors: ICMP as service; EADDRINUSE when somebody listens there already.
  static Result<Listener> open(const Service& service);
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();

  /// tcp/80, with the real port.
  [[nodiscard]] Service service() const;
  [[nodiscard]] Port port() const { return *service().port(); }
  /// Who connected, or sent a datagram, in order; IPv4 peers as IPv4 addresses. The 1,000 newest are kept.
  /// A peer whose connect(2) has returned, or that has its datagram back, is among them. Throws SetupError while one
  /// waits whom this process has no descriptor or memory for (EMFILE, ...; it is served as soon as there is), and when
  /// one came that could not be noted.
  [[nodiscard]] std::vector<Endpoint> peers() const;
  [[nodiscard]] std::optional<Endpoint> last_peer() const;
  /// Waits until the first peer came; false at the deadline, and when it is closed before.
  /// Throws SetupError as peers() does.
  [[nodiscard]] bool wait_for_peer(Deadline deadline) const;

  /// Gives the port up and closes the connections it took. Who came can still be asked. From any thread, also more than
  /// once.
  void close();

  struct State;
  /// For whoever must be able to close it without keeping it, as a lab that ends.
  [[nodiscard]] std::weak_ptr<State> watch() const { return state_; }
  static void close(State& state);

 private:
  explicit Listener(std::shared_ptr<State> state);
  [[nodiscard]] State& state() const;
  std::shared_ptr<State> state_;
};

}  // namespace netrig::traffic
