#include <netrig/base/fault_point.h>
#include <netrig/base/open_files.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/teardown_failure.h>
#include <netrig/process/child.h>
#include <netrig/process/launcher.h>
#include <netrig/process/loop.h>
#include <netrig/process/programs.h>
#include <netrig/process/ready_wait.h>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace netrig::process {

namespace {

// While it is launched: its pipes, how it went, and the namespaces between which the thread changes.
constexpr std::size_t kFilesPerProgram = 16;

// Of a launch that failed: there is no handle yet whose destructor would do it.
void give_up(pid_t pid) {
  const auto gone = kill_and_reap(pid, Deadline::after(kMostPatience), held_patience.load());
  if (!gone) report_teardown_failure(gone.error().message().c_str());
}

}  // namespace

struct Programs::State {
  State(sandbox::ProgramSpace own, std::shared_ptr<Loop> reader) : space{std::move(own)}, loop{std::move(reader)} {}

  Result<std::shared_ptr<Child>> launch(const NodeSpace& node, const Command& command, Awaited awaited);
  /// Until `last`, and no longer than `patience` while somebody can be seen who keeps one from ending.
  Result<void> end(Deadline last, Deadline::Clock::duration patience);
  template <class Ended>
  Result<void> wait_while_nobody_delays(Deadline last, const Ended& ended) const;

  sandbox::ProgramSpace space;
  const std::shared_ptr<Loop> loop;
  const pid_t owner = ::getpid();  ///< a forked copy must not end what is not its own
  std::mutex mutex;                ///< of what follows
  std::condition_variable launched;
  int launching = 0;
  bool ended = false;
};

Result<std::shared_ptr<Child>> Programs::State::launch(const NodeSpace& node, const Command& command, Awaited awaited) {
  {
    const std::scoped_lock lock{mutex};
    if (ended) {
      return fail(Error::invalid("run \"" + command.to_string() + "\"", node.name(), "the lab's programs were ended"));
    }
    ++launching;
  }
  const ScopeExit leave{[this] {
    const std::scoped_lock lock{mutex};
    --launching;
    launched.notify_all();
  }};
  fault_point("launch-program");
  NETRIG_TRY(make_room_for_files(kFilesPerProgram));
  auto process = NETRIG_TRY(process::launch(space, node, command));
  ScopeExit undo{[pid = process.pid] { give_up(pid); }};  // unreaped it would keep the whole space
  auto child = std::make_shared<Child>(command, node.name(), std::move(process), std::move(awaited));
  NETRIG_TRY(loop->add(child));
  undo.dismiss();
  return child;
}

// Dying takes as long as the kernel takes; a delayer, as long as somebody pleases. A std::function would take memory.
template <class Ended>
Result<void> Programs::State::wait_while_nobody_delays(Deadline last, const Ended& ended) const {
  while (!ended()) {
    const auto delayers = space.delayers();
    if (delayers.empty() && !last.passed()) continue;
    return fail(Error::from_errno("end the programs of a lab", "", ETIMEDOUT,
                                  delayers.empty()
                                      ? "the kernel does not let go of one: is it in uninterruptible sleep?"
                                      : fmt::format("{}", fmt::streamed(delayers.front()))));
  }
  return {};
}

// The kill comes first, so that a launch under way ends too; the init's end last, because it waits for what we must
// reap.
Result<void> Programs::State::end(Deadline last, Deadline::Clock::duration patience) {
  if (::getpid() != owner) return {};
  fault_point("end-programs");
  std::unique_lock lock{mutex};
  if (std::exchange(ended, true)) return {};
  space.kill();
  launched.wait(lock, [this] { return launching == 0; });
  lock.unlock();
  const auto soon = [=] { return Deadline{std::min(last.at(), Deadline::after(patience).at())}; };
  NETRIG_TRY(wait_while_nobody_delays(last, [&] { return loop->stop(soon()); }));
  Result<void> gone;
  NETRIG_TRY(wait_while_nobody_delays(last, [&] {
    gone = space.wait(soon());
    return gone || gone.error().code != ETIMEDOUT;
  }));
  return gone;
}

Result<Programs> Programs::in(sandbox::ProgramSpace space) {
  return Programs{std::make_unique<State>(std::move(space), NETRIG_TRY(Loop::create()))};
}

Programs::Programs(std::unique_ptr<State> state) : state_{std::move(state)} {}
Programs::Programs(Programs&&) noexcept = default;

Programs& Programs::operator=(Programs&& other) noexcept {
  Programs old{std::move(*this)};  // ended when this returns
  state_ = std::move(other.state_);
  return *this;
}

Programs::~Programs() {
  if (!state_) return;
  if (const auto ended = end(); !ended) report_teardown_failure(ended.error().message().c_str());
}

const sandbox::ProgramSpace& Programs::space() const { return state_->space; }

Result<Process> Programs::start(const NodeSpace& node, const Command& command) {
  return Process{NETRIG_TRY(state_->launch(node, command, {}))};
}

Result<Process> Programs::start(const NodeSpace& node, const Command& command, const Readiness& ready,
                                Deadline deadline) {
  auto wait = NETRIG_TRY(ReadyWait::prepare(node, ready));
  auto child = NETRIG_TRY(state_->launch(node, command, wait.take_awaited()));
  Process process{child};  // kills it when it is not ready
  fault_point("await-readiness");
  NETRIG_TRY(wait.wait(*child, deadline));
  return process;
}

Result<Completed> Programs::run(const NodeSpace& node, const Command& command, Deadline deadline) {
  const auto child = NETRIG_TRY(state_->launch(node, command, {}));
  auto done = child->finish(deadline);
  if (done || child->ended()) return done;
  std::string detail = "killed, for it did not end in time";
  if (!child->kill() && !child->ended()) detail += "; not gone yet: " + why_not_gone(child->pid());
  return fail(child->error("run", ETIMEDOUT, detail));
}

Result<void> Programs::end(Deadline deadline) { return state_->end(deadline, deadline.remaining()); }

Result<void> Programs::end() { return state_->end(Deadline::after(kMostPatience), held_patience.load()); }

}  // namespace netrig::process
