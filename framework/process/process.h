// A program that runs in a node: its output as it comes, its input, its end.
//
//   Process server = NETRIG_TRY(programs.start(node, {"iperf3", "-s"}));
//   ...
//   ExitStatus status = NETRIG_TRY(server.terminate(1s));     // SIGTERM, and SIGKILL a second later
//   std::cout << server.stdout_text();
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/process/command.h>
#include <netrig/process/exit_status.h>

#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace netrig::process {

class Child;

/// A launched program. Move-only; every member may be called from any thread. One that was moved from throws
/// SetupError. It leads a session and a process group of its own. Its output is read all the time, so that it never
/// blocks on a full pipe, and kept within the command's limit. The handle may outlive the lab: the program does not,
/// its output stays readable.
class Process {
 public:
  Process(Process&&) noexcept = default;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// Kills the process group if the program still runs, and waits until it is reaped, as kill() does; what went wrong
  /// is told (base/teardown_failure.h). Descendants that left the group, as daemons do, live on until the lab ends.
  ~Process();

  /// What messages call it: Command::to_string().
  [[nodiscard]] const std::string& name() const;
  /// Its process id as this process sees it, and as the lab's programs see it.
  [[nodiscard]] pid_t pid() const;
  [[nodiscard]] pid_t pid_in_lab() const;

  [[nodiscard]] bool running() const;
  /// Waits for its end. Errors: ETIMEDOUT when it still runs at the deadline (it goes on), with its last lines of
  /// output; ECHILD when somebody else's wait(2) took its status. Its output is complete then, except what descendants
  /// that keep its pipes still write: that is added as it comes.
  Result<ExitStatus> wait(Deadline deadline);
  /// wait(), with everything it left.
  Result<Completed> finish(Deadline deadline);

  /// Sends a signal to the program alone. Nothing happens when it has ended.
  Result<void> signal(int number);
  /// SIGTERM to its process group; SIGKILL when it still runs after `grace`. Returns how it ended.
  Result<ExitStatus> terminate(Deadline::Clock::duration grace);
  /// SIGKILL to its process group. Returns how it ended. Errors, ETIMEDOUT: it does not end. After ten seconds where a
  /// tracer (a debugger, strace) holds its end, which is named; after four minutes where the kernel does not let go of
  /// it, as in uninterruptible sleep. It is reaped when they let go.
  Result<ExitStatus> kill();
  /// The same until a deadline of your own.
  Result<ExitStatus> kill(Deadline deadline);

  /// What it has printed until now; beyond the command's limit the middle is replaced by a line that counts it.
  [[nodiscard]] std::string stdout_text() const;
  [[nodiscard]] std::string stderr_text() const;
  /// Both streams in the order of arrival.
  [[nodiscard]] std::string output_text() const;

  /// Queues `text` for its standard input; never blocks. Errors: EPIPE when the input is closed, by it or by
  /// close_stdin().
  Result<void> write_stdin(std::string_view text);
  /// End of file on its standard input, after what is queued.
  void close_stdin();

  /// For the module: a handle of `child`.
  explicit Process(std::shared_ptr<Child> child) : child_{std::move(child)} {}

 private:
  [[nodiscard]] Child& child() const;
  std::shared_ptr<Child> child_;
};

}  // namespace netrig::process
