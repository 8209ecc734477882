#include <netrig/sandbox/limit_processes.h>
#include <netrig/sandbox/state.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sys/utsname.h>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

std::optional<unsigned> take_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// The host's root is uid 0 all the way out. The root of a container that maps it to another user is not.
bool is_hosts_root() {
  unsigned long inside = 1;
  unsigned long outside = 1;
  std::ifstream{"/proc/self/uid_map"} >> inside >> outside;
  return ::geteuid() == 0 && inside == 0 && outside == 0;
}

}  // namespace

std::optional<std::uint32_t> parse_process_limit(std::string_view text) {
  const auto number = take_number(text);
  if (!number || !text.empty() || *number < kLeastProcessLimit || *number > kGreatestProcessLimit) return std::nullopt;
  return number;
}

bool has_own_pid_max(std::string_view release) {
  const auto major = take_number(release);
  if (!major || !release.starts_with('.')) return false;
  release.remove_prefix(1);
  const auto minor = take_number(release);
  return minor && (*major > 6 || (*major == 6 && *minor >= 14));
}

ProcessLimitPlan plan_process_limit(std::uint32_t most, bool in_pid_namespace) {
  utsname kernel{};
  const bool own = in_pid_namespace && ::uname(&kernel) == 0 && has_own_pid_max(kernel.release);
  return {most, own, !is_hosts_root()};
}

ProcessLimit process_limit() noexcept { return state().marker.processes; }

ProcessLimit expected_process_limit() {
  const char* text = std::getenv(kProcessLimitVariable);
  const std::uint32_t most = parse_process_limit(text != nullptr ? text : "").value_or(kDefaultProcessLimit);
  const ProcessLimitPlan plan = plan_process_limit(most, true);
  if (plan.pid_max_is_own) return {ProcessLimit::Source::pid_namespace, most};
  if (plan.user_limit_holds) return {ProcessLimit::Source::user_limit, most};
  return {};
}

std::string describe(const ProcessLimit& limit) {
  const auto most = "at most " + std::to_string(limit.most) + " processes and threads ";
  switch (limit.source) {
    case ProcessLimit::Source::pid_namespace:
      return most + "(kernel.pid_max of its pid namespace)";
    case ProcessLimit::Source::user_limit:
      return most + "of each user (ulimit -u)";
    case ProcessLimit::Source::none:
      break;
  }
  return "no process limit but the host's";
}

}  // namespace netrig::sandbox
