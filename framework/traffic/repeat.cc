#include <netrig/traffic/repeat.h>
#include <netrig/traffic/sender_limit.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace netrig::traffic {

namespace {

using Clock = std::chrono::steady_clock;

// Who looks after every sample and stops at the first that is exact stops where the spread happens to look small: a 95%
// interval then covers 91 to 94%. With this part of the doubt it covers as much as it says; simulated in
// repeat_test.cc.
constexpr double kDoubtLeft = 0.6;

double stricter(double confidence) { return 1 - (1 - confidence) * kDoubtLeft; }

Result<void> check(const Repetition& how) {
  const auto refuse = [](std::string_view what, auto value, const char* remedy) {
    return fail(Error::invalid("repeat a measurement", fmt::format("{} {}", what, value), remedy));
  };
  if (how.confidence <= 0 || how.confidence >= 1 || std::isnan(how.confidence))
    return refuse("confidence", how.confidence, "give one between 0 and 1");
  if (!(how.width > 0)) return refuse("width", how.width, "give a part of the mean above 0, such as 0.05");
  if (how.at_least < 2)
    return refuse("at_least", how.at_least, "one sample says nothing of its spread: give 2 or more");
  if (how.at_most < how.at_least) return refuse("at_most", how.at_most, "give no less than at_least");
  if (how.budget.count() <= 0) return refuse("budget in ms", how.budget.count(), "give a time above 0");
  return {};
}

// Decides when there is enough.
class Progress {
 public:
  explicit Progress(const Repetition& how) : how_{how} {}

  [[nodiscard]] bool may_go_on(std::size_t samples) const {
    if (samples < how_.at_least) return true;
    return samples < how_.at_most && Clock::now() - start_ < how_.budget;
  }
  Result<bool> is_exact(Repeated& taken) const {
    if (taken.samples.size() < how_.at_least) return false;
    taken.summary = NETRIG_TRY(summarize(taken.samples, stricter(how_.confidence)));
    taken.summary.confidence = how_.confidence;
    taken.is_exact = taken.summary.relative_half_width() <= how_.width;
    return taken.is_exact;
  }
  [[nodiscard]] std::vector<std::string> spoilers() const { return MachineUse::now().since(use_).spoilers(); }

 private:
  const Repetition& how_;
  Clock::time_point start_ = Clock::now();
  MachineUse use_ = MachineUse::now();
};

Result<void> warm_up(const Measure& measure, const Repetition& how, Repeated& taken) {
  for (std::size_t i = 0; i < how.warm_up; ++i) taken.warm_up.push_back(NETRIG_TRY(measure()).value);
  return {};
}

Result<void> take(const Measure& measure, Repeated& taken) {
  auto reading = NETRIG_TRY(measure());
  taken.samples.push_back(reading.value);
  if (reading.sender_limit.empty()) return {};
  ++taken.sender_limited;
  taken.sender_limit = std::move(reading.sender_limit);
  return {};
}

void add_spoilers(Repeated& taken, std::vector<std::string> of_the_machine) {
  taken.spoilers = std::move(of_the_machine);
  if (taken.sender_limited > 0)
    taken.spoilers.push_back(
        fmt::format("{} of {} samples: {}", taken.sender_limited, taken.samples.size(), taken.sender_limit));
}

bool is_ratio_exact(const RepeatedPair& pair, double width) {
  const auto& [low, high] = pair.comparison.interval;
  return (high - low) / 2 <= width * pair.comparison.ratio;
}

}  // namespace

Result<Repeated> repeat(const Measure& measure, const Repetition& repetition) {
  NETRIG_TRY(check(repetition));
  Repeated taken;
  NETRIG_TRY(warm_up(measure, repetition, taken));
  const Progress progress{repetition};
  while (progress.may_go_on(taken.samples.size())) {
    NETRIG_TRY(take(measure, taken));
    if (NETRIG_TRY(progress.is_exact(taken))) break;
  }
  add_spoilers(taken, progress.spoilers());
  return taken;
}

Result<RepeatedPair> compare_in_turn(const Measure& first, const Measure& second, const Repetition& repetition,
                                     const Significance& significance) {
  NETRIG_TRY(check(repetition));
  RepeatedPair pair;
  NETRIG_TRY(warm_up(first, repetition, pair.first));
  NETRIG_TRY(warm_up(second, repetition, pair.second));
  const Progress progress{repetition};
  while (progress.may_go_on(pair.first.samples.size())) {
    const bool in_order = pair.first.samples.size() % 2 == 0;
    NETRIG_TRY(in_order ? take(first, pair.first) : take(second, pair.second));
    NETRIG_TRY(in_order ? take(second, pair.second) : take(first, pair.first));
    const bool one = NETRIG_TRY(progress.is_exact(pair.first)), other = NETRIG_TRY(progress.is_exact(pair.second));
    if (pair.first.samples.size() < repetition.at_least) continue;
    pair.comparison = NETRIG_TRY(compare(pair.first, pair.second, significance));
    if (one && other && is_ratio_exact(pair, repetition.width)) break;
  }
  const auto of_the_machine = progress.spoilers();
  add_spoilers(pair.first, of_the_machine);
  add_spoilers(pair.second, of_the_machine);
  return pair;
}

Result<Comparison> compare(const Repeated& first, const Repeated& second, Significance significance) {
  const double confidence = std::max(first.summary.confidence, second.summary.confidence);
  significance.confidence = stricter(confidence);
  auto found = NETRIG_TRY(compare(first.samples, second.samples, significance));
  found.significance.confidence = confidence;
  found.first = first.summary;
  found.second = second.summary;
  return found;
}

std::string Repeated::to_string(std::string_view unit, double scale) const {
  std::string text = summary.to_string(unit, scale);
  if (!warm_up.empty()) text += fmt::format("; {} to warm up left out", warm_up.size());
  if (!is_exact) text += "; not as exact as asked for: give more time";
  return text + behind(spoilers);
}

std::ostream& operator<<(std::ostream& out, const Repeated& repeated) { return out << repeated.to_string(); }

std::string RepeatedPair::to_string(std::string_view unit, double scale) const {
  return fmt::format("{}\n{}\n{}", first.to_string(unit, scale), second.to_string(unit, scale), comparison.to_string());
}

}  // namespace netrig::traffic
