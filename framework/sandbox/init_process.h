// Cloning the init and talking to it, from outside. Private to the module.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/sandbox/init.h>

namespace netrig::sandbox {

/// A cloned init. It is a child of the thread that cloned it, and dies with that thread.
struct InitProcess {
  pid_t pid = -1;
  UniqueFd channel;  ///< Reports come here
  int error = 0;     ///< errno: there is no init
  Step step = Step::prepare;
};

/// Clones the init with `plan`, whose channel and pidfd it fills in, and writes its id maps. Signals must be blocked.
/// ENOSPC, which passes while the kernel reaps older namespaces, is tried again: see NamespacePatience. For two seconds
/// where as many as may be are seen in use, else for twenty; not at all where the limit is zero.
InitProcess start_init(InitPlan& plan);

/// Waits until the init, and with it all of its pid namespace, is gone: its wait status, or 0 where none can be had.
int wait_for_init(pid_t init) noexcept;

/// The failure of a process that ended with the wait status `status` without having said why, at the step `last`.
Failure silent_end(Step last, int status) noexcept;

}  // namespace netrig::sandbox
