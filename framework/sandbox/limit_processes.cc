#include <netrig/sandbox/limit_processes.h>
#include <netrig/sandbox/raw.h>

#include <algorithm>
#include <sys/resource.h>

namespace netrig::sandbox {
namespace {

// The greatest process number is one less than pid_max, and the least is 1.
bool set_pid_max(std::uint32_t most) noexcept {
  char digits[10];
  char* at = digits + sizeof digits;
  std::uint32_t left = most + 1;
  do {
    *--at = static_cast<char>('0' + left % 10);
    left /= 10;
  } while (left != 0);
  return raw::write_file("/proc/sys/kernel/pid_max", at, static_cast<std::size_t>(digits + sizeof digits - at)) == 0;
}

// What the caller may have less of already stays. 0 or what holds.
std::uint32_t set_user_limit(std::uint32_t most) noexcept {
  rlimit limit{};
  if (raw::call(SYS_prlimit64, 0, RLIMIT_NPROC, nullptr, &limit) != 0) return 0;
  limit.rlim_max = std::min<rlim_t>(limit.rlim_max, most);
  limit.rlim_cur = std::min(limit.rlim_cur, limit.rlim_max);
  if (raw::call(SYS_prlimit64, 0, RLIMIT_NPROC, &limit, nullptr) != 0) return 0;
  return static_cast<std::uint32_t>(limit.rlim_cur);
}

}  // namespace

ProcessLimit limit_processes(const ProcessLimitPlan& plan) noexcept {
  if (plan.pid_max_is_own && set_pid_max(plan.most)) return {ProcessLimit::Source::pid_namespace, plan.most};
  const std::uint32_t most = plan.user_limit_holds ? set_user_limit(plan.most) : 0;
  if (most == 0) return {};
  return {ProcessLimit::Source::user_limit, most};
}

}  // namespace netrig::sandbox
