#include <netrig/sandbox/explain.h>
#include <netrig/sandbox/holders.h>
#include <netrig/sandbox/init_process.h>
#include <netrig/sandbox/leaves_signal.h>
#include <netrig/sandbox/progress.h>
#include <netrig/sandbox/quiet_signals.h>
#include <netrig/sandbox/supervisor.h>
#include <netrig/sandbox/terminal.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace netrig::sandbox {
namespace {

constexpr raw::SignalSet kForwarded = raw::bit_of(SIGHUP) | raw::bit_of(SIGINT) | raw::bit_of(SIGQUIT) |
                                      raw::bit_of(SIGTERM) | raw::bit_of(SIGUSR1) | raw::bit_of(SIGUSR2) |
                                      raw::bit_of(SIGTSTP);

// Ends this process as the program ended. Its core, if it left one, is the only one.
[[noreturn]] void end_like(int status) {
  if (WIFEXITED(status)) raw::exit_now(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::prctl(PR_SET_DUMPABLE, 0);  // the limit does not stop a core that is piped to a program
  raw::set_action(signal, SIG_DFL);
  raw::set_mask(~raw::bit_of(signal));
  raw::call(SYS_kill, ::getpid(), signal);
  raw::exit_now(128 + signal);  // reached only by the init of a pid namespace, whom its own signals do not kill
}

bool has_ended(int pidfd, int milliseconds) {
  pollfd end{pidfd, POLLIN, 0};
  return ::poll(&end, 1, milliseconds) != 0;
}

bool say_who_delays(const std::string& pid_namespace) {
  const auto delayers = delayers_of(pid_namespace);
  for (const auto& delayer : delayers) {
    std::cerr << "netrig: the sandbox cannot end: " << delayer << "; it goes on when that one lets go\n" << std::flush;
  }
  return !delayers.empty();
}

// Everything inside is killed by now, so that it takes a moment; unless somebody outside holds one of the dead. Then
// the wait is as long as theirs, and says so once.
int wait_for_init_aloud(pid_t init) {
  constexpr int kLong = 2000;  // milliseconds
  const UniqueFd pidfd{static_cast<int>(raw::call(SYS_pidfd_open, init, 0))};
  const std::string name = name_of_namespace(init, "pid");
  while (pidfd.valid() && !has_ended(pidfd.get(), kLong) && !say_who_delays(name)) {
  }
  return wait_for_init(init);
}

class Supervisor {
 public:
  Supervisor(InitProcess init, const Progress& progress, int terminal)
      : init_{std::move(init)}, progress_{progress}, terminal_{terminal} {}

  // Returns only when there was no program.
  Failure watch() {
    for (;;) {
      // Signals stay pending until there is somebody to send them to.
      pollfd events[] = {{init_.channel.get(), POLLIN, 0}, {program_.valid() ? signals_.get() : -1, POLLIN, 0}};
      if (::poll(events, 2, -1) < 0) continue;
      if (events[1].revents != 0) forward();
      if (events[0].revents == 0) continue;
      Report report{};
      Extras extras;
      if (receive_message(init_.channel.get(), &report, sizeof report, extras) != 0) return lost();
      note(report, extras);
    }
  }

 private:
  void note(const Report& report, const Extras& extras) {
    switch (report.kind) {
      case Report::started:
        program_.reset(extras.descriptors[0]);
        program_pid_ = extras.sender;
        break;
      case Report::stopped:
        follow_stop(report.value);
        break;
      case Report::ended:
        if (failure_) break;
        settle();
        end_like(report.value);
      case Report::failed:
        failure_ = Failure{report.step, report.value};
        break;
      case Report::passed:  // a probe's
        break;
    }
  }

  void forward() {
    signalfd_siginfo info;
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
    const auto signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGTSTP) {
      stop_asked_ =
          leaves_to_the_kernel(program_pid_, signal);  // else a later stop would be taken for the answer to this one
      signal_group(signal);
    } else {
      raw::call(SYS_pidfd_send_signal, program_.get(), signal, nullptr, 0);
    }
  }

  void signal_group(int signal) const {
    constexpr unsigned kProcessGroup = 1U << 2;  // PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9
    if (raw::call(SYS_pidfd_send_signal, program_.get(), signal, nullptr, kProcessGroup) == 0) return;
    if (program_pid_ > 0) ::kill(-program_pid_, signal);
  }

  // The program stopped: so does the supervisor, for its parent to see, and when it is continued it continues the
  // program.
  void follow_stop(int signal) {
    const bool wants_terminal = signal == SIGTTIN || signal == SIGTTOU;
    if (!wants_terminal || !has_foreground(terminal_)) stop_self(signal);
    if (has_foreground(terminal_)) give_foreground(terminal_, program_pid_);
    signal_group(SIGCONT);
  }

  void stop_self(int signal) {
    // The terminal would have stopped the whole group of the caller; raise(3) and kill(2) stop one process.
    const bool is_terminals = came_from_terminal(signal);
    const raw::SignalSet blocked = raw::set_mask(~raw::SignalSet{0});
    raw::set_action(signal, SIG_DFL);
    ::kill(is_terminals ? 0 : ::getpid(), signal);
    raw::set_mask(blocked & ~raw::bit_of(signal));
    raw::set_mask(blocked);
  }

  // Who stopped a program is told to nobody but its tracer. The terminal's keys reach its foreground alone, so that
  // only there a raise(SIGTSTP) cannot be told from Ctrl-Z; and a read or write from the background needs a terminal.
  bool came_from_terminal(int signal) {
    const bool was_asked = std::exchange(stop_asked_, false);
    if (signal == SIGTTIN || signal == SIGTTOU) return has_controlling_terminal();
    return signal == SIGTSTP && !was_asked && program_pid_ > 0 && is_foreground(terminal_, program_pid_);
  }

  // The end of the channel without the program's end: the init failed, as it said before, or was killed. By SIGSYS
  // before there was a program, it was the host that permits no sandbox; else nobody can say what the program did.
  Failure lost() {
    const Failure end = silent_end(progress_.last(), settle());
    if (failure_) return *failure_;
    if (end.signal == SIGSYS && end.step < Step::program_fork) return end;
    const auto [cause, remedy] = explain(end, {});
    std::cerr << "netrig: " << describe_end(end.error, end.signal) << (cause.empty() ? "" : ": " + cause)
              << "; every process of the sandbox is gone with it\n"
              << std::flush;
    raw::exit_now(kInitLost);
  }

  // After this no process of the sandbox is left. The init's wait status.
  int settle() const {
    const int status = wait_for_init_aloud(init_.pid);
    if (program_pid_ > 0 && is_foreground(terminal_, program_pid_)) {
      give_foreground(terminal_, ::getpgrp());
    }
    return status;
  }

  InitProcess init_;
  const Progress& progress_;
  int terminal_;
  UniqueFd signals_{raw::signal_fd(kForwarded, SFD_CLOEXEC)};
  UniqueFd program_;
  pid_t program_pid_ = -1;
  bool stop_asked_ = false;
  std::optional<Failure> failure_;
};

// This program's environment, with `marker` for the one it may have inherited.
std::vector<char*> environment_with(char* marker) {
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const bool ours =
        std::strncmp(*variable, kMarkerName.data(), kMarkerName.size()) == 0 && (*variable)[kMarkerName.size()] == '=';
    if (!ours) variables.push_back(*variable);
  }
  variables.push_back(marker);
  variables.push_back(nullptr);
  return variables;
}

Failure run(InitPlan& plan, const QuietSignals& quiet, int terminal) {
  plan.mask = quiet.mask();
  plan.ignores_children = quiet.ignores_children();
  plan.ids = plan_ids();
  const Progress progress;
  plan.progress = progress.place();
  InitProcess init = start_init(plan);
  if (init.pid < 0) return {init.step, init.error};
  Supervisor supervisor{std::move(init), progress, terminal};
  take_step(Step::watch);
  // What is not forwarded does to the supervisor what it always did; its death is the sandbox's.
  raw::set_mask(quiet.mask() | kForwarded | raw::bit_of(SIGTTOU));
  return supervisor.watch();
}

}  // namespace

Failure supervise(char** arguments, std::uint32_t processes) {
  const QuietSignals quiet;
  char marker[kMarkerSize] = {};
  std::vector<char*> environment = environment_with(marker);
  const int terminal = shared_terminal();
  InitPlan plan;
  plan.terminal = has_foreground(terminal) ? terminal : -1;
  plan.arguments = arguments;
  plan.environment = environment.data();
  plan.marker = marker;
  plan.processes = plan_process_limit(processes, true);
  return run(plan, quiet, terminal);
}

Failure first_refused_namespace(int error) {
  unsigned long flags = 0;
  auto step = static_cast<int>(Step::user_namespace);
  for (const unsigned long flag : kNamespaceFlags) {
    flags |= flag;
    const pid_t child = raw::clone_process(flags, SIGCHLD, nullptr);
    if (child == 0) raw::exit_now(0);
    if (child < 0) return {static_cast<Step>(step), errno};
    wait_for_init(child);
    ++step;
  }
  return {Step::user_namespace, error};
}

}  // namespace netrig::sandbox
