#include <netrig/base/error.h>
#include <netrig/sandbox/explain.h>
#include <netrig/sandbox/init_process.h>
#include <netrig/sandbox/probe.h>
#include <netrig/sandbox/quiet_signals.h>

#include <algorithm>
#include <iomanip>
#include <ostream>

namespace netrig::sandbox {
namespace {

constexpr auto kLastStep = Step::nft;

// The init's last word: the step that failed, or the last step without an error.
Failure listen_to(const InitProcess& init) {
  Report report{};
  Extras none;
  if (const int error = receive_message(init.channel.get(), &report, sizeof report, none))
    return {Step::prepare, error};
  return {report.step, report.kind == Report::passed ? 0 : report.value};
}

Failure try_chain() {
  const QuietSignals quiet;
  InitPlan plan;
  plan.probe = true;
  plan.ids = plan_ids();
  const InitProcess init = start_init(plan);
  if (init.pid < 0) return {init.step, init.error};
  const Failure end = listen_to(init);
  wait_for_init(init.pid);
  return end;
}

ProbeStep describe(Step step, const Failure& end) {
  ProbeStep result;
  result.name = name_of(step);
  result.action = action_of(step);
  if (end.error == 0 || step < end.step) {
    result.outcome = Outcome::ok;
  } else if (step == end.step) {
    auto [cause, remedy] = explain(end, read_host_facts());
    result.outcome = Outcome::failed;
    result.error = end.error;
    result.cause = std::move(cause);
    result.remedy = std::move(remedy);
  } else {
    result.cause = "not tried after " + std::string{name_of(end.step)};
  }
  return result;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const ProbeStep& step) {
  constexpr const char* kOutcomes[] = {"ok  ", "FAIL", "skip"};
  out << kOutcomes[static_cast<int>(step.outcome)] << "  " << std::left << std::setw(16) << step.name;
  if (step.outcome == Outcome::failed) {
    out << "  " << step.action << ": " << describe_errno(step.error) << (step.cause.empty() ? "" : ": ");
  } else if (!step.cause.empty()) {
    out << "  ";
  }
  out << step.cause;
  if (!step.remedy.empty()) out << "\n      remedy: " << step.remedy;
  return out;
}

bool ProbeReport::ok() const { return failed() == nullptr; }

const ProbeStep* ProbeReport::failed() const {
  const auto found = std::ranges::find(steps, Outcome::failed, &ProbeStep::outcome);
  return found == steps.end() ? nullptr : &*found;
}

ProbeReport probe() {
  const Failure end = try_chain();
  ProbeReport report;
  for (int step = 0; step <= static_cast<int>(kLastStep); ++step) {
    report.steps.push_back(describe(static_cast<Step>(step), end));
  }
  return report;
}

}  // namespace netrig::sandbox
