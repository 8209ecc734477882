// Times by the million, kept by size: a log-linear histogram of 1% resolution, as HdrHistogram's.
//
//   LatencyHistogram times;
//   times.record(38us);
//   times.merge(of_another_thread);
//   std::cout << times;           // 12345 samples: p50 38.1 us, p90 52 us, p99 101 us, p99.9 1.2 ms, max 4.03 ms
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace netrig::traffic {

/// A multiset of durations. Up to 255 ns each value has a bucket of its own; beyond, a bucket is at most 1/128 of its
/// lower bound wide, so that what is read back is within 0.4% of what was recorded. 59 kB at the very most.
class LatencyHistogram {
 public:
  using Time = std::chrono::nanoseconds;

  /// A part of the histogram: `count` values in [from, to).
  struct Bucket {
    Time from, to;
    std::uint64_t count = 0;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  /// A time below zero counts as zero.
  void record(Time value, std::uint64_t times = 1);
  /// As if all that `other` holds had been recorded here.
  void merge(const LatencyHistogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Exact; zero where nothing was recorded.
  [[nodiscard]] Time min() const { return count_ == 0 ? Time{} : min_; }
  [[nodiscard]] Time max() const { return max_; }
  [[nodiscard]] Time mean() const;
  /// The smallest recorded value that at least `percent` of all values do not exceed: percentile(99.9). Zero where
  /// nothing was recorded; `percent` is taken as at least 0 and at most 100.
  [[nodiscard]] Time percentile(double percent) const;
  /// The mean of those up to percentile(percent): a mean without the slowest few.
  [[nodiscard]] Time trimmed_mean(double percent) const;
  /// Those that hold something, in ascending order: for plots.
  [[nodiscard]] std::vector<Bucket> buckets() const;

  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const LatencyHistogram&, const LatencyHistogram&) = default;

 private:
  std::vector<std::uint64_t> counts_;  ///< by bucket, as far as the greatest that was needed
  std::uint64_t count_ = 0;
  double sum_ = 0;  ///< ns; a double loses nothing that matters in a mean
  Time min_ = Time::max(), max_{};
};

std::ostream& operator<<(std::ostream& out, const LatencyHistogram& histogram);

}  // namespace netrig::traffic
