// Private to the module: one probe of any kind, and what came of it in the same words.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/net/ip_address.h>
#include <netrig/topology/node.h>
#include <netrig/traffic/connect.h>
#include <netrig/traffic/ping.h>
#include <netrig/traffic/service.h>

#include <chrono>
#include <string>

namespace netrig {
inline namespace topology {

/// What a probe learned.
struct Attempt {
  enum class Outcome {
    answered,
    refused,   ///< by the destination itself: nothing listens
    rejected,  ///< somebody said no: an ICMP error, or the own kernel before anything was sent
    silent,    ///< nothing came in time
  };
  Outcome outcome = Outcome::silent;
  std::string text;  ///< `10.9.2.3 answered after 0.1 ms`, `refused by 10.9.2.3`, `no answer within 1000 ms`
};

Attempt attempt_of(const traffic::ProbeOutcome& outcome);
/// The reply to one echo request, or to an earlier one of the same Pinger; null where there is none.
const traffic::PingReply* answer_in(const traffic::PingReport& report);
/// Of one echo request, that was waited for so long.
Attempt attempt_of(const traffic::PingReport& report, std::chrono::milliseconds patience);

/// Probes `service` at `to` once, from the node, waiting for `patience` at most.
Attempt attempt(const Node& from, const IpAddress& to, const traffic::Service& service,
                std::chrono::milliseconds patience);

}  // namespace topology
}  // namespace netrig
