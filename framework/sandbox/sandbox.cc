#include <netrig/sandbox/arguments.h>
#include <netrig/sandbox/explain.h>
#include <netrig/sandbox/in_place.h>
#include <netrig/sandbox/limit_processes.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/sandbox/state.h>
#include <netrig/sandbox/supervisor.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/prctl.h>

namespace netrig::sandbox {
namespace {

enum class Choice { automatic, whole, in_place };

Choice read_choice() {
  const char* text = std::getenv("NETRIG_SANDBOX");
  const std::string_view value = text != nullptr ? text : "";
  if (value.empty()) return Choice::automatic;
  if (value == "pid") return Choice::whole;
  if (value == "no-pid") return Choice::in_place;
  std::fprintf(stderr, "netrig: NETRIG_SANDBOX=%s: not one of pid, no-pid\n", text);
  std::exit(2);
}

std::uint32_t read_process_limit(const EnterOptions& options) {
  const char* text = std::getenv(kProcessLimitVariable);
  const std::string value = text != nullptr ? text : "";
  const auto limit = parse_process_limit(value.empty() ? std::to_string(options.process_limit) : value);
  if (limit) return *limit;
  std::fprintf(stderr, "netrig: %s: not a number from %u to %u\n",
               value.empty() ? ("EnterOptions::process_limit " + std::to_string(options.process_limit)).c_str()
                             : (std::string{kProcessLimitVariable} + "=" + value).c_str(),
               kLeastProcessLimit, kGreatestProcessLimit);
  std::exit(2);
}

bool is_traced() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("TracerPid:")) return line.find_first_of("123456789") != std::string::npos;
  }
  return false;
}

// ThreadSanitizer's own background thread is no thread of the program's; nothing after the clone depends on it.
#if defined(__SANITIZE_THREAD__)
constexpr int kOwnThreads = 2;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr int kOwnThreads = 2;
#else
constexpr int kOwnThreads = 1;
#endif
#else
constexpr int kOwnThreads = 1;
#endif

void require_single_thread() {
  std::error_code error;
  int threads = 0;
  for (std::filesystem::directory_iterator task{"/proc/self/task", error}, end; !error && task != end;
       task.increment(error)) {
    ++threads;
  }
  if (threads <= kOwnThreads) return;
  std::fprintf(stderr, "netrig: sandbox::enter() was called with %d threads running: call it first in main()\n",
               threads);
  std::abort();
}

bool is_here(const Marker& marker) {
  return marker.pid_namespace == namespace_inode("/proc/self/ns/pid") &&
         marker.net_namespace == namespace_inode("/proc/self/ns/net");
}

// For what runs here: base's errors, and a sandbox made inside of this one.
void publish(const ProcessLimit& limit) {
  if (limit.source == ProcessLimit::Source::none) {
    ::unsetenv(kProcessLimitVariable);
  } else {
    ::setenv(kProcessLimitVariable, std::to_string(limit.most).c_str(), 1);
  }
}

// The program just executed by the init. Its request channel and its marker with it are its own, not its children's.
void settle_in(const Marker& marker) {
  ::fcntl(marker.spaces, F_SETFD, FD_CLOEXEC);
  Marker for_children = marker;
  for_children.spaces = -1;
  char variable[kMarkerSize];
  format_marker(for_children, variable);
  ::setenv(kMarkerName.data(), variable + kMarkerName.size() + 1, 1);
  ::prctl(PR_SET_NAME, program_invocation_short_name);  // else it would show as `exe`, as it was executed
}

bool find_inside() {
  const char* value = std::getenv(kMarkerName.data());  // NOLINT(bugprone-suspicious-stringview-data-usage): a literal
  if (value == nullptr) return false;
  const auto marker = parse_marker(value);
  if (!marker || !is_here(*marker)) return false;
  if (marker->spaces >= 0) settle_in(*marker);
  publish(marker->processes);
  state() = {*marker, ""};
  return true;
}

std::string describe_ids(IdRange ids) {
  switch (ids) {
    case IdRange::single:
      return "single id";
    case IdRange::full:
      return "full id range";
    case IdRange::subordinate:
      return "own id and subordinate ids";
    case IdRange::full_refused:
      return "single id (the full range was refused)";
    case IdRange::helper_refused:
      return "single id (newuidmap or newgidmap failed)";
  }
  return {};
}

}  // namespace

State& state() noexcept {
  static State own{{}, "sandbox::enter() was not called"};
  return own;
}

void enter(int argc, char** argv, const EnterOptions& options) {
  if (find_inside()) return;
  if (options.only_information || asks_for_information({argv + (argc > 0), argv + argc})) {
    state().why_not = "the program was only asked for information";
    return;
  }
  const Choice choice = read_choice();
  const std::uint32_t processes = read_process_limit(options);
  require_single_thread();
  const bool in_place = choice == Choice::in_place || (choice == Choice::automatic && is_traced());
  const Failure failure = in_place ? enter_in_place(processes) : supervise(argv, processes);
  if (failure.error != 0) state().why_not = tell(failure, explain(failure, read_host_facts()));
  if (in_place && failure.error == 0) publish(process_limit());
}

bool inside() noexcept { return mode() != Mode::outside; }

Mode mode() noexcept { return state().marker.mode; }

std::string why_not() { return inside() ? "" : state().why_not; }

std::string describe() {
  const std::string rest = describe_ids(state().marker.ids) + "; " + describe(process_limit());
  switch (mode()) {
    case Mode::outside:
      return {};
    case Mode::pid_namespace:
      return "pid namespace; " + rest;
    case Mode::in_place:
      return "no pid namespace (a debugger's view): the end of stray processes is best effort; " + rest;
  }
  return {};
}

}  // namespace netrig::sandbox
