// A nested pid namespace for one lab's programs: killing its init ends all of them, daemons that forked twice too.
//
//   ProgramSpace space = NETRIG_TRY(ProgramSpace::start());
//   // per program: setns(space.pid_namespace(), CLONE_NEWPID) before the fork, setns(space.mount_namespace(),
//   CLONE_NEWNS) after space.kill();                              // then reap your own children in it, then:
//   NETRIG_TRY(space.wait(Deadline::after(10s)));
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/sandbox/holders.h>

#include <sys/types.h>
#include <vector>

namespace netrig::sandbox {

/// A pid namespace with its own init, below the sandbox's, and the mount namespace of that init: /proc shows that pid
/// namespace, /run is an empty tmpfs, and /run/netns is a mount shared by all mount namespaces made from this one, so
/// that the lab's programs see each other's `ip netns` names and nobody else does.
///
/// Its init has a network and a host name of its own, in which nothing is.
///
/// It ends with kill(), with the last copy of this object's process that holds it, and with the process that started
/// it.
class ProgramSpace {
 public:
  /// Makes one. Any thread may call, several at once, and a process that the test program forked may too.
  /// Errors: not inside a sandbox; what clone(2) or a mount refused. ENOSPC is tried again while the kernel reaps older
  /// namespaces, see base/living_namespaces.h.
  static Result<ProgramSpace> start();

  ProgramSpace(ProgramSpace&&) noexcept = default;
  ProgramSpace& operator=(ProgramSpace&& other) noexcept;
  /// Kills, in the process that started it (never in a forked copy), and does not wait.
  ~ProgramSpace();

  /// The init's pid as the starting process sees it.
  [[nodiscard]] pid_t init_pid() const { return init_pid_; }
  /// For setns(2) with CLONE_NEWPID: the calling thread's later children start in this pid namespace.
  [[nodiscard]] int pid_namespace() const { return pid_namespace_.get(); }
  /// For setns(2) with CLONE_NEWNS; derive a program's own mount namespace from it by unshare(2).
  [[nodiscard]] int mount_namespace() const { return mount_namespace_.get(); }

  /// SIGKILL to the init: every process of the space dies. Does not wait. Harmless when it is gone already.
  void kill() noexcept;
  /// Waits until the init, and with it every process of the space, is gone. The kernel lets the init go only when the
  /// processes that were put into the space from outside are reaped: reap your own children in it first.
  Result<void> wait(Deadline deadline);
  /// Who keeps it from ending though it was killed, as far as can be seen: see delayers_of(). A child of the caller's
  /// that it has not reaped is not told.
  [[nodiscard]] std::vector<Holder> delayers() const;

 private:
  ProgramSpace() = default;

  UniqueFd lease_;  ///< the init watches the other end: it leaves when nobody holds this one
  UniqueFd init_;   ///< pidfd
  UniqueFd pid_namespace_;
  UniqueFd mount_namespace_;
  pid_t init_pid_ = -1;
  pid_t owner_ = -1;    ///< the process that started it
  bool reaps_ = false;  ///< the init is a child of the owner
};

}  // namespace netrig::sandbox
