// What this module's tests need: processes in other namespaces, and threads without a capability.
#pragma once

#include <netrig/netns/net_ns.h>

#include <functional>
#include <string>
#include <sys/types.h>

namespace netrig::netns {

/// A child process that runs `prepare` and then waits until it is destroyed. Constructed once `prepare` is done.
class WaitingChild {
 public:
  explicit WaitingChild(const std::function<void()>& prepare);
  WaitingChild(const WaitingChild&) = delete;
  WaitingChild& operator=(const WaitingChild&) = delete;
  ~WaitingChild();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Ends it; it stays a zombie until destroyed.
  void kill() const;

 private:
  pid_t pid_ = -1;
};

/// What `fn` returns in a child process of a user namespace of its own, in which it has every capability. The network
/// namespace is still this one.
std::string in_a_lower_user_namespace(const std::function<std::string()>& fn);

/// Takes a capability (capabilities(7)) off the calling thread's effective set, and gives it back.
class WithoutCapability {
 public:
  explicit WithoutCapability(int capability);
  WithoutCapability(const WithoutCapability&) = delete;
  WithoutCapability& operator=(const WithoutCapability&) = delete;
  ~WithoutCapability();

 private:
  int capability_;
};

/// Writes `text` to the file `path` in one go; ends the process when that fails.
void write_file(const char* path, const std::string& text);

}  // namespace netrig::netns
