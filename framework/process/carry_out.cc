// What the child does between fork and exec. Only system calls, made directly where a sanitizer's interceptor would
// take a lock or write to memory that the child may share with its parent.
#include <netrig/process/launch_plan.h>
#include <netrig/sandbox/raw.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/securebits.h>

namespace netrig::process {

namespace {

int result(long returned) noexcept { return returned < 0 ? errno : 0; }

// At once: the kernel lets the parent go on before an exec closes what is marked, and what another thread of the parent
// closes meanwhile (a port, a namespace) is to be gone then. The rest, which is still needed, is marked.
int close_descriptors(const LaunchPlan& plan) noexcept {
  sandbox::raw::close_all_except(plan.kept.data(), plan.kept.size());
  return result(::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC));
}

int enter(int fd, int type) noexcept { return result(::setns(fd, type)); }

// The thread sanitizer starts a thread of its own in the child of a process that has one thread; who shares its root
// and working directory with another thread may not enter a mount namespace, see setns(2).
int enter_mounts(int fd) noexcept { return ::unshare(CLONE_FS) == 0 ? enter(fd, CLONE_NEWNS) : errno; }

// All copies are parked above every target first, so that no dup2 overwrites a source that is still to be used.
int hand_over(LaunchPlan& plan, int& report) noexcept {
  const int above = plan.handovers.back().target + 1;
  const int parked_report = ::fcntl(report, F_DUPFD_CLOEXEC, above);
  if (parked_report < 0) return errno;
  report = parked_report;
  for (auto& handover : plan.handovers) {
    handover.parked = ::fcntl(handover.source, F_DUPFD_CLOEXEC, above);
    if (handover.parked < 0) return errno;
  }
  for (const auto& handover : plan.handovers) {
    if (::dup2(handover.parked, handover.target) < 0) return errno;
  }
  return 0;
}

int change_directory(const LaunchPlan& plan) noexcept {
  if (::chdir(plan.directory.c_str()) == 0) return 0;
  return plan.directory_is_wish ? result(::chdir("/")) : errno;
}

constexpr std::uint64_t bit(int capability) noexcept { return std::uint64_t{1} << capability; }
constexpr std::uint64_t kNetwork = bit(CAP_NET_ADMIN) | bit(CAP_NET_RAW) | bit(CAP_NET_BIND_SERVICE);

// Root that executes a program gets what the bounding set leaves, or nothing at all (SECBIT_NOROOT).
int limit_root(std::uint64_t kept, int last_capability) noexcept {
  constexpr unsigned long kNoRoot =
      SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (kept == 0 && ::prctl(PR_SET_SECUREBITS, kNoRoot, 0, 0, 0) != 0) return errno;
  for (int capability = 0; capability <= last_capability; ++capability) {
    if ((kept & bit(capability)) == 0 && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return errno;
  }
  return result(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
}

// For good: nothing that is executed later gives them back, nor does a set-user-id file give any.
int drop_capabilities(const LaunchPlan& plan) noexcept {
  if (plan.capabilities == Capabilities::all) return 0;
  const std::uint64_t kept = plan.capabilities == Capabilities::network ? kNetwork : 0;
  if (const int code = limit_root(kept, plan.last_capability)) return code;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const auto low = static_cast<std::uint32_t>(kept);
  const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{
      {{.effective = low, .permitted = low, .inheritable = 0}, {}}};
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return errno;
  return result(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

// Both structures are the kernel's, where 0 means the default action and no blocked signal. SIGKILL and SIGSTOP refuse.
int reset_signals() noexcept {
  constexpr std::size_t kMaskSize = 8;
  struct {
    void* handler = nullptr;
    unsigned long flags = 0;
    void* restorer = nullptr;
    unsigned long mask = 0;
  } const standard;
  for (int number = 1; number <= 64; ++number) ::syscall(SYS_rt_sigaction, number, &standard, nullptr, kMaskSize);
  return result(::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &standard.mask, nullptr, kMaskSize));
}

// The first that can be executed. One that is there and may not be is remembered; a directory of PATH that may not be
// searched holds nothing for us.
int execute(LaunchPlan& plan, const char* const* argv) noexcept {
  const bool only_one = plan.candidates.size() == 1;
  int code = ENOENT;
  for (std::size_t i = 0; plan.candidate_pointers[i] != nullptr; ++i) {
    const char* path = plan.candidate_pointers[i];
    ::execve(path, const_cast<char* const*>(argv), const_cast<char* const*>(plan.environment_pointers.data()));
    const int refused = errno;
    const bool elsewhere = refused == ENOENT || refused == ENOTDIR || (refused == EACCES && ::access(path, F_OK) != 0);
    if (elsewhere && !only_one) continue;
    if (code == ENOENT) plan.report.candidate = i;
    code = refused;
    if (code != EACCES) break;
  }
  return code;
}

int take(LaunchStep step, LaunchPlan& plan, const char* const* argv, int& report) noexcept {
  switch (step) {
    case LaunchStep::none:
      return 0;
    case LaunchStep::close_descriptors:
      return close_descriptors(plan);
    case LaunchStep::enter_mounts:
      return enter_mounts(plan.mounts);
    case LaunchStep::enter_network:
      return enter(plan.network, CLONE_NEWNET);
    case LaunchStep::enter_host_name:
      return enter(plan.host_name, CLONE_NEWUTS);
    case LaunchStep::start_session:
      return result(::syscall(SYS_setsid));
    case LaunchStep::hand_over:
      return hand_over(plan, report);
    case LaunchStep::change_directory:
      return change_directory(plan);
    case LaunchStep::drop_capabilities:
      return drop_capabilities(plan);
    case LaunchStep::reset_signals:
      return reset_signals();
    case LaunchStep::lower_file_limit:
      return plan.file_limit ? result(::setrlimit(RLIMIT_NOFILE, &*plan.file_limit)) : 0;
    case LaunchStep::execute:
      return execute(plan, argv);
  }
  return EINVAL;
}

void tell(int report, const LaunchReport& text) noexcept {
  // Less than PIPE_BUF into an empty pipe: whole or not at all, and not at all only when the parent is gone.
  [[maybe_unused]] const auto written = ::syscall(SYS_write, report, &text, sizeof text);
}

}  // namespace

void carry_out(LaunchPlan& plan, const char* const* argv, int report) noexcept {
  plan.report.pid_in_lab = static_cast<pid_t>(::syscall(SYS_getpid));
  tell(report, plan.report);
  for (int step = 0; step <= static_cast<int>(LaunchStep::execute); ++step) {
    const int code = take(static_cast<LaunchStep>(step), plan, argv, report);
    if (code == 0) continue;
    plan.report.failed = static_cast<LaunchStep>(step);
    plan.report.code = code;
    tell(report, plan.report);
    return;
  }
}

}  // namespace netrig::process
