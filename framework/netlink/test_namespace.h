// For the unit tests of this module: fresh network namespaces, and the real tools run in them.
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/socket.h>
#include <netrig/testing/skip.h>

#include <gtest/gtest.h>

#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

namespace netrig::netlink {

/// A network namespace of its own with a socket in it; gone with the object.
class TestNamespace {
 public:
  explicit TestNamespace(const std::string& label = "test") : TestNamespace{make(label)} {}

  Socket& socket() { return socket_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// Runs `fn` on a thread inside and gives what it returns.
  template <class F>
  auto run(F fn) const {
    std::optional<decltype(fn())> result;
    std::thread{[&] {
      if (setns(fd(), CLONE_NEWNET) == 0) result.emplace(fn());
    }}.join();
    return std::move(result).value();
  }

  /// What a shell command prints inside, without the spaces at the ends of its lines.
  [[nodiscard]] std::string tool(const std::string& command) const {
    const std::string output = run([&] { return shell(command); });
    std::istringstream lines{output};
    std::string text;
    for (std::string line; std::getline(lines, line);) text += line.erase(line.find_last_not_of(' ') + 1) + "\n";
    return text;
  }

  /// Sends `batch`, which must succeed.
  static void send(Batch& batch) {
    const auto sent = batch.send();
    EXPECT_TRUE(sent) << sent.error();
  }

 private:
  explicit TestNamespace(std::pair<UniqueFd, Socket> made)
      : fd_{std::move(made.first)}, socket_{std::move(made.second)} {}

  static std::pair<UniqueFd, Socket> make(const std::string& label) {
    std::optional<std::pair<UniqueFd, Socket>> made;
    std::thread{[&] {
      if (unshare(CLONE_NEWNET) != 0) return;
      auto socket = Socket::open(label);
      EXPECT_TRUE(socket) << socket.error();
      if (socket) made.emplace(UniqueFd{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)}, std::move(*socket));
    }}.join();
    return std::move(made).value();
  }

  static std::string shell(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen((command + " 2>&1").c_str(), "re"), pclose};
    std::string output;
    for (int letter = 0; pipe && (letter = std::fgetc(pipe.get())) != EOF;) output += static_cast<char>(letter);
    return output;
  }

  UniqueFd fd_;
  Socket socket_;
};

/// Skips the test where a tool is not installed.
#define NETRIG_NEEDS_TOOL(name) \
  if (std::system("command -v " name " >/dev/null 2>&1") != 0) NETRIG_SKIP("tool-" name, "not installed: " << (name))

/// Skips the test where the kernel has no links of a kind.
#define NETRIG_NEEDS_LINKS(socket, kind)       \
  if (!supports(socket, kind).value_or(false)) \
  NETRIG_SKIP("link-" << (kind), "this kernel has no " << (kind) << " links")

}  // namespace netrig::netlink
