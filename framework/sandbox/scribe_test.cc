#include <netrig/sandbox/quiet_signals.h>
#include <netrig/sandbox/scribe.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

// The exit status of a child that does `act`: 0 when no child of its own was left, running or dead.
int children_left_by(const std::function<void(const IdPlan& ids)>& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    const QuietSignals quiet;
    IdPlan ids = plan_ids();
    ids.wanted = IdRange::full;
    act(ids);
    ::_exit(::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD ? 0 : 1);
  }
  int status = -1;
  if (child > 0) ::waitpid(child, &status, 0);
  return status;
}

TEST(Scribe, ThatIsNotAskedToWriteLeavesNoChild) {
  EXPECT_EQ(children_left_by([](const IdPlan& ids) { const Scribe scribe{ids}; }), 0);
}

TEST(Scribe, ThatWasAskedToWriteLeavesNoChild) {
  EXPECT_EQ(children_left_by([](const IdPlan& ids) {
              Scribe scribe{ids};
              const MapsWritten written = scribe.write();
              // The maps of a user namespace are written once, and this one has them.
              if (written.ids != static_cast<std::uint8_t>(IdRange::full_refused)) ::_exit(2);
            }),
            0);
}

}  // namespace
}  // namespace netrig::sandbox
