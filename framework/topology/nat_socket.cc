#include <netrig/topology/nat_trial.h>
#include <netrig/traffic/socket_address.h>

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <netinet/tcp.h>
#include <poll.h>

namespace netrig {
inline namespace topology {

namespace {

using traffic::Endpoint;
using traffic::SocketAddress;

constexpr unsigned kPorts = 22'000;

[[noreturn]] void throw_errno(const std::string& what, const std::string& object = {}) {
  throw SetupError{Error::from_errno(what, object, errno)};
}

void set(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

bool ready(int fd, short events, Deadline deadline) { return value_or_throw(wait_for(fd, events, deadline)); }

// A closed connection leaves nothing behind: no TIME_WAIT, and the NAT hears of the end.
void end_abruptly(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

UniqueFd new_socket(const Node& node, nft::Protocol protocol, const IpAddress& address) {
  const bool tcp = protocol == nft::Protocol::tcp;
  const int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  UniqueFd socket = node.run([&] { return UniqueFd{::socket(traffic::domain_of(address), type, 0)}; });
  if (!socket) throw_errno("open a socket", node.name());
  if (tcp) {
    set(socket.get(), SOL_SOCKET, SO_REUSEADDR);
    set(socket.get(), SOL_SOCKET, SO_REUSEPORT);
    set(socket.get(), IPPROTO_TCP, TCP_NODELAY);
    end_abruptly(socket.get());
  }
  return socket;
}

}  // namespace

OnOneProcessor::OnOneProcessor() {
  const int here = ::sched_getcpu();
  if (here < 0 || ::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
  cpu_set_t one{};
  CPU_SET(static_cast<std::size_t>(here), &one);
  kept_ = ::sched_setaffinity(0, sizeof one, &one) == 0;
}

OnOneProcessor::~OnOneProcessor() {
  if (kept_) ::sched_setaffinity(0, sizeof before_, &before_);
}

TrialSocket TrialSocket::open(const Node& node, nft::Protocol protocol, const Endpoint& at) {
  auto socket = new_socket(node, protocol, at.address);
  const SocketAddress address{at.address, at.port};
  if (::bind(socket.get(), address.get(), address.size) == 0) return TrialSocket{std::move(socket)};
  throw_errno(fmt::format("bind {} to {}", nft::to_string(protocol), at.to_string()), node.name());
}

TrialSocket TrialSocket::open_unused(const Node& node, nft::Protocol protocol, const IpAddress& address) {
  static std::atomic<unsigned> used{0};
  for (unsigned tried = 0;; ++tried) {
    const Port port{static_cast<std::uint16_t>(10'000 + used++ % kPorts)};
    try {
      return open(node, protocol, {address, port});
    } catch (const SetupError& error) {
      if (error.error().code != EADDRINUSE || tried == kPorts) throw;
    }
  }
}

Endpoint TrialSocket::local() const {
  SocketAddress address;
  if (::getsockname(socket_.get(), address.get(), &address.size) != 0) throw_errno("getsockname");
  return address.endpoint();
}

void TrialSocket::send(const Endpoint& to, std::uint8_t tag) {
  const SocketAddress address{to.address, to.port};
  if (::sendto(socket_.get(), &tag, sizeof tag, MSG_NOSIGNAL, address.get(), address.size) < 0) {
    throw_errno("send to " + to.to_string());
  }
}

std::optional<TrialSocket::Datagram> TrialSocket::receive(Deadline deadline) {
  while (ready(socket_.get(), POLLIN, deadline)) {
    SocketAddress from;
    std::uint8_t tag = 0;
    if (::recvfrom(socket_.get(), &tag, sizeof tag, MSG_DONTWAIT, from.get(), &from.size) == sizeof tag) {
      return Datagram{from.endpoint(), tag};
    }
  }
  return std::nullopt;
}

void TrialSocket::listen() {
  if (::listen(socket_.get(), 8) != 0) throw_errno("listen on " + local().to_string());
}

void TrialSocket::connect(const Endpoint& to) {
  const SocketAddress address{to.address, to.port};
  if (::connect(socket_.get(), address.get(), address.size) != 0 && errno != EINPROGRESS) {
    throw_errno("connect to " + to.to_string());
  }
}

bool TrialSocket::connected(Deadline deadline) {
  if (!ready(socket_.get(), POLLOUT, deadline)) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

std::optional<std::pair<TrialSocket, Endpoint>> TrialSocket::accept(Deadline deadline) {
  if (!ready(socket_.get(), POLLIN, deadline)) return std::nullopt;
  SocketAddress from;
  UniqueFd connection{::accept4(socket_.get(), from.get(), &from.size, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!connection) return std::nullopt;
  end_abruptly(connection.get());
  set(connection.get(), IPPROTO_TCP, TCP_NODELAY);
  return std::pair{TrialSocket{std::move(connection)}, from.endpoint()};
}

void TrialSocket::write() {
  const char byte = 0;
  if (::send(socket_.get(), &byte, sizeof byte, MSG_NOSIGNAL) != sizeof byte) throw_errno("write to a connection");
}

bool TrialSocket::read(Deadline deadline) {
  char byte = 0;
  return ready(socket_.get(), POLLIN, deadline) &&
         ::recv(socket_.get(), &byte, sizeof byte, MSG_DONTWAIT) == sizeof byte;
}

}  // namespace topology
}  // namespace netrig
