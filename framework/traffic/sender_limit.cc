#include <netrig/traffic/machine_use.h>
#include <netrig/traffic/sender_limit.h>
#include <netrig/traffic/tcp_load.h>
#include <netrig/traffic/udp_load.h>

#include <fmt/format.h>

#include <algorithm>
#include <ratio>
#include <utility>

namespace netrig::traffic {

namespace {

using std::chrono::nanoseconds;

constexpr double kHeldUp = 0.1;    // of the busy time, by the send buffer
constexpr double kIdle = 0.25;     // of all the time
constexpr double kReached = 0.95;  // of the rate asked for
constexpr int kQueued = 2;         // round trips are so many times the shortest where a queue stands on the way

// By its buffer, where no queue stood on the way.
nanoseconds held_up(const TcpResult& result) {
  nanoseconds sum{};
  for (const auto& stream : result.streams) {
    if (stream.rtt < kQueued * stream.min_rtt) sum += stream.sndbuf_limited;
  }
  return sum;
}

// Processor time of the threads that sent.
nanoseconds senders_cpu(const TcpResult& result) {
  if (result.threads != TcpThreads::each_side || result.direction == Direction::both)
    return result.client.cpu + result.server.cpu;
  return result.direction == Direction::forward ? result.client.cpu : result.server.cpu;
}

// The streams' times run side by side: their sum may pass the whole time, however idle the sender was.
nanoseconds longest_busy(const TcpResult& result) {
  nanoseconds longest{};
  for (const auto& stream : result.streams) longest = std::max(longest, nanoseconds{stream.busy_time});
  return longest;
}

std::vector<std::string> with_those_of(const MachineUse& machine, std::vector<std::string> reasons) {
  for (auto& reason : machine.spoilers()) reasons.push_back(std::move(reason));
  return reasons;
}

}  // namespace

std::vector<std::string> TcpResult::spoilers() const {
  std::vector<std::string> reasons;
  const auto whole = warm_up + elapsed;
  if (whole < kTooShortToJudge) return reasons;
  if (const double part = share(held_up(*this), busy_time); part >= kHeldUp) {
    reasons.push_back(
        fmt::format("sender-limited: the send buffer held the sender back {:.0f}% of the time: leave send_buffer to "
                    "the kernel, or give it more (net.ipv4.tcp_wmem)",
                    100 * part));
  }
  const auto busy = longest_busy(*this);
  if (share(whole - busy - senders_cpu(*this), whole) >= kIdle) {
    reasons.push_back(
        fmt::format("application-limited: the sender was busy only {:.0f}% of the time, and had a processor {:.0f}% of "
                    "it: measure where nothing else runs",
                    100 * share(busy, whole), 100 * share(senders_cpu(*this), whole)));
  }
  return reasons;
}

std::vector<std::string> UdpResult::spoilers() const {
  const auto free = sending - blocked;
  if (!asked || received == 0 || free.count() <= 0) return {};
  const double payload_bits = 8 * static_cast<double>(bytes.value()) / static_cast<double>(received);
  const double tried = payload_bits * static_cast<double>(sent + refused) * std::nano::den;  // bit/s for a nanosecond
  const double wanted = static_cast<double>(asked->bits_per_second()) * static_cast<double>(streams.size());
  if (tried / static_cast<double>(free.count()) >= kReached * wanted) return {};
  return {
      fmt::format("sender-limited: {:.4g} Mbit/s were asked for and {:.4g} Mbit/s sent: ask for less, or measure "
                  "where nothing else runs",
                  wanted / std::mega::num, tried / static_cast<double>(sending.count()) / std::mega::num)};
}

std::vector<std::string> all_spoilers(const TcpResult& result) {
  return with_those_of(result.machine, result.spoilers());
}

std::vector<std::string> all_spoilers(const UdpResult& result) {
  return with_those_of(result.machine, result.spoilers());
}

std::string in_lines(const std::vector<std::string>& spoilers) {
  std::string text;
  for (const auto& reason : spoilers) text += "  spoiled: " + reason + '\n';
  return text;
}

std::string behind(const std::vector<std::string>& spoilers) {
  std::string text;
  for (const auto& reason : spoilers) text += "\n  spoiled: " + reason;
  return text;
}

}  // namespace netrig::traffic
