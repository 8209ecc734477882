#include <netrig/process/exit_status.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <ostream>
#include <ranges>
#include <sys/wait.h>
#include <vector>

namespace netrig::process {

namespace {

std::string signal_name(int number) {
  if (const char* name = sigabbrev_np(number)) return std::string{"SIG"} + name;
  if (number >= SIGRTMIN && number <= SIGRTMAX) return "SIGRTMIN+" + std::to_string(number - SIGRTMIN);
  return "signal " + std::to_string(number);
}

void print_stream(std::ostream& out, const char* title, const std::string& text) {
  if (text.empty()) return;
  out << "\n--- " << title << " ---\n" << (text.ends_with('\n') ? text.substr(0, text.size() - 1) : text);
}

}  // namespace

bool ExitStatus::exited() const { return WIFEXITED(status_); }
bool ExitStatus::signalled() const { return WIFSIGNALED(status_); }
int ExitStatus::code() const { return signalled() ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_); }
int ExitStatus::signal() const { return signalled() ? WTERMSIG(status_) : 0; }

std::string ExitStatus::to_string() const {
  if (!signalled()) return "exit status " + std::to_string(code());
  return "killed by " + signal_name(signal()) + (WCOREDUMP(status_) ? " (core dumped)" : "");
}

std::ostream& operator<<(std::ostream& out, const ExitStatus& status) { return out << status.to_string(); }

std::ostream& operator<<(std::ostream& out, const Completed& completed) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(completed.duration);
  out << completed.command << ": " << completed.status << " after " << milliseconds.count() << " ms";
  print_stream(out, "standard output", completed.out);
  print_stream(out, "standard error", completed.err);
  return out;
}

std::string last_lines(const std::string& text, std::size_t count, const std::string& indent) {
  std::size_t end = text.size();
  if (end > 0 && text[end - 1] == '\n') --end;
  std::vector<std::string> lines;
  while (lines.size() < count && end > 0) {
    const auto newline = text.rfind('\n', end - 1);
    const auto start = newline == std::string::npos ? 0 : newline + 1;
    lines.push_back(indent + text.substr(start, end - start));
    if (newline == std::string::npos) break;
    end = newline;
  }
  std::string joined;
  for (const auto& line : std::views::reverse(lines)) {
    joined += line;
    joined += '\n';
  }
  if (!joined.empty()) joined.pop_back();
  return joined;
}

}  // namespace netrig::process
