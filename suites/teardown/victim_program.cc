// A small program in a sandbox, for the fault tests to kill, stop and watch from outside.
//
//   victim ACTION [ARGUMENT]
//
// Every process of it holds the write end of the pipe NETRIG_VICTIM_PIPE, and tells of itself by a letter there.
#include <netrig/sandbox/probe.h>
#include <netrig/sandbox/program_space.h>
#include <netrig/sandbox/sandbox.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace {

using netrig::sandbox::ProgramSpace;

int pipe_end() {
  const char* number = std::getenv("NETRIG_VICTIM_PIPE");
  return number != nullptr ? std::atoi(number) : STDOUT_FILENO;
}

void tell(char letter) {
  if (::write(pipe_end(), &letter, 1) != 1) ::_exit(97);
}

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

// The daemons write to it when they live.
struct Ready {
  Ready() {
    if (::pipe(ends) != 0) ::_exit(90);
  }
  void wait_for(int daemons) const {
    char byte = 0;
    while (daemons-- > 0) {
      if (::read(ends[0], &byte, 1) != 1) ::_exit(90);
    }
  }
  int ends[2];
};

// Forked twice, in a session of its own, its standard streams closed, deaf to every signal that can be ignored; stopped
// at last, if `stopped`.
void become_daemon(char letter, bool stopped, const Ready& ready) {
  if (::fork() != 0) ::_exit(0);
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_IGN);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(fd);
  tell(letter);
  if (::write(ready.ends[1], &letter, 1) != 1) ::_exit(90);
  if (stopped) ::raise(SIGSTOP);
  wait_for_ever();
}

// A daemon of the test's own, and one in a program space.
std::optional<ProgramSpace> start_daemons(bool stopped) {
  const Ready ready;
  if (::fork() == 0) become_daemon('D', stopped, ready);
  auto space = ProgramSpace::start();
  if (!space) {
    std::fprintf(stderr, "victim: %s\n", space.error().message().c_str());
    ::_exit(96);
  }
  const pid_t entering = ::fork();
  if (entering == 0) {
    if (::setns(space->pid_namespace(), CLONE_NEWPID) != 0) ::_exit(95);
    if (::fork() == 0) {
      if (::setns(space->mount_namespace(), CLONE_NEWNS) != 0) ::_exit(95);
      become_daemon('L', stopped, ready);
    }
    while (::wait(nullptr) > 0) {
    }
    ::_exit(0);
  }
  while (::wait(nullptr) > 0) {
  }
  ready.wait_for(2);
  return std::move(*space);
}

int run_daemons(bool stopped, const std::function<void()>& then) {
  const auto space = start_daemons(stopped);
  then();
  return 0;
}

int die_by(int signal) {
  ::signal(signal, SIG_DFL);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
  ::kill(::getpid(), signal);
  return 94;
}

// Tells one letter a signal, `a` for signal 1, until it is told SIGUSR2; then whether one is still pending.
int count_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGCONT);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  tell('T');
  for (int signal = 0; signal != SIGUSR2;) {
    if (::sigwait(&all, &signal) == 0) tell(static_cast<char>('a' + signal - 1));
  }
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigisemptyset(&pending) ? 0 : 1;
}

// Stops itself when it is told SIGUSR1.
int stop_by(int signal) {
  sigset_t go;
  ::sigemptyset(&go);
  ::sigaddset(&go, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &go, nullptr);
  tell('T');
  int got = 0;
  if (::sigwait(&go, &got) != 0 || ::raise(signal) != 0) return 94;
  tell('C');
  return 0;
}

// Handles SIGTSTP, and tells of it, until it is told SIGUSR1; after that it is stopped by it.
int handle_stops_at_first() {
  sigset_t end;
  ::sigemptyset(&end);
  ::sigaddset(&end, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &end, nullptr);
  ::signal(SIGTSTP, [](int) { tell('S'); });
  tell('T');
  int got = 0;
  if (::sigwait(&end, &got) != 0) return 94;
  ::signal(SIGTSTP, SIG_DFL);
  tell('U');
  wait_for_ever();
}

int compare_signals() {
  struct sigaction action{};
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal < NSIG; ++signal) {
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    std::printf("%d:%s%s ", signal, action.sa_handler == SIG_IGN ? "ignored" : "default",
                ::sigismember(&blocked, signal) == 1 ? ",blocked" : "");
  }
  return 0;
}

int read_line() {
  tell('T');
  char line[16] = {};
  return ::read(STDIN_FILENO, line, sizeof line) > 0 ? 0 : 1;
}

// Where nft is installed; suites/teardown/host_untouched_test.cc looks for its name.
constexpr const char* kAddRules =
    "{ ! nft --version >/dev/null 2>&1 || nft 'table inet of-the-victim { "
    "chain in { type filter hook input priority 0; policy drop; }; }'; }";

int add_rules() {
  if (std::system(kAddRules) != 0) return 92;
  tell('T');
  wait_for_ever();
}

int change_network() {
  const std::string commands =
      "ip link add veth0 type veth peer name veth1 && ip address add 192.0.2.1/24 dev veth0 && "
      "ip address add 2001:db8::1/64 dev veth0 && ip link set veth0 up && ip link set veth1 up && "
      "ip route add 198.51.100.0/24 via 192.0.2.2 && ip rule add from 192.0.2.9 table 7 && ip netns add other && "
      "echo 1 >/proc/sys/net/ipv4/ip_forward && echo 7 >/proc/sys/net/ipv4/ip_default_ttl && "
      "{ hostname victim 2>&- || echo victim >/proc/sys/kernel/hostname; } && ";
  if (std::system((commands + kAddRules).c_str()) != 0) return 92;
  tell('T');
  wait_for_ever();
}

int crash() {
  ::signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would make an exit status of it
  volatile int* nowhere = nullptr;
  return *nowhere;
}

int be_asked(const char* wanted) {
  std::printf("%s\n%s\n", netrig::sandbox::inside() ? "inside" : "outside",
              netrig::sandbox::inside() ? netrig::sandbox::describe().c_str() : netrig::sandbox::why_not().c_str());
  return netrig::sandbox::inside() == (std::strcmp(wanted, "inside") == 0) ? 0 : 1;
}

// Whether another sandbox can be had in this one.
int probe_within() {
  const auto report = netrig::sandbox::probe();
  if (const auto* failed = report.failed()) std::cout << *failed << '\n';
  return report.ok() ? 0 : 1;
}

// Children that wait, until the kernel gives no more: how many, and why no more; then what the rig says to that.
int fork_all() {
  int count = 0;
  for (;; ++count) {
    const pid_t child = ::fork();
    if (child == 0) wait_for_ever();
    if (child < 0) break;
  }
  std::printf("%d %s\n", count, ::strerrorname_np(errno));
  const auto space = ProgramSpace::start();
  std::puts(space ? "a program space" : space.error().message().c_str());
  return 0;
}

// Forks for ever, and so does every child. Each tells of its first fork that the kernel refused. Behind everything else
// that runs on the machine: an observer that shares a processor with hundreds of these would see nothing for minutes.
[[noreturn]] void fork_for_ever() {
  ::setpriority(PRIO_PROCESS, 0, 19);
  bool told = false;
  for (;;) {
    const pid_t child = ::fork();
    if (child == 0) told = false;
    if (child >= 0) continue;
    if (!std::exchange(told, true)) tell('F');
    ::poll(nullptr, 0, 1000);  // hundreds of forks a second are bomb enough: without it, their end is a minute's work
  }
}

// The same in a program space, while the test program waits.
int fork_for_ever_in_a_space() {
  const auto space = ProgramSpace::start();
  if (!space || ::setns(space->pid_namespace(), CLONE_NEWPID) != 0) return 95;
  if (::fork() == 0) fork_for_ever();
  wait_for_ever();
}

// `uid 0 1000 1`, a line a range.
int print_ids() {
  for (const std::string map : {"uid", "gid"}) {
    std::ifstream ranges{"/proc/self/" + map + "_map"};
    for (long inside = 0, outside = 0, count = 0; ranges >> inside >> outside >> count;) {
      std::printf("%s %ld %ld %ld\n", map.c_str(), inside, outside, count);
    }
  }
  return 0;
}

int run(const std::string& action, const char* argument) {
  const std::map<std::string, std::function<int()>> actions{
      {"exit", [&] { return std::atoi(argument); }},
      {"signal", [&] { return die_by(std::atoi(argument)); }},
      {"crash", crash},
      {"change-network", change_network},
      {"add-rules", add_rules},
      {"wait",
       [] {
         tell('T'), wait_for_ever();
         return 0;
       }},
      {"daemons",
       [] {
         return run_daemons(false, [] {
           tell('T');
           std::puts("ready");
           std::fflush(stdout);
           wait_for_ever();
         });
       }},
      {"stopped-daemons", [] { return run_daemons(true, [] { tell('T'), wait_for_ever(); }); }},
      {"daemons-and-end", [] { return run_daemons(false, [] { tell('T'); }); }},
      {"kill-group", [] { return ::kill(0, SIGKILL); }},
      {"kill-all", [] { return run_daemons(false, [] { ::kill(-1, SIGKILL); }); }},
      {"fork-all", fork_all},
      {"bomb", []() -> int { fork_for_ever(); }},
      {"bomb-in-space", fork_for_ever_in_a_space},
      {"count-signals", count_signals},
      {"stop-by", [&] { return stop_by(std::atoi(argument)); }},
      {"handle-stops-at-first", handle_stops_at_first},
      {"print-signals", compare_signals},
      {"print-ids", print_ids},
      {"read-line", read_line},
      {"probe", probe_within},
      {"ask", [&] { return be_asked(argument); }},
  };
  const auto found = actions.find(action);
  return found == actions.end() ? 93 : found->second();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string action = argc > 1 ? argv[1] : "";
  const bool bare = std::getenv("NETRIG_VICTIM_BARE") != nullptr;  // for comparison: the same without a sandbox
  if (!bare) netrig::sandbox::enter(argc, argv);
  if (!bare && !netrig::sandbox::inside() && action != "ask") {
    std::fprintf(stderr, "victim: %s\n", netrig::sandbox::why_not().c_str());
    return 99;
  }
  return run(action, argc > 2 ? argv[2] : "");
}
