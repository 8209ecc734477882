#include <netrig/traffic/histogram.h>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <ostream>

namespace netrig::traffic {

namespace {

using Time = LatencyHistogram::Time;

// Each power of two from 2^7 on is cut into 128 buckets of one width: values below 256 have their own.
constexpr unsigned kSubBits = 7;
constexpr std::uint64_t kSubBuckets = 1U << kSubBits;

std::size_t bucket_of(std::uint64_t value) {
  if (value < 2 * kSubBuckets) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kSubBits;
  return shift * kSubBuckets + (value >> shift);
}

std::uint64_t lower_bound_of(std::size_t bucket) {
  if (bucket < 2 * kSubBuckets) return bucket;
  const auto shift = bucket / kSubBuckets - 1;
  return (bucket - shift * kSubBuckets) << shift;
}

Time time_of(std::uint64_t value) { return Time{static_cast<Time::rep>(value)}; }

std::string short_time(Time time) {
  const auto ns = static_cast<double>(time.count());
  if (ns < 1e3) return fmt::format("{} ns", time.count());
  if (ns < 1e6) return fmt::format("{:.3g} us", ns / 1e3);
  if (ns < 1e9) return fmt::format("{:.3g} ms", ns / 1e6);
  return fmt::format("{:.3g} s", ns / 1e9);
}

}  // namespace

void LatencyHistogram::record(Time value, std::uint64_t times) {
  if (times == 0) return;
  value = std::max(value, Time::zero());
  const auto bucket = bucket_of(static_cast<std::uint64_t>(value.count()));
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  counts_[bucket] += times;
  count_ += times;
  sum_ += static_cast<double>(value.count()) * static_cast<double>(times);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

Time LatencyHistogram::mean() const {
  return count_ == 0 ? Time{} : Time{static_cast<Time::rep>(sum_ / static_cast<double>(count_))};
}

Time LatencyHistogram::percentile(double percent) const {
  if (count_ == 0) return {};
  const auto share = std::clamp(percent, 0.0, 100.0) / 100.0;
  const auto rank =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  if (rank >= count_) return max_;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen < rank) continue;
    const auto low = lower_bound_of(i), high = lower_bound_of(i + 1);
    return std::clamp(time_of(low + (high - 1 - low) / 2), min_, max_);
  }
  return max_;
}

Time LatencyHistogram::trimmed_mean(double percent) const {
  const auto last = percentile(percent);
  double sum = 0;
  std::uint64_t count = 0;
  for (const auto& bucket : buckets()) {
    if (bucket.from > last) break;
    sum +=
        static_cast<double>((bucket.from + (bucket.to - bucket.from) / 2).count()) * static_cast<double>(bucket.count);
    count += bucket.count;
  }
  return count == 0 ? Time{} : Time{static_cast<Time::rep>(sum / static_cast<double>(count))};
}

std::vector<LatencyHistogram::Bucket> LatencyHistogram::buckets() const {
  std::vector<Bucket> filled;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) filled.push_back({time_of(lower_bound_of(i)), time_of(lower_bound_of(i + 1)), counts_[i]});
  }
  return filled;
}

std::string LatencyHistogram::to_string() const {
  if (count_ == 0) return "no samples";
  return fmt::format("{} samples: p50 {}, p90 {}, p99 {}, p99.9 {}, max {}", count_, short_time(percentile(50)),
                     short_time(percentile(90)), short_time(percentile(99)), short_time(percentile(99.9)),
                     short_time(max_));
}

std::ostream& operator<<(std::ostream& out, const LatencyHistogram& histogram) { return out << histogram.to_string(); }

}  // namespace netrig::traffic
