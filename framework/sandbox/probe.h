// What this host permits: the whole chain of the sandbox, tried in a child process.
//
//   for (const ProbeStep& step : probe().steps) std::cout << step << '\n';
//   //   ok    user-namespace
//   //   FAIL  net-namespace    clone: ENOSPC (No space left on device): user.max_net_namespaces is 0
//   //         remedy: sudo sysctl -w user.max_net_namespaces=10000
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace netrig::sandbox {

/// What became of one step.
enum class Outcome { ok, failed, skipped };

/// One step of the chain.
struct ProbeStep {
  std::string name;    ///< stable id: `net-namespace`, `proc`, `veth`, `nft`
  std::string action;  ///< in words: `make a network namespace`
  Outcome outcome = Outcome::skipped;
  int error = 0;  ///< errno of a failed step; ENODATA where the process that took it ended in it, by `signal` or not
  std::string cause;  ///< of a failed step: the likely cause, from what this host says of itself; of a skipped one: why
  std::string remedy;  ///< of a failed step: the command or setting that allows it; may be empty
  int signal = 0;      ///< of a failed step: what killed the process that took it, or 0

  /// Of a failed step: `mount a fresh /proc: EPERM (...): cause`.
  [[nodiscard]] std::string reason() const;

  friend bool operator==(const ProbeStep&, const ProbeStep&) = default;
};

/// `ok    proc`, `FAIL  proc    mount a fresh /proc: EPERM (...): cause`, with the remedy in a line of its own.
std::ostream& operator<<(std::ostream& out, const ProbeStep& step);

/// Every step in order. After a failed one the later ones are skipped.
struct ProbeReport {
  std::vector<ProbeStep> steps;

  [[nodiscard]] bool ok() const;
  /// The step that failed, or nullptr.
  [[nodiscard]] const ProbeStep* failed() const;
};

/// Tries every namespace, the id maps, the mounts, the loopback device, a veth pair and an nftables table, in a child
/// that ends at once. Changes nothing. Any thread may call.
ProbeReport probe();

}  // namespace netrig::sandbox
