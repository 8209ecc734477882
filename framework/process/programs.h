// All programs of one lab: launches them, keeps them together, ends every one.
//
//   Programs programs = NETRIG_TRY(Programs::in(NETRIG_TRY(sandbox::ProgramSpace::start())));
//   NodeSpace web = NETRIG_TRY(NodeSpace::create(programs.space(), network, {.name = "web"}));
//   Completed routes = NETRIG_TRY(programs.run(web, {"ip", "route"}, Deadline::after(5s)));
//   Process server = NETRIG_TRY(programs.start(web, {"./server"}, ready_when(output_line("ready")),
//   Deadline::after(5s)));
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/process/command.h>
#include <netrig/process/exit_status.h>
#include <netrig/process/node_space.h>
#include <netrig/process/process.h>
#include <netrig/process/readiness.h>
#include <netrig/sandbox/program_space.h>

#include <memory>

namespace netrig::process {

/// The programs of one lab. Move-only. Programs may be launched from several threads at once.
/// One thread of its own reads all their output and reaps them; it starts with the first program and ends with this
/// object.
class Programs {
 public:
  /// Takes over the lab's program space.
  static Result<Programs> in(sandbox::ProgramSpace space);
  Programs(Programs&&) noexcept;
  Programs& operator=(Programs&&) noexcept;
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  /// end(); what went wrong is told (base/teardown_failure.h).
  ~Programs();

  [[nodiscard]] const sandbox::ProgramSpace& space() const;

  /// Starts a program in a node. Errors name the command and the node: the program does not exist (ENOENT, with where
  /// it was looked for), may not be run, the lab has ended.
  Result<Process> start(const NodeSpace& node, const Command& command);
  /// Starts a program and returns when it is ready. Errors, with its last lines of output: it ended before, or was not
  /// ready at the deadline. It is killed then.
  Result<Process> start(const NodeSpace& node, const Command& command, const Readiness& ready, Deadline deadline);
  /// Runs a program to its end; an exit status other than 0 is an answer, not an error. At the deadline its process
  /// group is killed, and the ETIMEDOUT error carries its last lines of output.
  Result<Completed> run(const NodeSpace& node, const Command& command, Deadline deadline);

  /// Ends every program of the lab, descendants that forked twice and ignore signals too: kills the init of their pid
  /// namespace, reaps what this object launched, and waits until the namespace is gone (in this order, because the
  /// kernel keeps it until those are reaped). No program can be started any more. Errors: the init does not end until
  /// the deadline, because an outsider (a tracer) holds one of its processes, who is named.
  Result<void> end(Deadline deadline);
  /// The same for as long as the kernel takes (kMostPatience, no longer); kHeldPatience where an outsider holds one.
  Result<void> end();

 private:
  struct State;
  explicit Programs(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace netrig::process
