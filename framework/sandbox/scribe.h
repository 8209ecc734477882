// The child that writes the id maps of a process that makes its user namespace itself. Private to the module.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/sandbox/channel.h>
#include <netrig/sandbox/ids.h>

#include <sys/types.h>

namespace netrig::sandbox {

/// A child of this process that stays outside, to write the maps that take the privileges of outside. No child where
/// `ids` wants none, or none can be had. It is gone and reaped at the end of this, whether it wrote or not. Signals
/// must be blocked, SIGCHLD not ignored.
class Scribe {
 public:
  explicit Scribe(const IdPlan& ids);
  Scribe(const Scribe&) = delete;
  Scribe& operator=(const Scribe&) = delete;
  ~Scribe() { dismiss(); }

  /// After the user namespace was made: the maps as far as they were granted. To be called once.
  MapsWritten write();

 private:
  void dismiss();

  UniqueFd ours_;
  pid_t pid_ = -1;
};

}  // namespace netrig::sandbox
