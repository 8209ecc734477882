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
  if (child_ && running()) std::ignore = kill();
}

const std::string& Process::name() const { return child_->name(); }
pid_t Process::pid() const { return child_->pid(); }
pid_t Process::pid_in_lab() const { return child_->pid_in_lab(); }
bool Process::running() const { return !child_->ended(); }
Result<ExitStatus> Process::wait(Deadline deadline) { return child_->wait(deadline); }
Result<Completed> Process::finish(Deadline deadline) { return child_->finish(deadline); }
Result<void> Process::signal(int number) { return child_->signal(number); }

Result<ExitStatus> Process::terminate(Deadline::Clock::duration grace) {
  child_->signal_group(SIGTERM);
  const auto status = child_->wait(Deadline::after(grace));
  return child_->ended() ? status : kill();
}

Result<ExitStatus> Process::kill() {
  child_->signal_group(SIGKILL);
  return child_->wait(Deadline::never());
}

std::string Process::stdout_text() const { return child_->text(Stream::out); }
std::string Process::stderr_text() const { return child_->text(Stream::err); }
std::string Process::output_text() const { return child_->both(); }
Result<void> Process::write_stdin(std::string_view text) { return child_->write(text); }
void Process::close_stdin() { child_->close_input(); }

}  // namespace netrig::process
