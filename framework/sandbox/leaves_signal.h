// Whether a program has something to do with a signal. Private to the module.
#pragma once

#include <sys/types.h>

namespace netrig::sandbox {

/// Whether a `signal` that is sent to the process `pid` as a whole does what it does by default: the process neither
/// ignores nor handles it, and a thread of its does not block it (proc_pid_status(5); the kernel takes whichever thread
/// does not: complete_signal() in kernel/signal.c). A thread that waits in sigwait(3) shows as one that does not block.
/// False when it is gone.
bool leaves_to_the_kernel(pid_t pid, int signal);

}  // namespace netrig::sandbox
