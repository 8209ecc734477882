// How a program ended, and what it left.
//
//   auto done = programs.run(node, {"ping", "-c1", "10.0.0.2"}, Deadline::after(5s));
//   if (!done->status.success()) std::cerr << *done;    // command, `exit status 1`, what it printed
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

namespace netrig::process {

/// An exit code or the signal that ended a program: the wait status of waitpid(2).
class ExitStatus {
 public:
  /// From a status that waitpid(2) gave for a process that ended.
  explicit constexpr ExitStatus(int wait_status) : status_{wait_status} {}

  /// Exited with code 0.
  [[nodiscard]] constexpr bool success() const { return status_ == 0; }
  [[nodiscard]] bool exited() const;
  [[nodiscard]] bool signalled() const;
  /// The exit code; 128 + signal, as a shell's $?, when a signal ended it.
  [[nodiscard]] int code() const;
  /// The signal that ended it, or 0.
  [[nodiscard]] int signal() const;
  /// `exit status 1`, `killed by SIGSEGV`, `killed by SIGABRT (core dumped)`
  [[nodiscard]] std::string to_string() const;
  friend constexpr bool operator==(const ExitStatus&, const ExitStatus&) = default;

 private:
  int status_;
};

std::ostream& operator<<(std::ostream& out, const ExitStatus& status);

/// A program that ran to its end.
struct Completed {
  std::string command;  ///< as Command::to_string()
  ExitStatus status;
  std::string out;                    ///< standard output, shortened in its middle beyond the command's limit
  std::string err;                    ///< standard error, likewise
  std::string both;                   ///< both in the order in which they arrived
  std::chrono::nanoseconds duration;  ///< from the launch to the end

  [[nodiscard]] bool success() const { return status.success(); }
};

/// The command, its status and its output.
std::ostream& operator<<(std::ostream& out, const Completed& completed);

/// The last `count` lines of `text`, each with `indent` before it; for messages.
std::string last_lines(const std::string& text, std::size_t count, const std::string& indent = "");

}  // namespace netrig::process
