#include <netrig/base/error.h>
#include <netrig/suites/teardown/memory_group.h>
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace netrig::teardown {
namespace {

// Sanitized victims are large: five of them fit.
constexpr std::size_t kGroupLimit = std::size_t{512} << 20;

// Where a hierarchy with memory limits may be, and how this process's own group is named there.
struct Hierarchy {
  std::string mount;
  std::string own;
  bool unified;
};

// The lines of /proc/self/cgroup: `0::/path` is version 2, `4:memory:/path` has the controller of version 1.
std::string own_group(const std::string& controllers) {
  std::ifstream groups{"/proc/self/cgroup"};
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto names = "," + line.substr(first + 1, second - first - 1) + ",";
    if (names.find("," + controllers + ",") != std::string::npos) return line.substr(second + 1);
  }
  return "/";
}

// proc_pid_mountinfo(5): the fifth field is the place; behind the dash are the type, the source and the options.
std::vector<Hierarchy> hierarchies() {
  std::vector<Hierarchy> found;
  std::ifstream mounts{"/proc/self/mountinfo"};
  for (std::string line; std::getline(mounts, line);) {
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream front{line}, back{line.substr(dash + 3)};
    std::string skipped, place, type, source, options;
    front >> skipped >> skipped >> skipped >> skipped >> place;
    back >> type >> source >> options;
    if (type == "cgroup2") found.push_back({place, own_group(""), true});
    if (type == "cgroup" && ("," + options + ",").find(",memory,") != std::string::npos) {
      found.push_back({place, own_group("memory"), false});
    }
  }
  return found;
}

// The group of this process, and those around it: one may hand the memory controller on to its children.
std::vector<std::string> places_in(const Hierarchy& hierarchy) {
  std::vector<std::string> places;
  std::filesystem::path own{hierarchy.own};
  for (; own.has_relative_path(); own = own.parent_path()) places.push_back(hierarchy.mount + own.string());
  places.push_back(hierarchy.mount);
  return places;
}

// Uses memory, some at a time, until the kernel has killed a process. Never returns.
[[noreturn]] void use_up(const MemoryGroup& group) {
  constexpr std::size_t kPiece = std::size_t{64} << 10;
  group.enter();
  for (std::size_t used = 0; used < 2 * kGroupLimit && group.kills() == 0; used += kPiece) {
    void* piece = ::mmap(nullptr, kPiece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (piece == MAP_FAILED) ::_exit(2);
  }
  ::_exit(group.kills() > 0 ? 0 : 1);
}

}  // namespace

Result<MemoryGroup> MemoryGroup::make() {
  std::string refusals;
  for (const auto& hierarchy : hierarchies()) {
    for (const auto& place : places_in(hierarchy)) {
      const auto path = place + "/netrig-" + std::to_string(::getpid());
      if (::mkdir(path.c_str(), 0755) != 0) {
        refusals += "; " + path + ": " + describe_errno(errno);
        continue;
      }
      MemoryGroup group{path, UniqueFd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, hierarchy.unified};
      if (group.limit()) return group;
      refusals += "; " + path + ": no memory controller";
    }
  }
  return fail(
      Error::from_errno("make a memory cgroup", {}, EPERM, refusals.empty() ? "none is mounted" : refusals.substr(2)));
}

MemoryGroup::MemoryGroup(MemoryGroup&& other) noexcept
    : path_{std::exchange(other.path_, {})}, directory_{std::move(other.directory_)}, unified_{other.unified_} {}

MemoryGroup::~MemoryGroup() {
  if (!path_.empty() && ::rmdir(path_.c_str()) != 0)
    ADD_FAILURE() << "remove " << path_ << ": " << describe_errno(errno);
}

bool MemoryGroup::write(const char* file, const std::string& text) const {
  const UniqueFd fd{::openat(directory_.get(), file, O_WRONLY | O_CLOEXEC)};
  return fd.valid() && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Swapping would only put it off. Where there is no swap to account, there is no such file.
bool MemoryGroup::limit() const {
  const auto limit = std::to_string(kGroupLimit);
  if (!write(unified_ ? "memory.max" : "memory.limit_in_bytes", limit)) return false;
  std::ignore = unified_ ? write("memory.swap.max", "0") : write("memory.memsw.limit_in_bytes", limit);
  return true;
}

void MemoryGroup::enter() const { require(write("cgroup.procs", std::to_string(::getpid())), "enter cgroup", path_); }

std::int64_t MemoryGroup::kills() const {
  std::array<char, 512> text{};
  const char* name = unified_ ? "memory.events" : "memory.oom_control";
  const UniqueFd fd{::openat(directory_.get(), name, O_RDONLY | O_CLOEXEC)};
  if (!fd || ::read(fd.get(), text.data(), text.size() - 1) <= 0) return 0;
  std::istringstream lines{text.data()};
  std::int64_t value = 0;
  for (std::string key; lines >> key >> value;) {
    if (key == "oom_kill") return value;
  }
  return 0;
}

void MemoryGroup::kill_by_shortage(pid_t chosen) const {
  const auto score = "/proc/" + std::to_string(chosen) + "/oom_score_adj";
  std::ofstream file{score};
  ASSERT_TRUE(file << 1000 << std::flush) << "write " << score << ": another process would be chosen";
  const pid_t user = ::fork();
  if (user == 0) use_up(*this);
  int status = -1;
  ::waitpid(user, &status, 0);
  // Where the chosen one, on a busy machine, does not let go of its memory soon enough, the kernel kills one more: the
  // largest, which is the user.
  const bool was_killed_too = status == killed_by(SIGKILL);
  EXPECT_TRUE(was_killed_too || status == exited(0)) << "what used the memory ended with " << describe_end(status);
  EXPECT_EQ(kills(), was_killed_too ? 2 : 1);
}

}  // namespace netrig::teardown
