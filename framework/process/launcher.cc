// The launch, by vfork(2): the child borrows the parent's memory until it executes the program, so a large test program
// is not copied. In the child runs carry_out() alone, which allocates nothing and throws nothing. (Boost.Process
// allocates between the two: without memory its child throws into frames that the parent still needs.)
#include <netrig/base/fork_window.h>
#include <netrig/base/limits.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/signal_mask.h>
#include <netrig/process/launch_plan.h>
#include <netrig/process/launcher.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace netrig::process {

namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Error::from_errno("make a pipe", "", errno));
  return Pipe{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

/// The ends that the program gets, and those that stay here.
struct Pipes {
  UniqueFd input, output, error;
  Launched ours;

  [[nodiscard]] int error_or_output() const { return error ? error.get() : output.get(); }
};

Result<void> unblock(const UniqueFd& fd) {
  if (!fd || ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0) return {};
  return fail(Error::from_errno("make a pipe", "", errno));
}

Result<Pipes> make_pipes(const Command& command) {
  Pipes pipes;
  if (command.input || command.input_stays_open) {
    auto input = NETRIG_TRY(make_pipe());
    pipes.input = std::move(input.read);
    pipes.ours.input = std::move(input.write);
  } else {
    pipes.input.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!pipes.input) return fail(Error::from_errno("open /dev/null", "", errno));
  }
  auto output = NETRIG_TRY(make_pipe());
  pipes.output = std::move(output.write);
  pipes.ours.output = std::move(output.read);
  if (!command.stderr_in_stdout) {
    auto error = NETRIG_TRY(make_pipe());
    pipes.error = std::move(error.write);
    pipes.ours.error = std::move(error.read);
  }
  NETRIG_TRY(unblock(pipes.ours.input));
  NETRIG_TRY(unblock(pipes.ours.output));
  NETRIG_TRY(unblock(pipes.ours.error));
  return pipes;
}

/// The calling thread's children start in another pid namespace; before() makes it as it was.
class ChildrenIn {
 public:
  static Result<ChildrenIn> pid_namespace(int fd) {
    ChildrenIn switched;
    switched.before_.reset(::open("/proc/thread-self/ns/pid_for_children", O_RDONLY | O_CLOEXEC));
    if (!switched.before_ || ::setns(fd, CLONE_NEWPID) != 0) {
      return fail(Error::from_errno("enter the lab's pid namespace", "", errno));
    }
    return switched;
  }
  ChildrenIn(ChildrenIn&&) noexcept = default;
  ChildrenIn(const ChildrenIn&) = delete;
  ChildrenIn& operator=(const ChildrenIn&) = delete;
  ChildrenIn& operator=(ChildrenIn&&) = delete;
  ~ChildrenIn() { std::ignore = undo(); }

  /// Needs the capability that entering needed; a thread that cannot go back must not start processes any more.
  Result<void> undo() {
    const UniqueFd before = std::move(before_);
    if (!before || ::setns(before.get(), CLONE_NEWPID) == 0) return {};
    return fail(
        Error::from_errno("leave the lab's pid namespace", "", errno, "this thread's children would start in it"));
  }

 private:
  ChildrenIn() = default;
  UniqueFd before_;
};

/// Kills and reaps what was launched, unless it was taken.
struct Reaper {
  pid_t pid = -1;
  Reaper() = default;
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;
  ~Reaper() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  pid_t take() { return std::exchange(pid, -1); }
};

Error explain_fork_failure(int code) {
  return Error::from_errno("start a process", "", code,
                           code == ENOMEM   ? "the lab's programs were ended, or memory is short"
                           : code == EAGAIN ? describe_process_limits()
                                            : "");
}

Error cannot_watch(int code) {
  return Error::from_errno(
      "watch the process", "", code,
      code == EMFILE ? "" : "this process may ignore SIGCHLD, so that the kernel keeps no status of children");
}

Result<void> fork_child(LaunchPlan& plan, const Command& command, int report, Reaper& child) {
  std::vector<const char*> arguments;
  for (const auto& argument : command.argv) arguments.push_back(argument.c_str());
  arguments.push_back(nullptr);
  const pid_t pid = ::vfork();
  if (pid == 0) {
    carry_out(plan, arguments.data(), report);
    ::_exit(127);
  }
  if (pid < 0) return fail(explain_fork_failure(errno));
  child.pid = pid;
  return {};
}

/// Everything that the child had to say. After a true vfork it is all in the plan. Where fork stands in for vfork
/// (thread sanitizer, valgrind) it comes through the pipe, which ends when the child executes the program or exits.
Result<LaunchReport> read_report(const LaunchPlan& plan, int fd) {
  LaunchReport report = plan.report;
  while (plan.report.pid_in_lab < 0) {
    const auto count = ::read(fd, &report, sizeof report);
    if (count == 0) break;
    if (count < 0 && errno != EINTR) return fail(Error::from_errno("read how the launch went", "", errno));
  }
  return report;
}

std::string why_not_executed(const LaunchReport& report, const LaunchPlan& plan) {
  if (report.code == ENOEXEC) return "a script needs a #! line";
  if (plan.search_path.empty()) {
    return report.code == ENOENT ? "no such file in the node, or its interpreter is missing" : "";
  }
  if (report.code == ENOENT) return "not found in PATH (" + plan.search_path + ")";
  return "found as " + plan.candidates.at(report.candidate);
}

std::string detail_of(const LaunchReport& report, const LaunchPlan& plan) {
  switch (report.failed) {
    case LaunchStep::execute:
      return why_not_executed(report, plan);
    case LaunchStep::change_directory:
      return "cannot enter its working directory " + plan.directory;
    case LaunchStep::hand_over:
      return report.code == EMFILE
                 ? "cannot hand the descriptors over"
                 : "cannot hand the descriptors over: one is not open, or a number is beyond `ulimit -n`";
    case LaunchStep::drop_capabilities:
      return "cannot drop the capabilities";
    case LaunchStep::enter_mounts:
    case LaunchStep::enter_network:
    case LaunchStep::enter_host_name:
      return "cannot enter the node's namespaces: it needs the capabilities that the sandbox gives";
    default:
      return "cannot prepare the process (step " + std::to_string(static_cast<int>(report.failed)) + ")";
  }
}

Result<Launched> launch_planned(const sandbox::ProgramSpace& space, const NodeSpace& node, const Command& command) {
  auto pipes = NETRIG_TRY(make_pipes(command));
  const int standard[] = {pipes.input.get(), pipes.output.get(), pipes.error_or_output()};
  auto reports = NETRIG_TRY(make_pipe());
  auto plan = NETRIG_TRY(plan_launch(node, command, standard, reports.write.get()));
  const auto started = std::chrono::steady_clock::now();
  Reaper child;
  std::optional<ForkWindow> window{std::in_place};
  {
    const SignalMask quiet;  // no handler of the test's may run in the child
    auto children = NETRIG_TRY(ChildrenIn::pid_namespace(space.pid_namespace()));
    NETRIG_TRY(fork_child(plan, command, reports.write.get(), child));
    NETRIG_TRY(children.undo());
  }
  reports.write.reset();
  const auto report = NETRIG_TRY(read_report(plan, reports.read.get()));
  window.reset();
  if (report.failed != LaunchStep::none) {
    return fail(Error::from_errno("", "", report.code, detail_of(report, plan)));
  }
  auto launched = std::move(pipes.ours);
  launched.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  if (!launched.pidfd) return fail(cannot_watch(errno));
  launched.started = started;
  launched.pid_in_lab = report.pid_in_lab;
  launched.pid = child.take();
  return launched;
}

}  // namespace

Result<Launched> launch(const sandbox::ProgramSpace& space, const NodeSpace& node, const Command& command) {
  auto launched = launch_planned(space, node, command);
  if (launched) return launched;
  auto error = std::move(launched).error();
  auto detail = error.operation.empty() || error.detail.empty() ? error.operation + error.detail
                                                                : error.operation + ": " + error.detail;
  return fail(Error::from_errno("run \"" + command.to_string() + "\"", node.name(), error.code, std::move(detail)));
}

}  // namespace netrig::process
