#include <netrig/base/error.h>
#include <netrig/suites/teardown/ground.h>
#include <netrig/suites/teardown/surroundings.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

namespace fs = std::filesystem;

void add_files(const fs::path& directory, std::vector<std::string>& lines) {
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator{directory, missing}) lines.push_back("file " + entry.path().string());
}

// All but the heading of a table of the kernel's.
void add_rows(const std::string& path, const std::string& what, std::vector<std::string>& lines) {
  std::ifstream table{path};
  std::string row;
  std::getline(table, row);
  while (std::getline(table, row)) lines.emplace_back(what).append(": ").append(row);
}

}  // namespace

void enter_ground() {
  require(::unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) == 0, "make mount, network and IPC namespaces");
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make the mounts private");
  require(::mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, nullptr) == 0, "mount", "/dev/shm");
  if (!fs::exists("/dev/mqueue")) return;
  require(::mount("mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV, nullptr) == 0, "mount", "/dev/mqueue");
}

bool holds_on_ground(const std::function<void()>& check) {
  std::cout << std::flush;
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      enter_user_namespace(Identity::root);
      enter_ground();
      check();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    std::cout << std::flush;
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

int namespaces_of_ground(const std::string& kind) { return kind == "mnt" || kind == "net" || kind == "ipc" ? 1 : 0; }

std::vector<std::string> left_on_ground() {
  std::vector<std::string> lines;
  add_files("/dev/shm", lines);
  add_files("/dev/mqueue", lines);
  for (const std::string table : {"unix", "tcp", "tcp6", "udp", "udp6", "icmp", "icmp6", "raw", "raw6", "packet"}) {
    add_rows("/proc/net/" + table, table + " socket", lines);
  }
  for (const std::string table : {"msg", "sem", "shm"}) add_rows("/proc/sysvipc/" + table, "System V " + table, lines);
  return lines;
}

}  // namespace netrig::teardown
