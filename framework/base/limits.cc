#include <netrig/base/limits.h>

#include <cstdlib>
#include <fstream>
#include <sys/resource.h>

namespace netrig {
inline namespace base {

namespace {

std::optional<std::string> first_line(const std::string& path) {
  std::string line;
  if (!std::getline(std::ifstream{path}, line)) return std::nullopt;
  return line;
}

std::string count_of(rlim_t limit) { return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit); }

/// The limit of the control group that the process is in (cgroup(7), version 2), where that can be seen.
std::optional<std::string> control_group_limit() {
  const auto group = first_line("/proc/self/cgroup");
  if (!group || !group->starts_with("0::/")) return std::nullopt;
  return first_line("/sys/fs/cgroup" + group->substr(3) + "/pids.max");
}

}  // namespace

std::string describe_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto now = "all of the " + count_of(limit.rlim_cur) + " files that this process may have open are; ";
  if (limit.rlim_cur < limit.rlim_max) return now + "raise that with `ulimit -n " + count_of(limit.rlim_max) + '`';
  return now + "only root can raise that (`ulimit -Hn`, or LimitNOFILE= of the service): use fewer at a time";
}

std::optional<std::uint64_t> namespace_limit(std::string_view kind) {
  std::ifstream file{"/proc/sys/user/max_" + std::string{kind} + "_namespaces"};
  std::uint64_t limit = 0;
  if (!(file >> limit)) return std::nullopt;
  return limit;
}

std::string describe_namespace_limit(std::string_view kind) {
  const auto name = "user.max_" + std::string{kind} + "_namespaces";
  const auto limit = namespace_limit(kind);
  return name + " is " + (limit ? std::to_string(*limit) : "unreadable") +
         " in this user namespace, and an outer one may allow less; raise it on the host with `sudo sysctl -w " + name +
         "=100000`, or use fewer namespaces at a time";
}

std::string describe_process_limits() {
  rlimit limit{};
  getrlimit(RLIMIT_NPROC, &limit);
  std::string text = "no more processes or threads may be started: `ulimit -u` is " + count_of(limit.rlim_cur);
  if (const char* most = std::getenv("NETRIG_PROCESS_LIMIT")) {
    text += std::string{", the sandbox's own limit "} + most + " (start with a greater NETRIG_PROCESS_LIMIT)";
  }
  getrlimit(RLIMIT_AS, &limit);
  if (limit.rlim_cur != RLIM_INFINITY) {
    text +=
        ", `ulimit -v` (address space, which a thread's stack takes) " + std::to_string(limit.rlim_cur / 1024) + " KiB";
  }
  if (const auto most = first_line("/proc/sys/kernel/pid_max")) text += ", kernel.pid_max " + *most;
  if (const auto most = first_line("/proc/sys/kernel/threads-max")) text += ", kernel.threads-max " + *most;
  if (const auto most = control_group_limit()) text += ", pids.max of the control group " + *most;
  return text + "; raise the one that is reached, or run fewer at a time";
}

}  // namespace base
}  // namespace netrig
