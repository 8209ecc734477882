#include <netrig/base/limits.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/signal_mask.h>
#include <netrig/netns/inside.h>

#include <cerrno>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <thread>

namespace netrig::netns::detail {

namespace {

std::string name_of(int fd) {
  struct stat seen{};
  if (fstat(fd, &seen) != 0) return "of fd " + std::to_string(fd);
  return "net:[" + std::to_string(seen.st_ino) + "]";
}

Error cannot_enter(int fd, int code) {
  return Error::from_errno("enter network namespace " + name_of(fd), {}, code,
                           code == EPERM ? "that needs CAP_SYS_ADMIN over it: a namespace of another user's, or made "
                                           "outside the sandbox, cannot be entered"
                                         : "");
}

// No handler of the program's may run in the thread. The caller, who waits for it, hears signals as before.
template <class Work>
std::jthread start_without_signals(const Work& work) {
  const SignalMask quiet;
  return std::jthread{work};
}

}  // namespace

Result<void> run_on_thread(std::optional<int> fd, const std::function<void()>& body) {
  int refused = 0;
  const auto work = [&] {
    if (fd && setns(*fd, CLONE_NEWNET) != 0) {
      refused = errno;
    } else {
      body();
    }
  };
  try {
    start_without_signals(work).join();
  } catch (const std::system_error& error) {
    return fail(Error::from_errno("start a thread for a network namespace", {}, error.code().value(),
                                  describe_process_limits()));
  }
  if (refused != 0) return fail(cannot_enter(*fd, refused));
  return {};
}

}  // namespace netrig::netns::detail
