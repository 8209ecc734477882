#include <netrig/sandbox/patience.h>
#include <netrig/sandbox/raw.h>

#include <sched.h>
#include <sys/wait.h>
#include <utility>

namespace netrig::sandbox {
namespace {

// Out here not all that is in use shows: other users' namespaces and those of other pid namespaces count too where the
// limit is theirs. So where fewer are seen than may be, it is not told for certain that the kernel is behind, and the
// patience that has no limit to go by has to do.
constexpr NamespacePatienceSpans kSpans{.reaping = NamespacePatienceSpans{}.outer};
// A user namespace by itself is refused: as a rule because this one is the 32nd, each within the last
// (user_namespaces(7)), which never passes.
constexpr NamespacePatienceSpans kTooDeep{.reaping = NamespacePatienceSpans{}.in_use,
                                          .outer = NamespacePatienceSpans{}.in_use};

bool refuses_user_namespaces() {
  const pid_t pid = raw::clone_process(CLONE_NEWUSER, SIGCHLD, nullptr);
  if (pid == 0) raw::call(SYS_exit_group, 0);
  if (pid > 0) ::waitpid(pid, nullptr, __WALL);
  return pid < 0;
}

}  // namespace

NamespacePatience patience_of_outside(std::vector<std::string> kinds) {
  return NamespacePatience{std::move(kinds), refuses_user_namespaces() ? kTooDeep : kSpans};
}

}  // namespace netrig::sandbox
