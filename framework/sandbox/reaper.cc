#include <netrig/sandbox/reaper.h>
#include <netrig/sandbox/space_init.h>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

namespace netrig::sandbox {
namespace {

void tell(const Household& household, Report::Kind kind, int value) noexcept {
  const Report report{kind, Step::program_exec, value};
  send_message(household.reports, &report, sizeof report);
}

void reap(const Household& household) noexcept {
  for (;;) {
    int status = 0;
    const auto pid = raw::call(SYS_wait4, -1, &status, WNOHANG | WUNTRACED | __WALL, nullptr);
    if (pid <= 0) return;
    if (pid != household.program.pid) continue;
    if (WIFSTOPPED(status)) {
      tell(household, Report::stopped, WSTOPSIG(status));
    } else {
      tell(household, Report::ended, status);
      raw::exit_now(0);  // the kernel kills and reaps whatever is left before the supervisor's wait ends
    }
  }
}

}  // namespace

void serve(const Household& household) noexcept {
  const int children = raw::signal_fd(raw::bit_of(SIGCHLD), SFD_CLOEXEC | SFD_NONBLOCK);
  int requests = household.requests;
  for (;;) {
    reap(household);
    pollfd events[] = {{children, POLLIN, 0}, {requests, POLLIN, 0}};
    if (raw::call(SYS_ppoll, events, 2, nullptr, nullptr, 0) < 0) continue;
    signalfd_siginfo signal;
    if (events[0].revents != 0) raw::call(SYS_read, children, &signal, sizeof signal);
    if (events[1].revents != 0 && !serve_request(requests)) requests = -1;  // poll passes over it
  }
}

}  // namespace netrig::sandbox
