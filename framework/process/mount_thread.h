// Private to the module: work on a thread of its own, whose namespaces end with it.
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>

#include <functional>

namespace netrig::process {

/// Runs `work` on a new thread, all signals blocked, and waits for its end. What it throws is thrown here. Errors: the
/// thread was refused; else what `work` returns.
Result<void> run_on_own_thread(const std::function<Result<void>()>& work);

/// Runs `work` on a new thread, all signals blocked, in the mount namespace behind `mounts`. `work` gets the directory
/// /proc/thread-self/ns of its thread, opened before: inside, /proc may belong to a pid namespace that has no such
/// thread. Errors: the thread or setns(2) was refused; else what `work` returns.
Result<void> run_in_mounts(int mounts, const std::function<Result<void>(int own_namespaces)>& work);

}  // namespace netrig::process
