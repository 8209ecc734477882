#include <netrig/base/error.h>
#include <netrig/base/signal_name.h>
#include <netrig/base/unique_fd.h>
#include <netrig/doctor/host.h>
#include <netrig/netlink/neighbour_table.h>
#include <netrig/netlink/socket.h>
#include <netrig/sandbox/process_limit.h>

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <memory>
#include <optional>
#include <sched.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>

namespace netrig::doctor {
namespace {

std::string first_line_of(const std::string& path) {
  std::string line;
  std::getline(std::ifstream{path}, line);
  return line;
}

// The value after `key` in a file of `key: value` lines.
std::string value_in(const std::string& path, std::string_view key) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const auto start = line.find_first_not_of(": \t", key.size());
    return start == std::string::npos ? "" : line.substr(start);
  }
  return {};
}

Finding check_kernel() {
  utsname name{};
  ::uname(&name);
  int major = 0, minor = 0;
  char dot = 0;
  std::istringstream{name.release} >> major >> dot >> minor;
  const bool recent = major > 5 || (major == 5 && minor >= 10);
  return recent ? found("kernel", name.release) : lacks("kernel", name.release);
}

bool grants_ids(const std::string& file) {
  const char* name = std::getenv("USER");
  const auto number = std::to_string(::getuid());
  std::ifstream lines{file};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(number + ":") || (name != nullptr && line.starts_with(std::string{name} + ":"))) return true;
  }
  return false;
}

Finding check_subordinate_ids() {
  if (::geteuid() == 0) return found("subordinate-ids", "root has every id");
  const bool granted = grants_ids("/etc/subuid") && grants_ids("/etc/subgid");
  if (!granted) return lacks("subordinate-ids", "no line for this user in /etc/subuid and /etc/subgid");
  return found("subordinate-ids", "/etc/subuid and /etc/subgid grant some");
}

Finding check_new_privileges() {
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return found("new-privileges", "no_new_privs is off");
  return lacks("new-privileges", "no_new_privs is on: set-user-id programs gain nothing");
}

// A child asks to be traced by this process: a filter may kill who makes the call. Its wait status, where an exit
// status is 0 or an errno value; nothing where there is no child.
std::optional<int> try_to_trace() {
  const pid_t child = ::fork();
  if (child < 0) return std::nullopt;
  if (child == 0) {
    const rlimit no_core_file{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core_file);
    ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : errno);
  }
  int status = 0;
  pid_t ended = -1;
  while ((ended = ::waitpid(child, &status, __WALL)) < 0 && errno == EINTR) {
  }
  if (ended != child) return std::nullopt;
  return status;
}

// The setting says why, the try whether: a filter of system calls or a container's capabilities refuse it too.
Finding check_ptrace() {
  const auto scope = first_line_of("/proc/sys/kernel/yama/ptrace_scope");
  const auto yama = scope.empty() ? "no Yama" : "kernel.yama.ptrace_scope is " + scope;
  const auto status = try_to_trace();
  if (!status) return unknown("ptrace", "no child process could be made to trace");
  if (*status == 0) return found("ptrace", "a child is traced; " + yama);
  const auto end = WIFSIGNALED(*status) ? "it was killed by " + describe_signal(WTERMSIG(*status))
                                        : describe_errno(WEXITSTATUS(*status));
  const bool filtered = value_in("/proc/self/status", "Seccomp") == "2";
  return lacks("ptrace",
               fmt::format("trace a child: {}; {}{}", end, yama, filtered ? "; a seccomp filter may forbid it" : ""));
}

// What a program prints on its first line; empty where it does not run.
std::string first_line_from(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> output{::popen((command + " 2>/dev/null").c_str(), "re"),
                                                               ::pclose};
  std::string line;
  for (int c = 0; output && (c = std::fgetc(output.get())) != EOF && c != '\n';) line += static_cast<char>(c);
  return line;
}

// The compiler prints the path of a library that it has, and else the name alone.
Finding check_address_sanitizer() {
  utsname machine{};
  ::uname(&machine);
  for (const auto& name : {std::string{"libasan.so"}, fmt::format("libclang_rt.asan-{}.a", machine.machine),
                           std::string{"libclang_rt.asan.a"}}) {
    const auto path = first_line_from("c++ -print-file-name=" + name);
    if (path.empty()) return lacks("address-sanitizer", "no c++ in PATH");
    if (path.starts_with('/') && ::access(path.c_str(), R_OK) == 0) return found("address-sanitizer", path);
  }
  return lacks("address-sanitizer", "c++ has no library for -fsanitize=address");
}

Finding check_core_file() {
  const auto pattern = first_line_of("/proc/sys/kernel/core_pattern");
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  const bool here = !pattern.starts_with('|') && !pattern.starts_with('/') && limit.rlim_max > 0;
  const auto evidence =
      fmt::format("kernel.core_pattern is {}{}", pattern, limit.rlim_max == 0 ? ", ulimit -Hc is 0" : "");
  return here ? found("core-file", evidence) : lacks("core-file", evidence);
}

std::string number_of(rlim_t limit) { return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit); }

Finding check_limit(std::string_view id, __rlimit_resource resource, const char* flag, rlim_t enough) {
  rlimit limit{};
  ::getrlimit(resource, &limit);
  const auto evidence =
      fmt::format("ulimit -S{0} is {1}, -H{0} is {2}", flag, number_of(limit.rlim_cur), number_of(limit.rlim_max));
  return limit.rlim_cur >= enough ? found(id, evidence) : lacks(id, evidence);
}

Finding check_processes() {
  auto finding = check_limit("limit-processes", RLIMIT_NPROC, "u", 1000);
  finding.evidence += "; a sandbox: " + sandbox::describe(sandbox::expected_process_limit());
  return finding;
}
Finding check_descriptors() { return check_limit("limit-descriptors", RLIMIT_NOFILE, "n", 4096); }

Finding check_namespaces() {
  std::string evidence;
  bool enough = true;
  for (const char* kind : {"user", "net", "pid", "mnt", "ipc", "uts"}) {
    const auto value = first_line_of(fmt::format("/proc/sys/user/max_{}_namespaces", kind));
    enough = enough && std::atol(value.c_str()) >= 1000;
    evidence += fmt::format("{}{} {}", evidence.empty() ? "user.max_*_namespaces: " : ", ", kind, value);
  }
  return enough ? found("limit-namespaces", evidence) : lacks("limit-namespaces", evidence);
}

// An entry stays for five seconds at least: room for 800 new ones a second, those of a hundred tests with eight each.
constexpr std::uint32_t kEnoughNeighbours = 4096;

Finding check_neighbours() {
  auto socket = netlink::Socket::open({}, netlink::Access::read_only);
  if (!socket) return unknown("limit-neighbours", socket.error().message());
  const auto tables = netlink::dump_neighbour_tables(*socket);
  if (!tables) return unknown("limit-neighbours", tables.error().message());
  std::string evidence;
  bool enough = true;
  for (const auto& table : *tables) {
    enough = enough && table.limit >= kEnoughNeighbours;
    evidence += fmt::format("{}{} holds {} of {}, was full {} times", evidence.empty() ? "" : "; ", table.name,
                            table.entries, table.limit, table.full);
  }
  return enough ? found("limit-neighbours", evidence) : lacks("limit-neighbours", evidence);
}

// Whoever has the capabilities of a user namespace may set its limits: tried in a child, which is then in one.
Finding check_user_limits() {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool made = ::unshare(CLONE_NEWUSER) == 0;
    const UniqueFd limit{made ? ::open("/proc/sys/user/max_net_namespaces", O_WRONLY | O_CLOEXEC) : -1};
    ::_exit(limit ? 0 : errno);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child < 0 || !WIFEXITED(status)) return unknown("user-limits", "no child process could try");
  const int error = WEXITSTATUS(status);
  if (error == 0) return found("user-limits", "those of a new user namespace can be set");
  return lacks("user-limits", "open user.max_net_namespaces in a new user namespace: " + describe_errno(error));
}

Finding check_socket_buffer() {
  const auto largest = first_line_of("/proc/sys/net/core/wmem_max");
  const auto evidence = "net.core.wmem_max is " + largest;
  if (largest.empty()) return unknown("socket-buffer", "net.core.wmem_max cannot be read");
  return std::atol(largest.c_str()) >= 2'000'000 ? found("socket-buffer", evidence) : lacks("socket-buffer", evidence);
}

Finding check_keyrings() {
  if (::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1) >= 0) return found("keyrings");
  return lacks("keyrings", "keyctl: " + describe_errno(errno));
}

Finding check_memory() {
  const auto available = std::atol(value_in("/proc/meminfo", "MemAvailable").c_str()) / 1024;
  const auto evidence = fmt::format("{} MiB available", available);
  return available >= 1024 ? found("memory", evidence) : lacks("memory", evidence);
}

Finding check_clock() {
  const auto source = first_line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  if (source.empty()) return unknown("clock", "the clock source cannot be read");
  const bool fast = source == "tsc" || source == "kvm-clock" || source == "arch_sys_counter" ||
                    source == "hyperv_clocksource_tsc_page";
  return fast ? found("clock", source) : lacks("clock", source + ": each look at it is a system call");
}

// Field 8 of the first line of /proc/stat (proc_stat(5)), since boot.
Finding check_steady_cpu() {
  std::istringstream fields{first_line_of("/proc/stat")};
  std::string name;
  fields >> name;
  double total = 0, steal = 0, value = 0;
  for (int field = 1; fields >> value; ++field) {
    if (field <= 8) total += value;
    if (field == 8) steal = value;
  }
  if (total == 0) return unknown("steady-cpu", "/proc/stat cannot be read");
  const auto share = 100 * steal / total;
  const auto evidence = fmt::format("{:.2f}% of the time since boot was stolen", share);
  return share < 1 ? found("steady-cpu", evidence) : lacks("steady-cpu", evidence);
}

Finding check_root() {
  return ::geteuid() == 0 ? found("root", "this is root") : lacks("root", fmt::format("this is user {}", ::geteuid()));
}

constexpr HostCheck kChecks[] = {check_user_limits,      check_socket_buffer,  check_keyrings,   check_kernel,
                                 check_subordinate_ids,  check_new_privileges, check_ptrace,     check_core_file,
                                 check_processes,        check_descriptors,    check_namespaces, check_neighbours,
                                 check_memory,           check_clock,          check_steady_cpu, check_root,
                                 check_address_sanitizer};

}  // namespace

std::span<const HostCheck> host_checks() { return kChecks; }

Finding look_for_tool(std::string_view id, std::string_view program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders{std::string{path != nullptr ? path : "/usr/bin:/bin"} +
                             ":/usr/local/sbin:/usr/sbin:/sbin"};
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto file = fmt::format("{}/{}", folder.empty() ? "." : folder, program);
    if (::access(file.c_str(), X_OK) == 0) return found(id, file);
  }
  return lacks(id, fmt::format("no {} in PATH", program));
}

}  // namespace netrig::doctor
