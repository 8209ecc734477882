// What came of a victim that ends by itself.
#pragma once

#include <netrig/suites/teardown/victim.h>

#include <string>

namespace netrig::teardown {

/// How a victim ended and what it printed.
struct Outcome {
  int status = -1;     ///< raw, as wait(2) gives it
  std::string output;  ///< standard output and error
};

/// Runs a victim to its end; the test fails when anything is left of it. A traced one is started by start_traced().
Outcome outcome_of(VictimOptions options);

/// Makes a victim with `traced` run its program, with this process as its debugger. It must have SIGCHLD blocked, so
/// that nothing stops it any more. Where this host forbids ptrace(2) it has ended already, with exit status 92.
void start_traced(Victim& victim);

}  // namespace netrig::teardown
