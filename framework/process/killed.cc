// The end of a program that was killed, which a tracer may hold.
#include <netrig/process/child.h>
#include <netrig/sandbox/holders.h>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cerrno>
#include <csignal>
#include <fstream>

namespace netrig::process {

namespace {

// As proc_pid_status(5) has it.
bool is_dead(pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("State:")) return line.contains('Z');
  }
  return false;
}

}  // namespace

std::optional<std::string> why_held(pid_t pid) {
  const auto tracer = sandbox::tracer_of(pid);
  const bool dead = is_dead(pid);
  if (tracer) {
    return fmt::format("{}{}", fmt::streamed(*tracer), dead ? ": it is dead, and that one must let go of it" : "");
  }
  if (!dead) return std::nullopt;
  return "it is dead, and a process outside of the sandbox, which cannot be seen from here, traces it: a debugger or "
         "strace on the host, which must let go of it";
}

std::string why_not_gone(pid_t pid) {
  return why_held(pid).value_or("the kernel does not let go of it: is it in uninterruptible sleep?");
}

Result<ExitStatus> Child::kill(Deadline last, Deadline::Clock::duration patience) {
  signal_group(SIGKILL);
  for (;;) {
    auto status = wait(patience < last.remaining() ? Deadline::after(patience) : last);
    if (status) return status;
    if (ended()) return wait(Deadline::never());
    if (last.passed() || why_held(pid())) return fail(error("kill", ETIMEDOUT, why_not_gone(pid())));
  }
}

}  // namespace netrig::process
