#include <netrig/base/limits.h>
#include <netrig/base/signal_mask.h>
#include <netrig/process/mount_thread.h>

#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <sched.h>
#include <system_error>
#include <thread>

namespace netrig::process {

namespace {

Result<void> run_here(int mounts, const std::function<Result<void>(int)>& work) {
  const UniqueFd own{::open("/proc/thread-self/ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!own) return fail(Error::from_errno("open /proc/thread-self/ns", "", errno));
  // A thread may enter a mount namespace only when it shares its root and working directory with nobody, see setns(2).
  if (::unshare(CLONE_FS) != 0 || ::setns(mounts, CLONE_NEWNS) != 0) {
    return fail(Error::from_errno("enter the lab's mount namespace", "", errno));
  }
  return work(own.get());
}

// The signals of the program are its own threads'; the caller, who waits, hears them as before.
template <class Work>
std::thread start_without_signals(const Work& work) {
  const SignalMask quiet;  // inherited by the thread
  return std::thread{work};
}

}  // namespace

Result<void> run_on_own_thread(const std::function<Result<void>()>& work) {
  Result<void> outcome;
  std::exception_ptr thrown;
  try {
    start_without_signals([&] {
      try {
        outcome = work();
      } catch (...) {
        thrown = std::current_exception();
      }
    }).join();
  } catch (const std::system_error& error) {
    return fail(Error::from_errno("start a thread", "", error.code().value(), describe_process_limits()));
  }
  if (thrown) std::rethrow_exception(thrown);
  return outcome;
}

Result<void> run_in_mounts(int mounts, const std::function<Result<void>(int)>& work) {
  return run_on_own_thread([&] { return run_here(mounts, work); });
}

}  // namespace netrig::process
