// From a failed step to what the user can do about it. Private to the module.
#pragma once

#include <netrig/sandbox/host_facts.h>
#include <netrig/sandbox/step.h>

#include <string>

namespace netrig::sandbox {

/// Both may be empty: then nobody knows better than the errno.
struct Explanation {
  std::string cause;
  std::string remedy;

  friend bool operator==(const Explanation&, const Explanation&) = default;
};

/// The likely cause of `failure` on a host of these `facts`, and what allows it.
Explanation explain(const Failure& failure, const HostFacts& facts);

/// `EPERM (Operation not permitted)`, or where a signal killed the process that took the step: `the sandbox's init was
/// killed by signal 31 (SIGSYS)`; where it ended by itself: `the sandbox's init ended without a word`.
std::string describe_end(int error, int signal);

/// In one line: `no sandbox: mount a fresh /proc: EPERM (Operation not permitted): CAUSE; remedy: REMEDY [netrig
/// doctor: ID]`.
std::string tell(const Failure& failure, const Explanation& explanation);

}  // namespace netrig::sandbox
