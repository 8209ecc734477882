#include <netrig/base/deadline.h>
#include <netrig/base/error.h>
#include <netrig/suites/teardown/ground.h>
#include <netrig/suites/teardown/holders.h>
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/testing/skip.h>

#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

// More than anything here needs at a time.
constexpr int kPlenty = 10'000;

int flag_of(const std::string& kind) {
  const std::map<std::string, int> flags{{"user", CLONE_NEWUSER},     {"pid", CLONE_NEWPID}, {"mnt", CLONE_NEWNS},
                                         {"net", CLONE_NEWNET},       {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
                                         {"cgroup", CLONE_NEWCGROUP}, {"time", 0x80}};
  return flags.at(kind);
}

// In a child, with which the namespace goes.
bool can_make_one(const std::string& kind) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::unshare(flag_of(kind)) == 0 ? 0 : 1);
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

int files_in(const std::string& folder) {
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    ADD_FAILURE() << "left behind: " << entry.path();
    ++files;
  }
  return files;
}

std::string all_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text.append("\n  ").append(line);
  return text;
}

UniqueFd own_namespace(const std::string& kind) {
  return UniqueFd{::open(("/proc/self/ns/" + kind).c_str(), O_RDONLY | O_CLOEXEC)};
}

// Who holds what the victims left: for the failure.
std::vector<std::string> held_namespaces() {
  std::vector<UniqueFd> own;
  for (const char* kind : {"mnt", "net", "ipc", "user"}) own.push_back(own_namespace(kind));
  std::vector<int> except;
  for (const auto& fd : own) except.push_back(fd.get());
  return namespaces_below(own.back().get(), except);
}

// All below this process's user namespace but itself.
std::vector<std::string> other_processes() {
  auto processes = processes_below(own_namespace("user").get());
  const auto self = "process " + std::to_string(::getpid()) + " ";
  std::erase_if(processes, [&](const std::string& line) { return line.starts_with(self); });
  return processes;
}

std::string text_of(int file) {
  std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(file, 0, SEEK_END), 0)), '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(::pread(file, text.data(), text.size(), 0), 0)));
  return text;
}

// Every namespace that is made from here on is counted, against limits that can be lowered.
bool enter_counted_namespace() {
  try {
    enter_user_namespace(Identity::root);
    for (const char* kind : kNamespaceKinds) limit_namespaces(kind, kPlenty);
    enter_ground();
  } catch (const SetupError& error) {
    std::cerr << error.what() << '\n';
    return false;
  }
  return true;
}

[[noreturn]] void observe_here(const std::function<void(Observer&)>& body, int result) {
  if (!enter_counted_namespace()) ::_exit(kNotPermitted);
  std::string lines;
  try {
    Observer observer;
    body(observer);
    lines = observer.finish().to_lines();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  const bool told = ::write(result, lines.data(), lines.size()) == static_cast<ssize_t>(lines.size());
  std::cout << std::flush;
  ::_exit(told && !testing::Test::HasFailure() ? 0 : 1);
}

}  // namespace

Observer::Observer() : folder_{std::filesystem::temp_directory_path() / "netrig-observer-XXXXXX"} {
  if (::mkdtemp(folder_.data()) == nullptr) throw SetupError{Error::from_errno("make a directory", folder_, errno)};
  before_ = snapshot_of_the_host();
}

Observer::~Observer() { std::filesystem::remove_all(folder_); }

std::vector<std::string> Observer::environment() const { return {"TMPDIR=" + folder_}; }

void Observer::note(const std::string& fault, Victim& victim) {
  const auto gone = victim.all_gone();
  EXPECT_TRUE(gone) << "after " << fault;
  table_.add(fault, (gone ? 0 : 1) + files_in(folder_));
}

void Observer::count(const std::string& what, const std::vector<std::string>& left) {
  EXPECT_TRUE(left.empty()) << what << ':' << all_lines(left);
  table_.check("all of the above: " + what, static_cast<int>(left.size()));
}

FaultTable Observer::finish() {
  for (const std::string kind : kNamespaceKinds) {
    const bool released = all_namespaces_released(kind, kPatience, namespaces_of_ground(kind));
    EXPECT_TRUE(released) << kind << " namespaces are left" << all_lines(held_namespaces());
    table_.check("all of the above: " + kind + " namespaces", released ? 0 : 1);
  }
  count("processes in a namespace of theirs", other_processes());
  count("sockets, shared memory, IPC objects", left_on_ground());
  const auto changes = changes_since(before_);
  EXPECT_EQ(changes, "");
  table_.check("all of the above: the host's network, mounts and settings", changes.empty() ? 0 : 1);
  return table_;
}

bool all_namespaces_released(const std::string& kind, std::chrono::milliseconds patience, int own) {
  limit_namespaces(kind, own + 1);
  const Deadline deadline = Deadline::after(patience);
  bool released = can_make_one(kind);
  while (!released && !deadline.passed()) {
    ::poll(nullptr, 0, 5);  // the kernel gives no event for "a namespace was reaped"
    released = can_make_one(kind);
  }
  limit_namespaces(kind, kPlenty);
  return released;
}

FaultTable observe(const std::function<void(Observer&)>& body) {
  const UniqueFd result{::memfd_create("faults", MFD_CLOEXEC)};
  std::cout << std::flush;
  const pid_t child = ::fork();
  if (child == 0) observe_here(body, result.get());
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotPermitted) {
    [] { NETRIG_SKIP("user-limits", "the limits of a user namespace cannot be set here"); }();
    return {};
  }
  EXPECT_EQ(status, 0) << "the observer's failures are printed above";
  return FaultTable::from_lines(text_of(result.get()));
}

}  // namespace netrig::teardown
