#include <netrig/traffic/udp_side.h>

#include <algorithm>
#include <cmath>

namespace netrig::traffic {

bool Arrivals::count(std::uint64_t number, std::int64_t sent_at, std::int64_t now) {
  const auto word = number / 64;
  const auto bit = 1ULL << number % 64;
  if (word >= seen_.size()) seen_.resize(std::max<std::size_t>(word + 1, seen_.size() * 2));
  if ((seen_[word] & bit) != 0) {
    ++duplicates_;
    return false;
  }
  seen_[word] |= bit;
  const auto expected = expected_.load(std::memory_order_relaxed);
  if (number + 1 < expected) ++reordered_;
  if (number > expected) gap_ = std::max(gap_, number - expected);
  const auto transit = now - sent_at;
  if (const auto before = received_.load(std::memory_order_relaxed); before > 0) {
    const auto jitter = jitter_.load(std::memory_order_relaxed);
    const auto change = std::abs(static_cast<double>(transit - transit_));
    jitter_.store(jitter + (change - jitter) / 16, std::memory_order_relaxed);
  }
  transit_ = transit;
  last_ = now;
  received_.store(received_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  expected_.store(std::max(expected, number + 1), std::memory_order_release);  // last: who reads it first sees no loss
  return true;
}

void Arrivals::tell(UdpStream& stream) const {
  stream.received = received();
  stream.duplicates = duplicates_;
  stream.reordered = reordered_;
  stream.jitter = jitter();
}

}  // namespace netrig::traffic
