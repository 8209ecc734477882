#include <netrig/base/fault_point.h>
#include <netrig/base/fork_window.h>
#include <netrig/traffic/datagram.h>
#include <netrig/traffic/listener.h>
#include <netrig/traffic/reactor.h>
#include <netrig/traffic/socket_address.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <new>
#include <span>
#include <utility>

namespace netrig::traffic {

namespace {

constexpr std::size_t kPeersKept = 1000;
constexpr int kBacklog = 1024;

// What accept(2) needs and may get later: the connection waits meanwhile.
bool is_shortage(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

}  // namespace

struct Listener::State {
  Service service;
  UniqueFd socket;
  std::mutex accepting;  ///< also of `socket`, but for its handler, which has ended when that is closed
  mutable std::mutex turn;
  bool closed = false;
  mutable std::condition_variable came;
  std::deque<Endpoint> peers;
  std::map<int, UniqueFd> connections;
  int refusal = 0;  ///< errno of `accepting`: why those who wait are not taken
  int lost = 0;     ///< errno: why somebody came who is not among `peers`

  void note(const Endpoint& peer) {
    const std::scoped_lock lock{turn};
    peers.push_back(peer);
    if (peers.size() > kPeersKept) peers.pop_front();
    came.notify_all();
  }

  // Whoever is in the queue: called on the reactor's thread, and by who asks for peers. A connection that the peer's
  // connect() has completed is in the queue, so nobody who got through is missed.
  void accept_all() {
    const std::scoped_lock one_at_a_time{accepting};
    while (socket) {
      SocketAddress from;
      UniqueFd connection{::accept4(socket.get(), from.get(), &from.size, SOCK_CLOEXEC | SOCK_NONBLOCK)};
      const int error = connection ? 0 : errno;
      refusal = is_shortage(error) ? error : 0;
      if (refusal != 0) Reactor::instance().rest(socket.get());  // they stay in the queue
      if (!connection) return;  // EAGAIN; a peer that gave up meanwhile counts as not come
      take(from.endpoint(), std::move(connection));
    }
  }

  void take(const Endpoint& peer, UniqueFd connection) try {
    note(peer);
    const int fd = connection.get();
    {
      const std::scoped_lock lock{turn};
      connections[fd] = std::move(connection);
    }
    if (!Reactor::instance().add(fd, [this, fd] { echo_stream(fd); })) {
      const std::scoped_lock lock{turn};
      connections.erase(fd);
    }
  } catch (const std::bad_alloc&) {
    lost = ENOMEM;
  }

  // Nobody who came is kept from the caller in silence.
  void require_all_taken() {
    take_waiting();
    const std::scoped_lock lock{accepting};
    if (const int error = lost != 0 ? lost : refusal; error != 0) {
      throw SetupError{Error::from_errno("take a peer of " + service.to_string(), "", error)};
    }
  }

  // ---- on the reactor's thread

  void echo_stream(int fd) {
    std::array<char, 16384> bytes{};
    const auto size = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // What the peer does not take at once is not kept: a probe sends little and reads it.
    if (size <= 0 || ::send(fd, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
      drop(fd);
  }

  // Without memory it is answered, and missing among the peers.
  void note_datagram(const Endpoint& peer) try { note(peer); } catch (const std::bad_alloc&) {
    const std::scoped_lock lock{accepting};
    lost = ENOMEM;
  }

  void echo_datagrams() {
    std::array<std::byte, 65536> bytes{};
    for (Datagram datagram;;) {
      const auto size = datagram.receive(socket.get(), bytes, MSG_DONTWAIT);
      if (size < 0) return;
      note_datagram(datagram.from().endpoint());
      datagram.answer(socket.get(), std::span{bytes}.first(static_cast<std::size_t>(size)),
                      MSG_DONTWAIT | MSG_NOSIGNAL);
    }
  }

  // A datagram's sender is noted before it is answered: only connections can be waiting unseen.
  void take_waiting() {
    if (service.is_tcp()) accept_all();
  }

  void drop(int fd) {
    Reactor::instance().remove(fd);
    const std::scoped_lock lock{turn};
    connections.erase(fd);
  }

  // Who has come until now is noted; no handler runs any more when it returns. The locks are not held meanwhile: a
  // handler may be waiting for one.
  void close() {
    {
      const std::scoped_lock lock{turn};
      if (std::exchange(closed, true)) return;
    }
    take_waiting();
    Reactor::instance().remove(socket.get());
    {
      const std::scoped_lock no_more_connections{accepting};
      socket.reset();
    }
    std::map<int, UniqueFd> open;
    {
      const std::scoped_lock lock{turn};
      open.swap(connections);
      came.notify_all();
    }
    for (const auto& [fd, connection] : open) Reactor::instance().remove(fd);
    await_copies();  // the port is free
  }
  ~State() { close(); }
};

namespace {

// One socket for both families; IPv4 alone where the namespace has no IPv6.
Result<UniqueFd> bound_socket(const Service& service) {
  const int type = (service.is_tcp() ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  for (const auto family : {AddressFamily::ipv6, AddressFamily::ipv4}) {
    const auto any = IpAddress::any(family);
    UniqueFd socket{::socket(domain_of(any), type, 0)};
    if (!socket) continue;
    const int off = 0, on = 1;
    if (any.is_v6()) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (service.is_tcp()) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (service.is_udp() && ask_for_destinations(socket.get()) != 0) break;
    const SocketAddress address{any, *service.port()};
    if (::bind(socket.get(), address.get(), address.size) == 0) return socket;
    if (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT) break;
  }
  return fail(
      Error::from_errno("listen on " + service.to_string(), "", errno,
                        errno == EADDRINUSE ? "somebody listens there already: stop it, or choose another port" : ""));
}

}  // namespace

Result<Listener> Listener::open(const Service& service) {
  if (service.is_icmp())
    return fail(Error::invalid("listen on icmp", "", "the kernel answers echo requests by itself"));
  fault_point("listen");
  auto state = std::make_shared<State>();
  state->socket = NETRIG_TRY(bound_socket(service));
  const int fd = state->socket.get();
  if (service.is_tcp() && ::listen(fd, kBacklog) != 0) {
    return fail(Error::from_errno("listen on " + service.to_string(), "", errno));
  }
  SocketAddress bound;
  if (::getsockname(fd, bound.get(), &bound.size) != 0)
    return fail(Error::from_errno("listen on " + service.to_string(), "", errno));
  const auto port = bound.endpoint().port;
  state->service = service.is_tcp() ? Service::tcp(port) : Service::udp(port);
  auto* raw = state.get();
  NETRIG_TRY(Reactor::instance().add(fd, [raw] { raw->service.is_tcp() ? raw->accept_all() : raw->echo_datagrams(); }));
  return Listener{std::move(state)};
}

Listener::Listener(std::shared_ptr<State> state) : state_{std::move(state)} {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

Listener::State& Listener::state() const {
  if (state_) return *state_;
  throw SetupError{Error::invalid("use a listener", "", "it was moved from: use the one that it was moved to")};
}

Service Listener::service() const { return state().service; }
void Listener::close(State& state) { state.close(); }
void Listener::close() { close(state()); }

std::vector<Endpoint> Listener::peers() const {
  state().require_all_taken();
  const std::scoped_lock lock{state_->turn};
  return {state_->peers.begin(), state_->peers.end()};
}

std::optional<Endpoint> Listener::last_peer() const {
  state().require_all_taken();
  const std::scoped_lock lock{state_->turn};
  if (state_->peers.empty()) return std::nullopt;
  return state_->peers.back();
}

bool Listener::wait_for_peer(Deadline deadline) const {
  std::unique_lock lock{state().turn};
  const auto over = [&] { return !state_->peers.empty() || state_->closed; };
  if (deadline.at() == Deadline::never().at()) {
    state_->came.wait(lock, over);
  } else {
    state_->came.wait_until(lock, deadline.at(), over);
  }
  const bool any = !state_->peers.empty();
  lock.unlock();
  if (!any) state_->require_all_taken();
  return any;
}

}  // namespace netrig::traffic
