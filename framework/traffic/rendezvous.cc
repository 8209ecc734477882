#include <netrig/base/deadline.h>
#include <netrig/traffic/connect.h>
#include <netrig/traffic/rendezvous.h>
#include <netrig/traffic/socket_address.h>

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <optional>

namespace netrig::traffic {

namespace {

constexpr int kTransferBacklog = 4096;

// The connection's own socket, out of the probe that made it.
Result<UniqueFd> taken_over(const Probe& probe, const Side& side) {
  UniqueFd socket{::fcntl(probe.fd(), F_DUPFD_CLOEXEC, 0)};
  if (!socket) return fail(Error::from_errno("open a connection", side.name, errno));
  const int off = 0;  // an ICMP error that passes is none of a running connection's
  ::setsockopt(socket.get(), IPPROTO_IP, IP_RECVERR, &off, sizeof off);
  ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_RECVERR, &off, sizeof off);
  return socket;
}

Result<UniqueFd> connected(const Endpoint& to, const RunOptions& run, const Side& side, const Prepare& prepare) {
  auto probe = NETRIG_TRY(Probe::open({.service = Service::tcp(to.port), .destination = to.address}));
  NETRIG_TRY(prepare(probe.fd()));
  const auto outcome = probe.run(Deadline::after(run.patience));
  if (outcome.answered()) return taken_over(probe, side);
  const int error = outcome.error != 0 ? outcome.error : ETIMEDOUT;
  return fail(Error::from_errno("connect to " + to.to_string(), side.name, error, outcome.to_string()));
}

}  // namespace

Result<std::pair<UniqueFd, Port>> bound_socket(const RunOptions& run, int type, const std::string& side,
                                               const Prepare& prepare) {
  const auto what = fmt::format("serve {} port {}", type == SOCK_STREAM ? "tcp" : "udp", run.port.value());
  UniqueFd socket{::socket(domain_of(run.destination), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) return fail(Error::from_errno(what, side, errno));
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  NETRIG_TRY(prepare(socket.get()));
  SocketAddress address{IpAddress::any(run.destination.family()), run.port};
  if (::bind(socket.get(), address.get(), address.size) != 0) {
    return fail(Error::from_errno(
        what, side, errno,
        errno == EADDRINUSE ? "somebody listens there already: stop it, or choose another port" : ""));
  }
  if (::getsockname(socket.get(), address.get(), &address.size) != 0) return fail(Error::from_errno(what, side, errno));
  return std::pair{std::move(socket), address.endpoint().port};
}

Result<Door> Door::open(const RunOptions& run, const Side& server, const Prepare& prepare) {
  Door door;
  NETRIG_TRY(server.place([&]() -> Result<void> {
    auto [socket, port] = NETRIG_TRY(bound_socket(run, SOCK_STREAM, server.name, prepare));
    if (::listen(socket.get(), kTransferBacklog) != 0)
      return fail(Error::from_errno("listen on " + Service::tcp(port).to_string(), server.name, errno));
    door.socket_ = std::move(socket);
    door.port_ = port;
    return {};
  }));
  return door;
}

Result<std::pair<UniqueFd, UniqueFd>> Door::connect(const RunOptions& run, const Sides& sides,
                                                    const Prepare& prepare) const {
  const Endpoint to{run.destination, destination_port(run)};
  UniqueFd near;
  NETRIG_TRY(sides.client.place([&]() -> Result<void> {
    near = NETRIG_TRY(connected(to, run, sides.client, prepare));
    return {};
  }));
  const auto came = NETRIG_TRY(wait_readable(socket_.get(), Deadline::after(run.patience)));
  UniqueFd far{came ? ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1};
  if (far) return std::pair{std::move(near), std::move(far)};
  return fail(Error::from_errno("connect to " + to.to_string(), sides.server.name, came ? errno : ETIMEDOUT,
                                "the client is connected, and not with this server: somebody else answers there"));
}

}  // namespace netrig::traffic
