#include <netrig/base/teardown_failure.h>
#include <netrig/process/child.h>
#include <netrig/process/process.h>

#include <csignal>
#include <utility>

namespace netrig::process {

Process& Process::operator=(Process&& other) noexcept {
  Process old{std::move(*this)};  // ended when this returns
  child_ = std::move(other.child_);
  return *this;
}

Process::~Process() {
  if (!child_ || !running()) return;
  const auto status = kill();
  if (!status && running()) report_teardown_failure(status.error().message().c_str());
}

Child& Process::child() const {
  if (child_) return *child_;
  throw SetupError{Error::invalid("use a process", "", "its handle was moved from: use the one that it was moved to")};
}

const std::string& Process::name() const { return child().name(); }
pid_t Process::pid() const { return child().pid(); }
pid_t Process::pid_in_lab() const { return child().pid_in_lab(); }
bool Process::running() const { return !child().ended(); }
Result<ExitStatus> Process::wait(Deadline deadline) { return child().wait(deadline); }
Result<Completed> Process::finish(Deadline deadline) { return child().finish(deadline); }
Result<void> Process::signal(int number) { return child().signal(number); }

Result<ExitStatus> Process::terminate(Deadline::Clock::duration grace) {
  child().signal_group(SIGTERM);
  const auto status = child().wait(Deadline::after(grace));
  return child().ended() ? status : kill();
}

Result<ExitStatus> Process::kill() { return child().kill(); }
Result<ExitStatus> Process::kill(Deadline deadline) { return child().kill(deadline, deadline.remaining()); }

std::string Process::stdout_text() const { return child().text(Stream::out); }
std::string Process::stderr_text() const { return child().text(Stream::err); }
std::string Process::output_text() const { return child().both(); }
Result<void> Process::write_stdin(std::string_view text) { return child().write(text); }
void Process::close_stdin() { child().close_input(); }

}  // namespace netrig::process
