// The launch, in the form of Boost.Process v2: a launcher, which builds the arguments and forks, and an initialiser,
// which does in the child what this launch is about. All of Boost is in this file.
//
// The fork is our own. Boost's launchers tell every service of an executor of the fork, in the child too, and collect
// those services in a std::vector first: where memory runs out, the child of a vfork(2) throws into frames that its
// parent still needs, and in a child of a program of many threads the allocator's lock may be taken for ever. After a
// failed exec they call exit(), which runs this program's exit handlers a second time (1.81). And the thread that forks
// has to be in another pid namespace at that moment alone. Here the child borrows the parent's memory until it executes
// the program, so a large test program is not copied, and all that runs in it is carry_out(), which allocates nothing
// and throws nothing.
#include <netrig/base/fork_window.h>
#include <netrig/base/limits.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/signal_mask.h>
#include <netrig/process/launch_plan.h>
#include <netrig/process/launcher.h>
#include <netrig/process/mount_thread.h>
#include <netrig/sandbox/sandbox.h>

#include <boost/process/v2/posix/default_launcher.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

namespace netrig::process {

namespace {

namespace boost_posix = boost::process::v2::posix;

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

using Fork = std::function<void()>;  // throws nothing: the thread must come back

/// The calling thread's children start in `pid_namespace` from then on.
Result<void> fork_within(int pid_namespace, const Fork& fork) {
  if (::setns(pid_namespace, CLONE_NEWPID) != 0) {
    return fail(Error::from_errno("enter the lab's pid namespace", "", errno));
  }
  fork();
  return {};
}

/// Needs the capability that entering needed; a thread that cannot go back must not start processes any more.
Result<void> fork_within_and_return(int pid_namespace, const Fork& fork) {
  const UniqueFd before{::open("/proc/thread-self/ns/pid_for_children", O_RDONLY | O_CLOEXEC)};
  if (!before) return fail(Error::from_errno("open this thread's pid namespace", "", errno));
  NETRIG_TRY(fork_within(pid_namespace, fork));
  if (::setns(before.get(), CLONE_NEWPID) == 0) return {};
  return fail(
      Error::from_errno("leave the lab's pid namespace", "", errno, "this thread's children would start in it"));
}

/// Without a pid namespace of the sandbox's this process is in the host's, which nobody may enter from within: there
/// the thread that forks is one that ends.
Result<void> fork_in(const sandbox::ProgramSpace& space, const Fork& fork) {
  if (sandbox::mode() != sandbox::Mode::in_place) return fork_within_and_return(space.pid_namespace(), fork);
  return run_on_own_thread([&] { return fork_within(space.pid_namespace(), fork); });
}

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

/// A launcher of Boost.Process's sense, of which `pid` is the child afterwards, or -1. Of the initialisers it calls
/// on_exec_setup(), in the child, as the last thing: one of them executes the program or exits, and none may allocate.
class VforkLauncher : public boost_posix::default_launcher {
 public:
  explicit VforkLauncher(const sandbox::ProgramSpace& space) : space_{space} {}

  template <class... Initialisers>
  Result<void> operator()(const boost::filesystem::path& program, const std::vector<std::string>& arguments,
                          const Initialisers&... initialisers) {
    const char* const* argv = build_argv_(program, arguments);
    int code = 0;
    NETRIG_TRY(fork_in(space_, [&]() noexcept {
      const pid_t child = ::vfork();
      if (child == 0) {
        std::ignore = boost_posix::detail::on_exec_setup(*this, program, argv, initialisers...);
        ::_exit(127);
      }
      if (child < 0) code = errno;
      pid = child;
    }));
    if (code != 0) return fail(explain_fork_failure(code));
    return {};
  }

 private:
  const sandbox::ProgramSpace& space_;
};

struct CarryOut {
  LaunchPlan& plan;
  int report;

  boost::system::error_code on_exec_setup(VforkLauncher& /*launcher*/, const boost::filesystem::path& /*program*/,
                                          const char* const* argv) const noexcept {
    carry_out(plan, argv, report);
    return {};
  }
};

Result<void> fork_child(const sandbox::ProgramSpace& space, LaunchPlan& plan, const Command& command, int report,
                        Reaper& child) {
  VforkLauncher launcher{space};
  const ScopeExit keep_pid{[&] { child.pid = launcher.pid; }};
  return launcher(command.argv[0], {command.argv.begin() + 1, command.argv.end()}, CarryOut{plan, report});
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
    NETRIG_TRY(fork_child(space, plan, command, reports.write.get(), child));
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
