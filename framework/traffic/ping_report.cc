#include <netrig/traffic/icmp_message.h>
#include <netrig/traffic/in_milliseconds.h>
#include <netrig/traffic/ping.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace netrig::traffic {

namespace {

constexpr unsigned kEnoughForPercentiles = 100;  // replies: of fewer, the 99th percentile is the greatest

}  // namespace

std::string PingError::reason() const {
  if (!from) return describe_errno(local_error);
  return describe_icmp(from->family(), type, code, mtu);
}

std::string PingError::to_string() const {
  if (!from) return fmt::format("icmp_seq={} not sent: {}", sequence, reason());
  return fmt::format("From {} icmp_seq={} {}", from->to_string(), sequence, reason());
}

double PingReport::loss() const {
  return transmitted == 0 ? 1.0 : 1.0 - static_cast<double>(replies.size()) / static_cast<double>(transmitted);
}

std::optional<RttStatistics> PingReport::rtt() const {
  if (replies.empty()) return std::nullopt;
  RttStatistics statistics{.min = replies.front().rtt, .max = replies.front().rtt};
  double sum = 0, squares = 0;
  for (const auto& reply : replies) {
    statistics.min = std::min(statistics.min, reply.rtt);
    statistics.max = std::max(statistics.max, reply.rtt);
    const auto nanoseconds = static_cast<double>(reply.rtt.count());
    sum += nanoseconds;
    squares += nanoseconds * nanoseconds;
  }
  const auto count = static_cast<double>(replies.size());
  const double mean = sum / count;
  statistics.avg = std::chrono::nanoseconds{std::llround(mean)};
  statistics.mdev = std::chrono::nanoseconds{std::llround(std::sqrt(std::max(0.0, squares / count - mean * mean)))};
  return statistics;
}

LatencyHistogram PingReport::times() const {
  LatencyHistogram all;
  for (const auto& reply : replies) all.record(reply.rtt);
  return all;
}

std::string PingReport::to_string() const {
  std::string text;
  for (const auto& reply : replies) {
    text += fmt::format("{} bytes from {}: icmp_seq={} ttl={} time={:.3f} ms\n", size + 8, reply.from.to_string(),
                        reply.sequence, reply.ttl, in_milliseconds(reply.rtt));
  }
  for (const auto& error : errors) text += error.to_string() + '\n';
  text += fmt::format("--- {} ping statistics ---\n{} packets transmitted, {} received", destination.to_string(),
                      transmitted, received());
  if (duplicates > 0) text += fmt::format(", +{} duplicates", duplicates);
  if (!errors.empty()) text += fmt::format(", +{} errors", errors.size());
  text += fmt::format(", {:g}% packet loss", 100 * loss());
  if (const auto statistics = rtt()) {
    text += fmt::format("\nrtt min/avg/max/mdev = {:.3f}/{:.3f}/{:.3f}/{:.3f} ms", in_milliseconds(statistics->min),
                        in_milliseconds(statistics->avg), in_milliseconds(statistics->max),
                        in_milliseconds(statistics->mdev));
  }
  if (received() >= kEnoughForPercentiles) {
    const auto all = times();
    const auto at = [&](double percent) { return in_milliseconds(all.percentile(percent)); };
    text += fmt::format("\nrtt p50/p90/p99/p99.9 = {:.3f}/{:.3f}/{:.3f}/{:.3f} ms", at(50), at(90), at(99), at(99.9));
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const PingReport& report) { return out << report.to_string(); }

}  // namespace netrig::traffic
