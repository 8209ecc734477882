// Holds a victim of Build::held at chosen steps of the sandbox, for as long as a test likes: a delay without a clock.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/unique_fd.h>
#include <netrig/sandbox/step.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace netrig::teardown {

class Victim;

/// Two FIFOs in a directory of their own; see fault_seam.cc.
class Hold {
 public:
  /// Processes that come to one of `steps` are held there.
  explicit Hold(const std::vector<sandbox::Step>& steps);
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold();

  /// For the victim.
  [[nodiscard]] std::vector<std::string> environment() const;
  /// Waits until each of the steps has a process of `victim` held at it. False, and a failure of the test, when the
  /// victim ends first, or nothing happens. The failure says how it ended: with exit status 98 where a process could
  /// not open the FIFOs, 70 where that was the init; see fault_seam.cc, which prints the reason.
  bool reached(Victim& victim);
  /// Lets everything go on, now and whenever else it comes to a step.
  void release();

 private:
  std::optional<sandbox::Step> next(const Victim& victim, Deadline deadline);

  std::set<sandbox::Step> awaited_;
  std::string steps_;
  std::string directory_;
  UniqueFd reached_;
  UniqueFd release_;
};

}  // namespace netrig::teardown
