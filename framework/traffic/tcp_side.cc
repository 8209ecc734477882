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
#include <unistd.h>

namespace netrig::traffic {

namespace {

constexpr int kBurst = 64;                   // system calls for one flow before the others have their turn
constexpr std::size_t kDiscard = 4U << 20U;  // bytes to throw away in one system call
constexpr std::uint32_t kWake = 0xffffffff;  // what stands for the eventfd in epoll's data

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

void TcpSide::watch(const TcpFlow& flow) const {
  epoll_event event{};
  event.events = (flow.receives ? EPOLLIN : 0U) | (flow.sends ? EPOLLOUT : 0U);
  event.data.u32 = flow.number - 1;
  // Who only sends hears of a reset as EPOLLERR or EPOLLHUP, which need not be asked for.
  ::epoll_ctl(epoll_.get(), flow.receives || flow.sends ? EPOLL_CTL_MOD : EPOLL_CTL_DEL, flow.socket.get(), &event);
}

Result<void> TcpSide::run(Reins& reins, const TcpPayload& payload) {
  began_ = ticks();
  buffer_.resize(load_.verify ? load_.block.value() : 0);
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event wake{EPOLLIN, {.u32 = kWake}};
  if (!epoll_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, reins.wake.get(), &wake) != 0)
    return fail(Error::from_errno("watch connections", name_, errno));
  for (const auto& flow : flows) {
    epoll_event none{0, {.u32 = flow.number - 1}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, flow.socket.get(), &none) != 0)
      return fail(Error::from_errno("watch connections", name_, errno));
    watch(flow);
  }
  open_ = flows.size();
  std::array<epoll_event, 64> events{};
  while (open_ > 0) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (reins.abort.load(std::memory_order_acquire)) return {};
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.u32 == kWake) {
        std::uint64_t pulled = 0;
        (void)!::read(reins.wake.get(), &pulled, sizeof pulled);
        for (auto& flow : flows) {
          if (flow.sends && reins.stop_sending.load(std::memory_order_acquire)) NETRIG_TRY(finish_sending(flow));
        }
        continue;
      }
      auto& flow = flows[event.data.u32];
      if ((event.events & EPOLLERR) != 0 && load_.method == SendMethod::zero_copy)
        drain_notifications(flow.socket.get());
      if (flow.receives && (event.events & ~EPOLLOUT) != 0) NETRIG_TRY(receive_some(flow, payload));
      if (flow.sends && (event.events & ~EPOLLIN) != 0) NETRIG_TRY(send_some(flow, payload, reins));
    }
  }
  return {};
}

ssize_t TcpSide::send_once(TcpFlow& flow, const TcpPayload& payload) {
  const auto sent = flow.sent.load(std::memory_order_relaxed);
  auto size = static_cast<std::size_t>(load_.block.value());
  if (load_.bytes) size = std::min<std::uint64_t>(size, load_.bytes->value() - sent);
  const auto method = load_.method;
  if (method == SendMethod::pages) {
    off_t from = 0;
    return ::sendfile(flow.socket.get(), payload.file(), &from, std::min(size, TcpPayload::kPeriod));
  }
  const auto bytes = payload.at(load_.verify ? sent + shift(flow, true) : 0);
  return ::send(flow.socket.get(), bytes.data(), std::min(size, bytes.size()),
                MSG_NOSIGNAL | (method == SendMethod::zero_copy ? MSG_ZEROCOPY : 0));
}

Result<void> TcpSide::send_some(TcpFlow& flow, const TcpPayload& payload, const Reins& reins) {
  for (int i = 0; i < kBurst && !reins.stop_sending.load(std::memory_order_acquire); ++i) {
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
  if (!flow.receives) --open_;
  watch(flow);
  return {};
}

// By a direct system call: without a buffer, which MSG_TRUNC needs none of (tcp(7)), and which sanitizers would look
// for.
Result<void> TcpSide::receive_some(TcpFlow& flow, const TcpPayload& payload) {
  for (int i = 0; i < kBurst; ++i) {
    const auto size = load_.verify ? ::recv(flow.socket.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT)
                                   : ::syscall(SYS_recvfrom, flow.socket.get(), nullptr, kDiscard,
                                               MSG_DONTWAIT | MSG_TRUNC, nullptr, nullptr);
    if (size < 0) return try_again(errno) ? Result<void>{} : fail(failure("receive from", flow, errno));
    const auto before = flow.received.load(std::memory_order_relaxed);
    if (size == 0) {
      if (load_.bytes && before < load_.bytes->value()) return fail(failure("receive from", flow, 0));
      flow.receives = false;
      if (!flow.sends) --open_;
      watch(flow);
      return {};
    }
    if (load_.verify) NETRIG_TRY(verify(flow, static_cast<std::size_t>(size), payload));
    flow.received.store(before + static_cast<std::uint64_t>(size), std::memory_order_relaxed);
    flow.last_arrival.store(ticks(), std::memory_order_relaxed);
    if (static_cast<std::size_t>(size) < (load_.verify ? buffer_.size() : kDiscard)) return {};
  }
  return {};
}

Result<void> TcpSide::verify(const TcpFlow& flow, std::size_t size, const TcpPayload& payload) {
  const auto received = flow.received.load(std::memory_order_relaxed);
  for (std::size_t done = 0; done < size;) {
    const auto expected = payload.at(received + done + shift(flow, false));
    const auto part = std::min(size - done, expected.size());
    const auto* got = &buffer_[done];
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
