// Measuring again and again until the answer is as exact as was asked for, or the time is up.
//
//   const auto goodput = NETRIG_TRY(repeat([&] { return one_measurement(); }, {.width = 0.05, .budget = 10s}));
//   std::cout << goodput;                            // mean 9.41e+09 +/-1.2% (95%, 9 samples) ...
//   const auto change = NETRIG_TRY(compare_in_turn(with_bridge, without_bridge));   // A B B A A B ...: drift hits both
#pragma once

#include <netrig/traffic/machine_use.h>
#include <netrig/traffic/statistics.h>

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace netrig::traffic {

/// What one measurement gave.
struct Reading {
  double value = 0;  ///< in any unit
  std::string
      sender_limit;  ///< why the sender rather than the path may have set it, as TcpResult::spoilers(); or empty

  // NOLINTNEXTLINE(google-explicit-constructor): a number is a reading of which no more is known
  Reading(double number = 0, std::string limit = {}) : value{number}, sender_limit{std::move(limit)} {}
};

/// One measurement; a function that gives Result<double> will do. An error ends the whole.
using Measure = std::function<Result<Reading>()>;

/// How often to measure.
struct Repetition {
  double confidence = 0.95;                  ///< of the means' intervals and of their ratio's
  double width = 0.05;                       ///< enough once half the interval over the mean is no more: "+/-5%"
  std::size_t warm_up = 1;                   ///< first measurements that count for nothing; they are kept beside
  std::size_t at_least = 5;                  ///< samples, two at the least
  std::size_t at_most = 100;                 ///< samples
  std::chrono::milliseconds budget{10'000};  ///< no measurement is begun after this time, once there are `at_least`
};

/// What came of it.
struct Repeated {
  std::vector<double> warm_up;  ///< discarded
  std::vector<double> samples;  ///< in the order measured
  Summary summary;  ///< its interval is wider than summarize()'s: it allows for the looks that decided when to stop
  bool is_exact = false;              ///< whether the width asked for was reached
  std::vector<std::string> spoilers;  ///< reasons to distrust it: MachineUse::spoilers(), and the sender_limit
  std::size_t sender_limited = 0;     ///< samples that a sender_limit was told of
  std::string sender_limit;           ///< the last of them
  /// Of at least half of the samples: then their mean is the sender's, and says little of what the path could do.
  [[nodiscard]] bool is_sender_limited() const { return sender_limited > 0 && 2 * sender_limited >= samples.size(); }
  /// The summary, the warm-up, and what spoils it, a line each.
  [[nodiscard]] std::string to_string(std::string_view unit = {}, double scale = 1) const;
  friend std::ostream& operator<<(std::ostream& out, const Repeated& repeated);
};

/// Errors: of a measurement; a confidence not between 0 and 1, a width or budget not above 0, `at_least` below 2 or
/// above `at_most`: before anything is measured.
Result<Repeated> repeat(const Measure& measure, const Repetition& repetition = {});

/// `second` beside `first`, at the confidence they were repeated for (the higher of the two). Like their own intervals
/// the ratio's is wider than that of the samples alone: it allows for the looks that decided when to stop.
Result<Comparison> compare(const Repeated& first, const Repeated& second, Significance significance = {});

/// Two measured in turn.
struct RepeatedPair {
  Repeated first;
  Repeated second;
  Comparison comparison;
  [[nodiscard]] std::string to_string(std::string_view unit = {}, double scale = 1) const;
};

/// Pairs of measurements, the order of the two changing from pair to pair, until both are exact and so is their ratio,
/// or the budget (of both together) ends. The confidence is the
/// repetition's, also of the ratio; `significance` gives the rest. Errors as those of repeat(), and of compare().
Result<RepeatedPair> compare_in_turn(const Measure& first, const Measure& second, const Repetition& repetition = {},
                                     const Significance& significance = {});

}  // namespace netrig::traffic
