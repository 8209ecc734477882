#include <netrig/base/fault_point.h>
#include <netrig/traffic/connect.h>
#include <netrig/traffic/in_milliseconds.h>
#include <netrig/traffic/socket_address.h>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <ostream>
#include <poll.h>

#include <linux/errqueue.h>

namespace netrig::traffic {

namespace {

// What goes out by UDP and must come back.
constexpr std::array<char, 16> kDatagram = {'n', 'e', 't', 'r', 'i', 'g', ' ', 'e',
                                            'c', 'h', 'o', ' ', '1', '6', ' ', 'b'};

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

void ask_for_errors(int fd, bool is_v4) {
  const int on = 1;
  if (is_v4) {
    ::setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  } else {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
  }
}

// Who sent the ICMP error that waits in the socket's error queue (ip(7), IP_RECVERR).
std::optional<IpAddress> take_reporter(int fd) {
  std::array<char, 256> payload{};
  std::array<char, 512> control{};
  iovec vector{payload.data(), payload.size()};
  SocketAddress from;
  msghdr message{};
  message.msg_name = from.get();
  message.msg_namelen = from.size;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    const bool is_error = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                          (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
    if (!is_error) continue;
    const auto* error = reinterpret_cast<const sock_extended_err*>(CMSG_DATA(part));
    if (error->ee_origin != SO_EE_ORIGIN_ICMP && error->ee_origin != SO_EE_ORIGIN_ICMP6) return std::nullopt;
    SocketAddress offender;
    const auto* address = SO_EE_OFFENDER(error);
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6) return std::nullopt;
    std::memcpy(&offender.storage, address, address->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    return offender.endpoint().address;
  }
  return std::nullopt;
}

void note_error(ProbeOutcome& outcome, int error) {
  outcome.error = error;
  if (error == ETIMEDOUT) return;  // the kernel's own patience ended: silence
  outcome.kind = error == ECONNREFUSED ? ProbeOutcome::Kind::refused : ProbeOutcome::Kind::rejected;
}

}  // namespace

std::string Endpoint::to_string() const {
  return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), address.to_string(), port.value());
}

std::ostream& operator<<(std::ostream& out, const Endpoint& endpoint) { return out << endpoint.to_string(); }

std::string ProbeOutcome::to_string() const {
  const auto after = fmt::format("after {:.1f} ms", in_milliseconds(elapsed));
  switch (kind) {
    case Kind::answered:
      return fmt::format("{} {} {}", service.is_tcp() ? "connected to" : "answered by", to.to_string(), after);
    case Kind::refused:
      return fmt::format("refused by {} {}", reporter ? reporter->to_string() : to.to_string(), after);
    case Kind::rejected:
      return fmt::format("rejected{} {}: {}", reporter ? " by " + reporter->to_string() : "", after,
                         describe_errno(error));
    case Kind::silent:
      break;
  }
  return fmt::format("no answer from {} within {:.0f} ms", to.to_string(), in_milliseconds(elapsed));
}

std::ostream& operator<<(std::ostream& out, const ProbeOutcome& outcome) { return out << outcome.to_string(); }

Result<Probe> Probe::open(const ProbeSpec& spec) {
  const auto what = fmt::format("probe {} at {}", spec.service.to_string(), spec.destination.to_string());
  if (spec.service.is_icmp()) return fail(Error::invalid(what, "", "a Pinger sends ICMP echo requests"));
  if (spec.source && spec.source->family() != spec.destination.family()) {
    return fail(Error::invalid(what, "", "source " + spec.source->to_string() + " is of the other address family"));
  }
  const int type = spec.service.is_tcp() ? SOCK_STREAM : SOCK_DGRAM;
  UniqueFd socket{::socket(domain_of(spec.destination), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) return fail(Error::from_errno(what, "", errno));
  if (spec.source || spec.source_port.value() != 0) {
    NETRIG_TRY(
        bind_source(socket.get(), spec.source.value_or(IpAddress::any(spec.destination.family())), spec.source_port));
  }
  ask_for_errors(socket.get(), spec.destination.is_v4());
  return Probe{std::move(socket), spec};
}

ProbeOutcome Probe::run(Deadline deadline) {
  ProbeOutcome outcome;
  outcome.service = spec_.service;
  outcome.to = {spec_.destination, *spec_.service.port()};
  if (!started_) begin(outcome);
  if (outcome.error == 0) {
    if (spec_.service.is_tcp()) {
      connect_tcp(outcome, deadline);
    } else {
      echo_udp(outcome, deadline);
    }
  }
  outcome.elapsed = Deadline::Clock::now() - *started_;
  SocketAddress local;
  if (::getsockname(socket_.get(), local.get(), &local.size) == 0) outcome.local = local.endpoint();
  return outcome;
}

// Connects, and sends what UDP sends.
void Probe::begin(ProbeOutcome& outcome) {
  started_ = Deadline::Clock::now();
  const SocketAddress to{outcome.to.address, outcome.to.port};
  if (::connect(socket_.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) return note_error(outcome, errno);
  if (!spec_.service.is_udp()) return;
  fault_point("exchange-datagrams");
  if (::send(socket_.get(), kDatagram.data(), kDatagram.size(), MSG_NOSIGNAL) < 0) note_error(outcome, errno);
}

Result<Port> Probe::claim_port() {
  if (spec_.source_port.value() != 0) return spec_.source_port;
  const auto source = spec_.source.value_or(IpAddress::any(spec_.destination.family()));
  if (!spec_.source) NETRIG_TRY(bind_source(socket_.get(), source, Port{}));  // with a source it is bound already
  SocketAddress local;
  if (::getsockname(socket_.get(), local.get(), &local.size) == 0) return local.endpoint().port;
  return fail(Error::from_errno("take a port to send from", "", errno));
}

void Probe::connect_tcp(ProbeOutcome& outcome, Deadline deadline) {
  fault_point("await-connection");
  const auto ready = wait_for(socket_.get(), POLLOUT, deadline);
  if (!ready || !*ready) return;
  if (const int error = pending_error(socket_.get()); error != 0) {
    note_error(outcome, error);
    // An RST leaves nothing in the error queue. An ICMP error does, and who closed a port sends an RST: a firewall.
    outcome.reporter = take_reporter(socket_.get());
    if (outcome.reporter) outcome.kind = ProbeOutcome::Kind::rejected;
  } else {
    outcome.kind = ProbeOutcome::Kind::answered;
  }
}

void Probe::echo_udp(ProbeOutcome& outcome, Deadline deadline) {
  for (;;) {
    const auto ready = wait_readable(socket_.get(), deadline);
    if (!ready || !*ready) return;
    std::array<char, 64> answer{};
    const auto size = ::recv(socket_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (size < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      note_error(outcome, errno);
      outcome.reporter = take_reporter(socket_.get());
      if (outcome.kind == ProbeOutcome::Kind::refused && outcome.reporter && *outcome.reporter != spec_.destination) {
        outcome.kind = ProbeOutcome::Kind::rejected;  // somebody on the way said so, not the destination
      }
      return;
    }
    if (std::string_view{answer.data(), static_cast<std::size_t>(size)} !=
        std::string_view{kDatagram.data(), kDatagram.size()})
      continue;
    outcome.kind = ProbeOutcome::Kind::answered;
    return;
  }
}

}  // namespace netrig::traffic
