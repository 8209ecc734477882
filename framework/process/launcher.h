// Private to the module: the launch itself.
#pragma once

#include <netrig/base/result.h>
#include <netrig/process/child.h>
#include <netrig/process/command.h>
#include <netrig/process/node_space.h>
#include <netrig/sandbox/program_space.h>

namespace netrig::process {

/// Starts `command` in `node`, as a process of `space`'s pid namespace and a child of this process, which must reap it.
/// Its input, when `command` gives one, and its output are pipes. Errors name command and node; nothing is left then.
Result<Launched> launch(const sandbox::ProgramSpace& space, const NodeSpace& node, const Command& command);

}  // namespace netrig::process
