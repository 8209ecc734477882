#include <netrig/traffic/udp_side.h>

#include <algorithm>
#include <cmath>

namespace netrig::traffic {

void Arrivals::count(std::uint64_t number, std::int64_t sent_at, std::int64_t now) {
  const auto word = number / 64;
  const auto bit = 1ULL << number % 64;
  if (word >= seen_.size()) seen_.resize(std::max<std::size_t>(word + 1, seen_.size() * 2));
  if ((seen_[word] & bit) != 0) {
    ++duplicates_;
    return;
  }
  seen_[word] |= bit;
  const auto expected = expected_.load(std::memory_order_relaxed);
  if (number + 1 < expected) ++reordered_;
  expected_.store(std::max(expected, number + 1), std::memory_order_relaxed);
  const auto transit = now - sent_at;
  if (const auto before = received_.load(std::memory_order_relaxed); before > 0) {
    jitter_ += (std::abs(static_cast<double>(transit - transit_)) - jitter_) / 16;
  }
  transit_ = transit;
  last_ = now;
  delay_.record(std::chrono::nanoseconds{transit});
  received_.store(received_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void Arrivals::tell(UdpResult& result) const {
  result.received = received();
  result.duplicates = duplicates_;
  result.reordered = reordered_;
  result.jitter = std::chrono::nanoseconds{static_cast<std::int64_t>(jitter_)};
  result.delay = delay_;
}

}  // namespace netrig::traffic
