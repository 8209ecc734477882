#include <netrig/base/deadline.h>
#include <netrig/traffic/udp_side.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <unistd.h>

namespace netrig::traffic {

namespace {

constexpr std::size_t kMessages = 64;       // a system call's
constexpr std::size_t kMessagesOfMany = 4;  // where each may be 64 kB
constexpr std::size_t kMostInOne = 65535;
constexpr std::size_t kControlBytes = 64;
constexpr std::uint64_t kMostStreams = (1U << (UdpHeader::kMarkShift - UdpHeader::kStreamShift)) - 1;

// The size of each datagram of a message that the kernel put together, or of the one.
std::size_t segment_of(msghdr& message, std::size_t size) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_UDP || part->cmsg_type != UDP_GRO) continue;
    int segment = 0;
    std::memcpy(&segment, CMSG_DATA(part), sizeof segment);
    if (segment > 0) return static_cast<std::size_t>(segment);
  }
  return size;
}

}  // namespace

Result<void> UdpReceiver::open(UniqueFd socket) {
  socket_ = std::move(socket);
  const int on = 1;
  const bool many = load_.segmentation && ::setsockopt(socket_.get(), SOL_UDP, UDP_GRO, &on, sizeof on) == 0;
  whole_ = many || load_.verify;
  if (load_.verify) body_ = udp_body(load_);
  const auto room = whole_ ? kMostInOne : sizeof(UdpHeader);
  const auto messages = whole_ ? kMessagesOfMany : kMessages;
  bytes_.resize(messages * room);
  controls_.assign(messages, std::vector<unsigned char>(kControlBytes));
  parts_.resize(messages);
  messages_.resize(messages);
  for (std::size_t i = 0; i < messages; ++i) {
    parts_[i] = {&bytes_[i * room], room};
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_control = controls_[i].data();
  }
  return {};
}

// How long to wait for more: none, without end.
std::optional<std::chrono::nanoseconds> UdpReceiver::patience(const UdpSender& sender) const {
  if (!sender.done()) return std::nullopt;
  const auto quiet_since = std::max(last_, sender.last());
  return std::max(std::chrono::nanoseconds{quiet_since + load_.linger.count() - ticks()}, std::chrono::nanoseconds{});
}

Result<void> UdpReceiver::run(Reins& reins, const UdpSender& sender) {
  pollfd ready[] = {{socket_.get(), POLLIN, 0}, {reins.wake.get(), POLLIN, 0}};
  while (!reins.abort.load(std::memory_order_acquire)) {
    NETRIG_TRY(receive_some(sender));
    const auto left = patience(sender);
    if (left && (received() >= sender.sent() || left->count() == 0)) return {};
    timespec span{};
    if (left) span = {left->count() / 1'000'000'000, left->count() % 1'000'000'000};
    if (::ppoll(ready, 2, left ? &span : nullptr, nullptr) < 0 && errno != EINTR)
      return fail(Error::from_errno("wait for datagrams", name_, errno));
    std::uint64_t pulled = 0;
    if (ready[1].revents != 0) (void)!::read(reins.wake.get(), &pulled, sizeof pulled);
  }
  return {};
}

// All that is there.
Result<void> UdpReceiver::receive_some(const UdpSender& sender) {
  for (;;) {
    for (auto& message : messages_) message.msg_hdr.msg_controllen = kControlBytes;
    const int count = ::recvmmsg(socket_.get(), messages_.data(), static_cast<unsigned>(messages_.size()),
                                 MSG_DONTWAIT | MSG_TRUNC, nullptr);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (count < 0) return fail(Error::from_errno("receive datagrams", name_, errno));
    const auto now = ticks();
    for (int i = 0; i < count; ++i) {
      auto& message = messages_[static_cast<std::size_t>(i)];
      const auto* bytes = static_cast<const unsigned char*>(message.msg_hdr.msg_iov->iov_base);
      const auto segment = segment_of(message.msg_hdr, message.msg_len);
      for (std::size_t at = 0; at < message.msg_len; at += segment) {
        NETRIG_TRY(take(bytes + at, std::min<std::size_t>(segment, message.msg_len - at), now, sender));
      }
    }
    if (static_cast<std::size_t>(count) < messages_.size()) return {};
  }
}

// A datagram that is not this measurement's is nobody's concern, nor is one whose number was never sent.
Result<void> UdpReceiver::take(const unsigned char* datagram, std::size_t size, std::int64_t now,
                               const UdpSender& sender) {
  UdpHeader header;
  if (size != load_.payload) return {};
  std::memcpy(&header, datagram, sizeof header);
  if (load_.verify) NETRIG_TRY(verify_header(header, datagram, now));
  if (header.number >> UdpHeader::kMarkShift != mark_ || header.sent_at < began_ || header.sent_at > now) return {};
  const auto stream = (header.number >> UdpHeader::kStreamShift) & kMostStreams;
  if (stream >= arrivals_.size()) return {};
  const auto number = header.number & ((1ULL << UdpHeader::kStreamShift) - 1);
  if (number >= sender.sent() + sender.batch()) return {};
  if (load_.verify) NETRIG_TRY(verify(datagram + sizeof header, stream, number));
  if (!arrivals_[stream].count(number, header.sent_at, now)) return {};
  last_ = now;
  newest_ = std::max(newest_, header.sent_at);
  delay_.record(std::chrono::nanoseconds{now - header.sent_at});
  received_.store(received() + 1, std::memory_order_release);
  return {};
}

// Of those that this measurement's mark or time tells to be its own: one that is late from another has neither.
Result<void> UdpReceiver::verify_header(const UdpHeader& header, const unsigned char* datagram,
                                        std::int64_t now) const {
  const bool own =
      header.number >> UdpHeader::kMarkShift == mark_ || (header.sent_at >= began_ && header.sent_at <= now);
  std::uint64_t check = 0;
  std::memcpy(&check, datagram + load_.payload - sizeof check, sizeof check);
  if (!own || check == check_word(header)) return {};
  return fail(Error::from_errno("verify datagrams", name_, EBADMSG,
                                fmt::format("the header is not what was sent: number 0x{:016x}, time {}, and not what "
                                            "belongs to the check word 0x{:016x}",
                                            header.number, header.sent_at, check)));
}

Result<void> UdpReceiver::verify(const unsigned char* got, std::uint64_t stream, std::uint64_t number) const {
  if (body_.empty() || std::memcmp(got, body_.data(), body_.size()) == 0) return {};
  const auto at = static_cast<std::size_t>(std::mismatch(got, got + body_.size(), body_.data()).first - got);
  return fail(Error::from_errno(
      "verify datagrams", name_, EBADMSG,
      fmt::format("byte {} of datagram {}{} is 0x{:02x} and was sent as 0x{:02x}", at + sizeof(UdpHeader), number,
                  load_.streams > 1 ? fmt::format(" of stream {}", stream + 1) : "", got[at], body_[at])));
}

}  // namespace netrig::traffic
