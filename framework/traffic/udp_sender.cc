#include <netrig/base/deadline.h>
#include <netrig/traffic/silence.h>
#include <netrig/traffic/udp_side.h>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <random>
#include <sys/prctl.h>

namespace netrig::traffic {

namespace {

constexpr std::size_t kSegmentsOfMessage = 64;    // UDP_MAX_SEGMENTS (include/linux/udp.h)
constexpr std::size_t kMostOfMessage = 65507;     // of a message, and so of all its segments
constexpr std::size_t kBatchBytes = 128U << 10U;  // a system call's worth, which stays in the processor's cache
constexpr std::size_t kBatchMessages = 64;

// Of the path, as the kernel knows it; 0 where it does not.
std::size_t path_mtu(int fd, bool is_v4) {
  int mtu = 0;
  socklen_t size = sizeof mtu;
  ::getsockopt(fd, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_MTU : IPV6_MTU, &mtu, &size);
  return static_cast<std::size_t>(std::max(mtu, 0));
}

// Whether the kernel is to cut the socket's messages into datagrams.
bool cut_by_kernel(int fd, const UdpLoad& load) {
  const bool is_v4 = load.run.destination.is_v4();
  const std::size_t headers = (is_v4 ? 20 : 40) + 8;
  const int size = static_cast<int>(load.payload);
  return load.payload + headers <= path_mtu(fd, is_v4) &&
         ::setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof size) == 0;
}

}  // namespace

// The finalizer of SplitMix64, which maps no two values to one.
std::uint64_t check_word(const UdpHeader& header) {
  auto word = header.number ^ std::rotl(static_cast<std::uint64_t>(header.sent_at), 32);
  word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
  word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
  return word ^ (word >> 31U);
}

std::vector<unsigned char> udp_body(const UdpLoad& load) {
  std::vector<unsigned char> body(load.payload - sizeof(UdpHeader) - (load.verify ? sizeof(std::uint64_t) : 0));
  std::mt19937_64 noise{load.seed};
  for (auto& byte : body) byte = static_cast<unsigned char>(noise());
  return body;
}

void UdpSender::open(std::vector<UdpFlow> flows) {
  flows_ = std::move(flows);
  const auto takes_segments = [this](const UdpFlow& flow) { return cut_by_kernel(flow.socket.get(), load_); };
  if (load_.segmentation && std::ranges::all_of(flows_, takes_segments))
    segments_ = std::clamp<std::size_t>(kMostOfMessage / load_.payload, 1, kSegmentsOfMessage);
  const auto message = segments_ * load_.payload;
  const auto messages = std::clamp<std::size_t>(kBatchBytes / message, 1, kBatchMessages);
  bytes_.resize(messages * message);
  const auto body = udp_body(load_);
  for (std::size_t at = 0; at < bytes_.size(); at += load_.payload) {
    std::ranges::copy(body, bytes_.begin() + static_cast<std::ptrdiff_t>(at + sizeof(UdpHeader)));
  }
  parts_.resize(messages);
  messages_.resize(messages);
  for (std::size_t i = 0; i < messages; ++i) {
    parts_[i] = {&bytes_[i * message], message};
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

// Nanoseconds between two datagrams of a stream.
double UdpSender::gap() const {
  return 8e9 * static_cast<double>(load_.payload) / static_cast<double>(load_.rate->bits_per_second());
}

// When the first of the stream whose turn it is goes out, since the first of all: evenly spread over a gap.
double UdpSender::offset() const { return gap() * static_cast<double>(turn_) / static_cast<double>(flows_.size()); }

// How many of the stream whose turn it is should have gone out by now and have not. Where none is, none of any other
// is.
std::uint64_t UdpSender::due(std::int64_t now) const {
  const auto gone = flows_[turn_].sent + flows_[turn_].refused;
  auto due = parts_.size() * segments_;
  if (load_.rate) {
    const double since = static_cast<double>(now - first_) - offset();
    const auto scheduled = since < 0 ? 0 : static_cast<std::uint64_t>(since / gap()) + 1;
    due = std::min<std::uint64_t>(due, scheduled - std::min(gone, scheduled));
  }
  return load_.packets ? std::min(due, *load_.packets - gone) : due;
}

Result<void> UdpSender::wait_until_due(const Reins& reins) const {
  const double at = offset() + static_cast<double>(flows_[turn_].sent + flows_[turn_].refused) * gap();
  const auto wait = std::max<std::int64_t>(first_ + static_cast<std::int64_t>(at) + 1 - ticks(), 0);
  const timespec span{wait / 1'000'000'000, wait % 1'000'000'000};
  pollfd wake{reins.wake.get(), POLLIN, 0};
  if (::ppoll(&wake, 1, &span, nullptr) < 0 && errno != EINTR)
    return fail(Error::from_errno("wait to send", name_, errno));
  return {};
}

Result<void> UdpSender::run(Reins& reins, const std::function<bool()>& heard) {
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // this thread's own: the default of 50 us is a whole gap between datagrams
  first_ = last_ = ticks();
  while (!reins.abort.load(std::memory_order_acquire) && !reins.stop_sending.load(std::memory_order_acquire)) {
    if (all_gone()) break;
    if (has_gone(flows_[turn_])) {
      next_turn();
      continue;
    }
    const auto count = due(ticks());
    NETRIG_TRY(count == 0 ? wait_until_due(reins) : send(count, reins, heard));
  }
  done_.store(true, std::memory_order_release);
  return {};
}

// Numbers and times; how many messages that makes.
unsigned UdpSender::fill(std::uint64_t count, std::int64_t now) {
  const auto next =
      (mark_ << UdpHeader::kMarkShift) + (std::uint64_t{turn_} << UdpHeader::kStreamShift) + flows_[turn_].sent;
  for (std::uint64_t i = 0; i < count; ++i) {
    const UdpHeader header{next + i, now};
    std::memcpy(&bytes_[i * load_.payload], &header, sizeof header);
    if (!load_.verify) continue;
    const auto check = check_word(header);
    std::memcpy(&bytes_[(i + 1) * load_.payload - sizeof check], &check, sizeof check);
  }
  const auto messages = (count + segments_ - 1) / segments_;
  for (std::size_t i = 0; i < messages; ++i)
    parts_[i].iov_len = std::min<std::uint64_t>(segments_, count - i * segments_) * load_.payload;
  return static_cast<unsigned>(messages);
}

Result<void> UdpSender::send(std::uint64_t count, const Reins& reins, const std::function<bool()>& heard) {
  const auto now = ticks();
  const auto messages = fill(count, now);
  // sendmmsg(2) keeps an error to itself once a message of the call has gone: one at a time until it is known that they
  // arrive, and where there is time for it.
  auto& flow = flows_[turn_];
  const int done = ::sendmmsg(flow.socket.get(), messages_.data(), heard() && !load_.rate ? messages : 1,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
  if (done < 0) return refuse(errno, reins, heard);
  std::uint64_t datagrams = 0;
  for (int i = 0; i < done; ++i) datagrams += parts_[static_cast<std::size_t>(i)].iov_len / load_.payload;
  flow.sent += datagrams;
  sent_.store(sent() + datagrams, std::memory_order_release);
  last_ = now;
  blocked_ = waited_;
  next_turn();
  return {};
}

Result<void> UdpSender::wait_for_room(const Reins& reins) {
  const auto began = ticks();
  pollfd ready[] = {{flows_[turn_].socket.get(), POLLOUT, 0}, {reins.wake.get(), POLLIN, 0}};
  if (::poll(ready, 2, -1) < 0 && errno != EINTR) return fail(Error::from_errno("wait to send", name_, errno));
  waited_ += std::chrono::nanoseconds{ticks() - began};
  return {};
}

Result<void> UdpSender::refuse(int error, const Reins& reins, const std::function<bool()>& heard) {
  if (error == EINTR) return {};
  if (error == EAGAIN) return wait_for_room(reins);
  // The own kernel's word on one message: a firewall's output chain, a full queue.
  if (error == EPERM || error == ENOBUFS) {
    const auto datagrams = parts_[0].iov_len / load_.payload;
    flows_[turn_].refused += datagrams;
    refused_ += datagrams;
    last_ = ticks();
    next_turn();
    return {};
  }
  if (is_of_the_path(error) && heard()) {  // about some datagrams only, if more arrive: what is lost is counted
    path_error_ = {error, ticks()};
    return {};
  }
  return fail(Error::from_errno("send datagrams", name_, error));
}

}  // namespace netrig::traffic
