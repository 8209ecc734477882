#include <netrig/sandbox/explain.h>
#include <netrig/sandbox/init_process.h>
#include <netrig/sandbox/probe.h>
#include <netrig/sandbox/progress.h>
#include <netrig/sandbox/quiet_signals.h>

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <sys/wait.h>

namespace netrig::sandbox {
namespace {

constexpr auto kLastStep = Step::nft;

// What came of a process of its own that makes the namespaces of one: where a filter kills whoever tries, it must not
// be this one.
int try_clone() {
  const pid_t child = raw::clone_process(0, SIGCHLD, nullptr);
  if (child == 0) {
    const pid_t init = raw::clone_process(all_namespace_flags(), 0, nullptr);
    if (init > 0) raw::call(SYS_wait4, init, nullptr, __WALL, nullptr);
    raw::exit_now(0);
  }
  return child < 0 ? 0 : wait_for_init(child);
}

// The init's last word: the step that failed, or the last step without an error.
Failure listen_to(const InitProcess& init, const Progress& progress) {
  Report report{};
  Extras none;
  const int error = receive_message(init.channel.get(), &report, sizeof report, none);
  const int status = wait_for_init(init.pid);
  if (error == ENODATA) return silent_end(progress.last(), status);
  if (error != 0) return {Step::prepare, error};
  return {report.step, report.kind == Report::passed ? 0 : report.value};
}

Failure try_chain() {
  const QuietSignals quiet;
  if (const int status = try_clone(); WIFSIGNALED(status)) return silent_end(Step::user_namespace, status);
  const Progress progress;
  InitPlan plan;
  plan.probe = true;
  plan.progress = progress.place();
  plan.ids = plan_ids();
  const InitProcess init = start_init(plan);
  if (init.pid < 0) return {init.step, init.error};
  return listen_to(init, progress);
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
    result.signal = end.signal;
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
    out << "  " << step.reason();
  } else if (!step.cause.empty()) {
    out << "  " << step.cause;
  }
  if (!step.remedy.empty()) out << "\n      remedy: " << step.remedy;
  return out;
}

std::string ProbeStep::reason() const {
  return action + ": " + describe_end(error, signal) + (cause.empty() ? "" : ": " + cause);
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
