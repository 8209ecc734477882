#include <netrig/base/deadline.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/unique_fd.h>
#include <netrig/bench/reaping.h>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <thread>
#include <unistd.h>

namespace netrig::bench {

namespace {

constexpr const char* kLimit = "/proc/sys/user/max_net_namespaces";
constexpr std::chrono::seconds kReapingPatience{30};
constexpr int kMostStanding = 1000;

int standing = 0;

Result<void> set_limit(const std::string& value) {
  const UniqueFd file{open(kLimit, O_WRONLY | O_CLOEXEC)};
  if (!file || write(file.get(), value.data(), value.size()) < 0) {
    return fail(Error::from_errno("write " + value, kLimit, errno));
  }
  return {};
}

Result<std::string> limit() {
  const UniqueFd file{open(kLimit, O_RDONLY | O_CLOEXEC)};
  std::string text(32, '\0');
  const auto size = file ? read(file.get(), text.data(), text.size()) : -1;
  if (size < 0) return fail(Error::from_errno("read", kLimit, errno));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// 0, or why no namespace can be made now. On a thread, so that it goes with the thread.
int try_one() {
  int code = 0;
  std::thread{[&] { code = unshare(CLONE_NEWNET) == 0 ? 0 : errno; }}.join();
  return code;
}

Result<bool> fits(int namespaces) {
  NETRIG_TRY(set_limit(std::to_string(namespaces)));
  const int code = try_one();
  if (code != 0 && code != ENOSPC) return fail(Error::from_errno("make a network namespace", {}, code));
  return code == 0;
}

}  // namespace

Result<void> count_standing_namespaces() {
  const auto before = NETRIG_TRY(limit());
  const ScopeExit restore{[&] { static_cast<void>(set_limit(before)); }};
  for (int namespaces = 1; namespaces <= kMostStanding; ++namespaces) {
    if (!NETRIG_TRY(fits(namespaces))) continue;
    standing = namespaces - 1;
    return {};
  }
  return fail(Error::invalid("count network namespaces", {}, "more than a fresh sandbox has"));
}

Result<void> wait_until_reaped() {
  const auto before = NETRIG_TRY(limit());
  const ScopeExit restore{[&] { static_cast<void>(set_limit(before)); }};
  for (const auto deadline = Deadline::after(kReapingPatience); !NETRIG_TRY(fits(standing + 1));) {
    if (deadline.passed()) return fail(Error::from_errno("wait for the removal of namespaces", {}, ETIMEDOUT));
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return {};
}

}  // namespace netrig::bench
