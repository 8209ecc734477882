#include <netrig/topology/attempt.h>
#include <netrig/traffic/in_milliseconds.h>

#include <fmt/format.h>

namespace netrig {
inline namespace topology {

const traffic::PingReply* answer_in(const traffic::PingReport& report) {
  if (!report.replies.empty()) return &report.replies.front();
  return report.late.empty() ? nullptr : &report.late.front();
}

Attempt attempt_of(const traffic::PingReport& report, std::chrono::milliseconds patience) {
  using Outcome = Attempt::Outcome;
  if (const auto* answer = answer_in(report); answer != nullptr) {
    return {Outcome::answered,
            fmt::format("{} answered after {:.2f} ms", report.destination.to_string(), in_milliseconds(answer->rtt))};
  }
  if (!report.errors.empty()) return {Outcome::rejected, report.errors.front().to_string()};
  return {Outcome::silent,
          fmt::format("no answer from {} within {} ms", report.destination.to_string(), patience.count())};
}

Attempt attempt_of(const traffic::ProbeOutcome& outcome) {
  using Kind = traffic::ProbeOutcome::Kind;
  using Outcome = Attempt::Outcome;
  switch (outcome.kind) {
    case Kind::answered:
      return {Outcome::answered, outcome.to_string()};
    case Kind::refused:
      return {Outcome::refused, outcome.to_string()};
    case Kind::rejected:
      return {Outcome::rejected, outcome.to_string()};
    case Kind::silent:
      break;
  }
  return {Outcome::silent, outcome.to_string()};
}

Attempt attempt(const Node& from, const IpAddress& to, const traffic::Service& service,
                std::chrono::milliseconds patience) {
  if (service.is_icmp()) return attempt_of(from.ping({.destination = to, .count = 1, .timeout = patience}), patience);
  return attempt_of(from.probe(to, service, patience));
}

}  // namespace topology
}  // namespace netrig
