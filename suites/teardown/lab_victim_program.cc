// Builds labs, uses them and lets them go, for ever: whenever it is killed, a lab is being made, lives, or is going.
//
// At each of these moments it tells a letter, as victim_program.cc does: `B` before it builds, `U` when the lab is up,
// `P` when programs run in it, `E` when it is about to end.
#include <netrig/sandbox/sandbox.h>
#include <netrig/suites/teardown/home.h>
#include <netrig/topology/lab.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace {

using netrig::Lab;
using netrig::teardown::home;

void tell(char letter) {
  static const int pipe_end = std::atoi(std::getenv("NETRIG_VICTIM_PIPE"));
  if (::write(pipe_end, &letter, 1) != 1) std::_Exit(97);
}

void live_once() {
  tell('B');
  const Lab lab{home()};
  tell('U');
  // One that ends with its parent, and a daemon that does not.
  const auto child = lab["inside1"].start({"sleep", "1000"});
  lab["outside"].exec({"sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 &"});
  tell('P');
  std::puts("ready");
  std::fflush(stdout);
  if (lab["inside2"].ping(lab["outside"]).received() == 0) std::_Exit(95);
  tell('E');
}

}  // namespace

int main(int argc, char** argv) {
  netrig::sandbox::enter(argc, argv);
  if (!netrig::sandbox::inside()) {
    std::fprintf(stderr, "victim: %s\n", netrig::sandbox::why_not().c_str());
    return 99;
  }
  try {
    for (;;) live_once();
  } catch (const netrig::SetupError& error) {
    std::fprintf(stderr, "victim: %s\n", error.what());
    return 96;
  }
}
