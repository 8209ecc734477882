// The outside observer of a fault test: a process beside the sandboxes, which counts what they leave.
//
//   const FaultTable table = observe([](Observer& observer) {
//     Victim victim{{.arguments = {"daemons"}, .environment = observer.environment()}};
//     ::kill(victim.supervisor(), SIGKILL);
//     observer.note("SIGKILL to the supervisor", victim);   // counts processes and files, now
//   });                                                     // ... namespaces, and the host's state, at the end
//   table.record();
#pragma once

#include <netrig/suites/teardown/fault_table.h>
#include <netrig/suites/teardown/host_snapshot.h>
#include <netrig/suites/teardown/victim.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace netrig::teardown {

/// The kinds of namespaces whose number the kernel limits by `/proc/sys/user/max_KIND_namespaces`: user_namespaces(7).
inline constexpr const char* kNamespaceKinds[] = {"user", "pid", "mnt", "net", "ipc", "uts", "cgroup", "time"};

/// Watches victims, on a ground of its own (ground.h) in a user namespace that was made for it: whatever namespace a
/// victim makes is charged to it there, by the kernel's own count, however it is held (by a process, a descriptor, a
/// mount, or nothing that shows).
class Observer {
 public:
  Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  ~Observer();

  /// For the victims: a folder for temporary files that is theirs alone.
  [[nodiscard]] std::vector<std::string> environment() const;
  /// After a victim was made to end: waits for its processes, then counts those left, and the files. Failures of the
  /// test say what is left.
  void note(const std::string& fault, Victim& victim);
  /// Counts the namespaces of each kind that are left, waiting as long as the kernel still reaps, and the processes
  /// that live in one; then sockets, shared memory and other IPC objects; compares the ground's links, addresses,
  /// routes, rules, rulesets, sysctls and mounts with how they were. Gives the finished table.
  FaultTable finish();

 private:
  void count(const std::string& what, const std::vector<std::string>& left);

  FaultTable table_;
  std::string folder_;
  HostSnapshot before_;
};

/// Whether no namespace of `kind` is charged to the calling process's user namespace. Needs root's power over it; the
/// kind's limit is changed for a moment. `own` may stay: those of the ground. Waits up to `patience` for those that the
/// kernel still reaps.
bool all_namespaces_released(const std::string& kind, std::chrono::milliseconds patience = kPatience, int own = 0);

/// Runs `body` with an Observer, in a child process in a user namespace of its own, and gives the table. The test fails
/// when anything failed in the child, and skips where limits cannot be set.
FaultTable observe(const std::function<void(Observer&)>& body);

}  // namespace netrig::teardown
