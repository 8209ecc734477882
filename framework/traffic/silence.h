// Whether the other side of datagrams has died, as opposed to losing many, and who refuses them. Private to the module.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/port.h>
#include <netrig/traffic/connect.h>
#include <netrig/traffic/measurement.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace netrig::traffic {

/// What was heard of what was sent, in numbers and in time.
struct Silence {
  std::uint64_t sent = 0;
  std::uint64_t heard = 0;             ///< arrived, or answered
  std::uint64_t up_to = 0;             ///< of those sent, the last of which something was heard, and all before it
  std::uint64_t gap = 0;               ///< most in a row of which nothing was heard, before that
  std::chrono::nanoseconds sending{};  ///< from the first send to the last
  std::chrono::nanoseconds silent{};   ///< from when something was last heard to the last send; below zero: none
  bool refused = false;                ///< an ICMP error came, and of what was sent after that nothing was heard

  /// Whether loss as it was before does not explain that nothing was heard any more. More than twice as many are
  /// missing in a row as ever before, and either twenty were to come at the loss before, and half of the time or of
  /// those sent is past, but 100 ms at the least; or a refusal came, and five more are missing. Loss comes and goes:
  /// what a path has come back from is not its end.
  [[nodiscard]] bool is_death() const;
};

/// Has a datagram socket hear of all ICMP errors (ip(7), IP_RECVERR; ipv6(7), IPV6_RECVERR). They also make it readable
/// to poll(2), until they are forgotten.
void hear_errors(int fd, bool is_v4);
/// Takes all ICMP errors out of the socket's queue.
void forget_errors(int fd);
/// Whether an errno of a datagram socket tells of an ICMP error or a path that has ended.
bool is_of_the_path(int error);
/// Who refuses a datagram to `to`, asked with one more within half a second; empty: nobody says so.
std::string refusal(const Endpoint& to, const Side& side);

}  // namespace netrig::traffic
