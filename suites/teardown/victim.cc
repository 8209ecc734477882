#include <netrig/base/deadline.h>
#include <netrig/base/error.h>
#include <netrig/suites/teardown/victim.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

using namespace std::chrono_literals;

void become_the_reaper() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
}

std::string read_all(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();  // a process that ends meanwhile ends the text
  return text.str();
}

std::optional<pid_t> parse_pid(const std::filesystem::path& path) {
  const std::string name = path.filename();
  if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::atoi(name.c_str());
}

// State and parent, fields 3 and 4 of proc_pid_stat(5), which follow the name; that may hold anything.
std::optional<std::pair<char, pid_t>> status_of(pid_t pid) {
  const std::string stat = read_all("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 4 > stat.size()) return std::nullopt;
  return std::pair{stat[name_end + 2], std::atoi(stat.c_str() + name_end + 4)};
}

// The init makes its program first: numbers outside tell nothing, for they start anew at the kernel's limit.
constexpr pid_t kProgramPid = 2;

// As the process's own pid namespace numbers it: the last of `NSpid` in proc_pid_status(5). 0 when it is gone.
pid_t innermost_pid_of(pid_t pid) {
  std::istringstream status{read_all("/proc/" + std::to_string(pid) + "/status")};
  pid_t innermost = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("NSpid:")) innermost = std::atoi(line.c_str() + line.find_last_of('\t') + 1);
  }
  return innermost;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    if (const auto pid = parse_pid(entry.path())) pids.push_back(*pid);
  }
  return pids;
}

std::vector<pid_t> processes_with(const std::string& tag) {
  std::vector<pid_t> found;
  for (const pid_t pid : all_processes()) {
    if (read_all("/proc/" + std::to_string(pid) + "/environ").find(tag) != std::string::npos) found.push_back(pid);
  }
  return found;
}

void add_descendants(pid_t pid, std::vector<pid_t>& family) {
  for (const pid_t child : children_of(pid)) {
    family.push_back(child);
    add_descendants(child, family);
  }
}

bool has_children() { return ::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0; }

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// This program's environment, as if it were not in a sandbox itself, with `more`, which goes before what it has.
std::vector<std::string> environment_with(const std::vector<std::string>& more) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text{*variable};
    const auto name = text.substr(0, text.find('=') + 1);
    const bool replaced = std::ranges::any_of(more, [&](const std::string& other) { return other.starts_with(name); });
    if (!replaced && !text.starts_with("NETRIG_")) variables.emplace_back(text);
  }
  variables.insert(variables.end(), more.begin(), more.end());
  return variables;
}

void set_surroundings(const std::function<void()>& surroundings) {
  try {
    if (surroundings) surroundings();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "victim: %s\n", error.what());
    ::_exit(89);
  }
}

[[noreturn]] void become_victim(const VictimOptions& options, char* const* arguments, char* const* environment) {
  if (options.own_group) ::setpgid(0, 0);
  if (options.foreground) ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
  if (options.output >= 0) {
    ::dup2(options.output, STDOUT_FILENO);
    ::dup2(options.output, STDERR_FILENO);
  }
  set_surroundings(options.surroundings);
  if (options.traced) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(92);
    ::raise(SIGSTOP);
  }
  for (const int signal : options.ignored) ::signal(signal, SIG_IGN);
  sigset_t mask;
  ::sigemptyset(&mask);
  for (const int signal : options.blocked) ::sigaddset(&mask, signal);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execve(arguments[0], arguments, environment);
  ::_exit(91);
}

}  // namespace

std::string program_of(Build build) {
  constexpr const char* kNames[] = {"", "_held", "_without_death_signal", "_without_liveness"};
  return program_beside(std::string{"netrig_victim"} + kNames[static_cast<int>(build)]);
}

std::string program_beside(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

std::string describe_end(int status) {
  if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  return "signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
}

char state_of(pid_t pid) {
  const auto status = status_of(pid);
  return status ? status->first : '\0';
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for (const pid_t other : all_processes()) {
    const auto status = status_of(other);
    if (status && status->second == pid) children.push_back(other);
  }
  return children;
}

Victim::Victim(const VictimOptions& options) {
  static int count = 0;
  become_the_reaper();
  tag_ = "NETRIG_VICTIM_TAG=" + std::to_string(::getpid()) + "." + std::to_string(++count);
  int ends[2];
  if (::pipe(ends) != 0) throw SetupError{Error::from_errno("pipe", "", errno)};
  pipe_.reset(ends[0]);
  const UniqueFd write_end{ends[1]};
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), options.program.empty() ? program_of(options.build) : options.program);
  auto more = options.environment;
  more.push_back(tag_);
  more.push_back("NETRIG_VICTIM_PIPE=" + std::to_string(ends[1]));
  auto environment = environment_with(more);
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);
  supervisor_ = ::fork();
  if (supervisor_ == 0) become_victim(options, argument_pointers.data(), environment_pointers.data());
  if (supervisor_ < 0) throw SetupError{Error::from_errno("fork", "", errno)};
  // A child stays until it is reaped, so that this is never another process.
  supervisor_pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, supervisor_, 0)));
  if (!supervisor_pidfd_.valid()) throw SetupError{Error::from_errno("open a pidfd", "", errno)};
  if (options.own_group) ::setpgid(supervisor_, supervisor_);
}

Victim::~Victim() {
  while (has_children()) {
    std::vector<pid_t> left;
    add_descendants(::getpid(), left);
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    if (!reap_one(kPatience)) return;
  }
}

std::vector<pid_t> Victim::processes() const {
  std::vector<pid_t> family{supervisor_};
  add_descendants(supervisor_, family);
  return family;
}

std::optional<pid_t> Victim::init() const {
  const auto children = children_of(supervisor_);
  if (children.empty()) return std::nullopt;
  return children.front();
}

std::optional<pid_t> Victim::program() const {
  const auto parent = init();
  const auto children = parent ? children_of(*parent) : std::vector<pid_t>{};
  const auto found = std::ranges::find_if(children, [](pid_t child) { return innermost_pid_of(child) == kProgramPid; });
  if (found == children.end()) return std::nullopt;
  return *found;
}

std::string Victim::letters(std::size_t count) {
  const Deadline deadline = Deadline::after(kPatience);
  std::string letters;
  char letter = 0;
  while (letters.size() < count) {
    const auto ready = wait_readable(pipe_.get(), deadline);
    if (!ready || !*ready || ::read(pipe_.get(), &letter, 1) != 1) break;
    letters += letter;
  }
  std::ranges::sort(letters);
  return letters;
}

void Victim::watch(std::chrono::microseconds time) {
  const Deadline deadline = Deadline::after(time);
  char letter = 0;
  for (;;) {
    const auto ready = wait_readable(pipe_.get(), deadline);
    if (!ready || !*ready || ::read(pipe_.get(), &letter, 1) != 1) return;
  }
}

// One more zombie, if need be waited for. False when there is no child, or after the patience.
bool Victim::reap_one(std::chrono::seconds patience) {
  const timespec limit{patience.count(), 0};
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG | __WALL);
    if (pid > 0) return statuses_[pid] = status, true;
    if (pid < 0 || patience == 0s) return false;
    // SIGCHLD is blocked: one that came since is pending.
    if (::sigtimedwait(&children, nullptr, &limit) < 0 && errno == EAGAIN) return false;
  }
}

int Victim::wait_supervisor() {
  while (!statuses_.contains(supervisor_)) {
    if (reap_one(kPatience)) continue;
    ADD_FAILURE() << "the supervisor does not end";
    return -1;
  }
  return statuses_[supervisor_];
}

int Victim::wait_stopped() {
  const timespec patience{kPatience.count(), 0};
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  int status = 0;
  for (;;) {
    const pid_t pid = ::waitpid(supervisor_, &status, WNOHANG | WUNTRACED);
    if (pid == supervisor_ && WIFSTOPPED(status)) return WSTOPSIG(status);
    if (pid == supervisor_) statuses_[pid] = status;
    if (pid != 0 || (::sigtimedwait(&children, nullptr, &patience) < 0 && errno == EAGAIN)) break;
  }
  ADD_FAILURE() << "the supervisor does not stop";
  return -1;
}

bool Victim::pipe_ended() {
  const Deadline deadline = Deadline::after(0s);
  char letter = 0;
  for (;;) {
    const auto ready = wait_readable(pipe_.get(), deadline);
    if (!ready || !*ready) return false;
    if (::read(pipe_.get(), &letter, 1) != 1) return true;
  }
}

testing::AssertionResult Victim::all_gone(std::chrono::seconds patience) {
  while (reap_one(patience)) {
  }
  return all_gone_already();
}

testing::AssertionResult Victim::all_gone_already() {
  while (reap_one(0s)) {
  }
  if (has_children()) return testing::AssertionFailure() << children_of(::getpid()).size() << " children are left";
  const auto tagged = processes_with(tag_);
  if (!tagged.empty()) return testing::AssertionFailure() << tagged.size() << " processes carry the tag of this run";
  if (!pipe_ended()) return testing::AssertionFailure() << "somebody holds the pipe";
  return testing::AssertionSuccess() << "no process is left";
}

}  // namespace netrig::teardown
