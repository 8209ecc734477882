#include <netrig/suites/teardown/outcome.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

std::string contents_of(int file) {
  std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(file, 0, SEEK_END), 0)), '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(::pread(file, text.data(), text.size(), 0), 0)));
  return text;
}

}  // namespace

Outcome outcome_of(VictimOptions options) {
  const UniqueFd output{::memfd_create("output", MFD_CLOEXEC)};
  options.output = output.get();
  if (options.traced) {
    options.blocked.push_back(SIGCHLD);
    options.environment.emplace_back("LSAN_OPTIONS=detect_leaks=0");  // it looks for leaks by tracing, and fails here
  }
  Victim victim{options};
  if (options.traced) start_traced(victim);
  Outcome outcome;
  outcome.status = victim.wait_supervisor();
  outcome.output = contents_of(output.get());
  EXPECT_TRUE(victim.all_gone());
  return outcome;
}

void start_traced(Victim& victim) {
  // Before the program is executed, by its own doing, and after, by the kernel's.
  for (const int signal : {SIGSTOP, SIGTRAP}) {
    int status = 0;
    ASSERT_EQ(::waitpid(victim.supervisor(), &status, __WALL), victim.supervisor());
    if (!WIFSTOPPED(status)) return victim.note_status(victim.supervisor(), status);
    EXPECT_EQ(WSTOPSIG(status), signal);
    EXPECT_EQ(::ptrace(PTRACE_CONT, victim.supervisor(), nullptr, nullptr), 0);
  }
}

}  // namespace netrig::teardown
