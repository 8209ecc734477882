#include <netrig/traffic/socket_address.h>
#include <netrig/traffic/tcp_side.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace netrig::traffic {

namespace {

constexpr std::size_t kFillerPart = 32U << 10U;  // half of what the smallest of today's first-level caches hold

// What MSG_ZEROCOPY (Documentation/networking/msg_zerocopy.rst) leaves in the error queue.
void drain_notifications(int fd) {
  std::array<char, 128> control{};
  for (;;) {
    msghdr message{};
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
  }
}

// For who does not look at it: a small part again and again, which the processor keeps at hand.
ssize_t send_filler(int fd, const TcpPayload& payload, std::size_t size) {
  const auto part = payload.at(0).first(kFillerPart);
  std::array<iovec, TcpPayload::kMostBlock / kFillerPart> parts;
  std::size_t count = 0;
  for (std::size_t left = size; left > 0 && count < parts.size(); ++count) {
    parts[count] = {const_cast<unsigned char*>(part.data()), std::min(left, part.size())};  // which is only read
    left -= parts[count].iov_len;
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

bool try_again(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Result<TcpPayload> TcpPayload::make(std::uint64_t seed, bool with_file) {
  TcpPayload payload;
  payload.bytes_.resize(kPeriod);
  std::mt19937_64 noise{seed};
  for (std::size_t i = 0; i < kPeriod; i += sizeof(std::uint64_t)) {
    const std::uint64_t word = noise();
    std::memcpy(&payload.bytes_[i], &word, sizeof word);
  }
  if (!with_file) return payload;
  payload.file_.reset(::memfd_create("netrig-payload", MFD_CLOEXEC));
  if (!payload.file_ || ::write(payload.file_.get(), payload.bytes_.data(), kPeriod) != static_cast<ssize_t>(kPeriod)) {
    return fail(Error::from_errno("make a memory file to send from", "", errno));
  }
  return payload;
}

std::span<const unsigned char> TcpPayload::at(std::uint64_t position) const {
  return std::span{bytes_}.subspan(position % kPeriod);
}

std::uint64_t TcpSide::received() const {
  std::uint64_t sum = 0;
  for (const auto& flow : flows) sum += flow.received.load(std::memory_order_relaxed);
  return sum;
}

Result<void> TcpSide::add(UniqueFd socket) {
  auto& flow = flows.emplace_back();
  SocketAddress local, peer;
  if (::getsockname(socket.get(), local.get(), &local.size) != 0 ||
      ::getpeername(socket.get(), peer.get(), &peer.size) != 0) {
    return fail(Error::from_errno("open a connection", name_, errno, "it ended before the measurement began"));
  }
  flow.local = local.endpoint();
  flow.peer = peer.endpoint();
  flow.socket = std::move(socket);
  flow.sends = sends();
  flow.receives = receives();
  flow.number = static_cast<unsigned>(flows.size());
  return {};
}

// Each stream and direction begins elsewhere in the pattern, so that one stream's bytes are not good in another.
std::uint64_t TcpSide::shift(const TcpFlow& flow, bool own) const {
  return flow.number * 4099ULL + (own == is_client_ ? 0 : 2053);
}

Error TcpSide::failure(const char* what, const TcpFlow& flow, int error) const {
  const bool ended = error == ECONNRESET || error == EPIPE || error == 0;
  return Error::from_errno(
      fmt::format("{} {} on stream {}", what, flow.peer.to_string(), flow.number), name_,
      error == 0 ? ECONNRESET : error,
      fmt::format(
          "{} after {:.3f} s, {} bytes sent and {} received",
          ended ? (is_client_ ? "the server's side ended the connection" : "the client's side ended the connection")
                : "the connection broke",
          static_cast<double>(ticks() - began_) / 1e9, flow.sent.load(), flow.received.load()));
}

void TcpSide::drain_errors(const TcpFlow& flow) const {
  if (load_.method == SendMethod::zero_copy) drain_notifications(flow.socket.get());
}

ssize_t TcpSide::send_once(TcpFlow& flow, const TcpPayload& payload) const {
  const auto sent = flow.sent.load(std::memory_order_relaxed);
  auto size = static_cast<std::size_t>(load_.block.value());
  if (load_.bytes) size = std::min<std::uint64_t>(size, load_.bytes->value() - sent);
  const auto method = load_.method;
  if (method == SendMethod::pages) {
    off_t from = 0;
    return ::sendfile(flow.socket.get(), payload.file(), &from, std::min(size, TcpPayload::kPeriod));
  }
  if (!load_.verify && method == SendMethod::copy) return send_filler(flow.socket.get(), payload, size);
  const auto bytes = payload.at(load_.verify ? sent + shift(flow, true) : 0);
  return ::send(flow.socket.get(), bytes.data(), std::min(size, bytes.size()),
                MSG_NOSIGNAL | (method == SendMethod::zero_copy ? MSG_ZEROCOPY : 0));
}

Result<void> TcpSide::send_some(TcpFlow& flow, const TcpPayload& payload, const Reins& reins, int most) {
  for (int i = 0; i < most; ++i) {
    // Nobody ends without having sent: with a thousand streams and little time the last would not have had their turn.
    if (reins.stop_sending.load(std::memory_order_acquire) && flow.sent.load(std::memory_order_relaxed) > 0)
      return finish_sending(flow);
    const auto size = send_once(flow, payload);
    if (size < 0) {
      if (errno == ENOBUFS && load_.method == SendMethod::zero_copy) {
        drain_notifications(flow.socket.get());
        return {};
      }
      return try_again(errno) ? Result<void>{} : fail(failure("send to", flow, errno));
    }
    const auto sent = flow.sent.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(size);
    flow.sent.store(sent, std::memory_order_relaxed);
    if (load_.bytes && sent >= load_.bytes->value()) return finish_sending(flow);
  }
  return {};
}

Result<void> TcpSide::finish_sending(TcpFlow& flow) {
  if (::shutdown(flow.socket.get(), SHUT_WR) != 0) return fail(failure("send to", flow, errno));
  flow.sends = false;
  return {};
}

// By a direct system call: without a buffer, which MSG_TRUNC needs none of (tcp(7)), and which sanitizers would look
// for.
Result<void> TcpSide::receive_some(TcpFlow& flow, const TcpPayload& payload, std::span<unsigned char> room,
                                   Helping helping) {
  for (int i = 0; i < helping.calls; ++i) {
    const auto size = load_.verify ? ::recv(flow.socket.get(), room.data(), room.size(), MSG_DONTWAIT)
                                   : ::syscall(SYS_recvfrom, flow.socket.get(), nullptr, helping.bytes,
                                               MSG_DONTWAIT | MSG_TRUNC, nullptr, nullptr);
    if (size < 0) return try_again(errno) ? Result<void>{} : fail(failure("receive from", flow, errno));
    const auto before = flow.received.load(std::memory_order_relaxed);
    if (size == 0) {
      if (load_.bytes && before < load_.bytes->value()) return fail(failure("receive from", flow, 0));
      flow.receives = false;
      return {};
    }
    if (load_.verify) NETRIG_TRY(verify(flow, room.first(static_cast<std::size_t>(size)), payload));
    flow.received.store(before + static_cast<std::uint64_t>(size), std::memory_order_relaxed);
    flow.last_arrival.store(ticks(), std::memory_order_relaxed);
    if (static_cast<std::size_t>(size) < (load_.verify ? room.size() : helping.bytes)) return {};
  }
  return {};
}

Result<void> TcpSide::verify(const TcpFlow& flow, std::span<const unsigned char> bytes,
                             const TcpPayload& payload) const {
  const auto received = flow.received.load(std::memory_order_relaxed);
  for (std::size_t done = 0; done < bytes.size();) {
    const auto expected = payload.at(received + done + shift(flow, false));
    const auto part = std::min(bytes.size() - done, expected.size());
    const auto* got = &bytes[done];
    if (std::memcmp(got, expected.data(), part) != 0) {
      const auto at = static_cast<std::size_t>(std::mismatch(got, got + part, expected.data()).first - got);
      return fail(Error::from_errno(
          fmt::format("verify what came from {} on stream {}", flow.peer.to_string(), flow.number), name_, EBADMSG,
          fmt::format("byte {} is 0x{:02x} and was sent as 0x{:02x}", received + done + at, got[at], expected[at])));
    }
    done += part;
  }
  return {};
}

}  // namespace netrig::traffic
