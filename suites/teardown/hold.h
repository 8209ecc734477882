// Holds a victim of Build::held at chosen steps of the sandbox, for as long as a test likes: a delay without a clock.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/sandbox/step.h>

#include <set>
#include <string>
#include <vector>

namespace netrig::teardown {

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
  /// Waits until each of the steps has a process held at it. False, and a failure of the test, when that does not
  /// happen.
  bool reached();
  /// Lets everything go on, now and whenever else it comes to a step.
  void release();

 private:
  std::set<sandbox::Step> awaited_;
  std::string steps_;
  std::string directory_;
  UniqueFd reached_;
  UniqueFd release_;
};

}  // namespace netrig::teardown
