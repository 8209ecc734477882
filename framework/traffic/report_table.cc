#include <netrig/traffic/report.h>
#include <netrig/traffic/sender_limit.h>

#include <fmt/format.h>

#include <array>

namespace netrig::traffic {

namespace {

using std::chrono::nanoseconds;

constexpr double kStep = 1000;

// Four digits and the decimal unit that they need: `40.97 Gbit/s`.
std::string scaled(double value, std::string_view unit) {
  static constexpr std::array kPrefixes{"", "k", "M", "G", "T"};
  std::size_t prefix = 0;
  for (; value >= kStep && prefix + 1 < kPrefixes.size(); ++prefix) value /= kStep;
  return fmt::format("{:.4g} {}{}", value, kPrefixes[prefix], unit);
}

std::string transferred(ByteCount count) { return scaled(static_cast<double>(count.value()), "B"); }
std::string in_bits(Bandwidth rate) { return scaled(static_cast<double>(rate.bits_per_second()), "bit/s"); }
double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }
std::string period(nanoseconds from, nanoseconds to) {
  return fmt::format("{:.2f} - {:.2f} s", seconds_of(from), seconds_of(to));
}
std::string whole_microseconds(nanoseconds time) {
  return fmt::format("{:.0f} us", std::chrono::duration<double, std::micro>(time).count());
}

std::string tcp_line(std::string_view what, ByteCount transfer, Bandwidth rate, std::uint64_t retransmits,
                     ByteCount window, nanoseconds rtt) {
  return fmt::format("{:<20} {:<12} {:<16} {:>5}   {:<10} {}\n", what, transferred(transfer), in_bits(rate),
                     retransmits, transferred(window), whole_microseconds(rtt));
}

std::string udp_line(std::string_view what, ByteCount transfer, Bandwidth rate, std::uint64_t lost,
                     std::uint64_t sent) {
  const double part = sent == 0 ? 0 : 100 * static_cast<double>(lost) / static_cast<double>(sent);
  return fmt::format("{:<20} {:<12} {:<16} {}/{} ({:.2g}%)\n", what, transferred(transfer), in_bits(rate), lost, sent,
                     part);
}

}  // namespace

std::string to_table(const TcpResult& result) {
  auto text =
      fmt::format("{:<20} {:<12} {:<16} {:>5}   {:<10} {}\n", "Interval", "Transfer", "Bitrate", "Retr", "Cwnd", "RTT");
  for (const auto& interval : result.intervals)
    text += tcp_line(period(interval.from, interval.to), interval.received, interval.goodput(), interval.retransmits,
                     interval.congestion_window, interval.rtt);
  std::size_t number = 0;
  for (const auto& stream : result.streams)
    text += tcp_line(fmt::format("stream {}", ++number), stream.received, rate(stream.received, stream.ended),
                     stream.retransmits, stream.congestion_window, stream.rtt);
  text += fmt::format("{:<20} {:<12} {:<16} {:>5}\n", fmt::format("all, {:.2f} s", seconds_of(result.elapsed)),
                      transferred(result.counted), in_bits(result.goodput()), result.retransmits);
  return text + in_lines(all_spoilers(result));
}

std::string to_table(const UdpResult& result) {
  auto text = fmt::format("{:<20} {:<12} {:<16} {}\n", "Interval", "Transfer", "Bitrate", "Lost/Sent");
  for (const auto& interval : result.intervals)
    text += udp_line(period(interval.from, interval.to), interval.received, interval.goodput(), interval.lost,
                     interval.packets + interval.lost);
  std::size_t number = 0;
  for (const auto& stream : result.streams) {
    if (result.streams.size() > 1)
      text += udp_line(fmt::format("stream {}", ++number), stream.bytes, rate(stream.bytes, result.elapsed),
                       stream.lost(), stream.sent);
  }
  text += udp_line(fmt::format("all, {:.2f} s", seconds_of(result.elapsed)), result.bytes, result.goodput(),
                   result.lost(), result.sent);
  text += fmt::format("jitter {}, {} out of order, {} duplicates, one way {}\n", whole_microseconds(result.jitter),
                      result.reordered, result.duplicates, result.delay.to_string());
  return text + in_lines(all_spoilers(result));
}

}  // namespace netrig::traffic
