#include <netrig/base/unique_fd.h>
#include <netrig/netns/test_support.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

namespace netrig::netns {

namespace {

void require(bool held, const char* what) {
  if (held) return;
  std::perror(what);
  std::abort();
}

struct Pipe {
  UniqueFd read, write;
};

Pipe make_pipe() {
  int ends[2];
  require(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto size = read(fd, chunk.data(), chunk.size());
    require(size >= 0, "read");
    if (size == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(size));
  }
}

void set_effective(int capability, bool on) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  require(syscall(SYS_capget, &header, data.data()) == 0, "capget");
  auto& effective = data[static_cast<std::size_t>(capability) / 32].effective;
  const auto bit = 1U << (capability % 32);
  effective = on ? effective | bit : effective & ~bit;
  require(syscall(SYS_capset, &header, data.data()) == 0, "capset");
}

// fork(2) into a user namespace of the child's own. clone(2), because unshare(2) is refused where a sanitizer has
// started a thread.
pid_t fork_into_user_namespace() {
  const auto uid = std::to_string(geteuid()), gid = std::to_string(getegid());
  const auto child = static_cast<pid_t>(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0UL));
  require(child >= 0, "clone");
  if (child > 0) return child;
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + uid + " 1");
  write_file("/proc/self/gid_map", "0 " + gid + " 1");
  return 0;
}

pid_t start_waiting(const std::function<void()>& prepare) {
  auto ready = make_pipe();
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    prepare();
    ready.write.reset();
    for (;;) pause();
  }
  ready.write.reset();
  read_to_end(ready.read.get());
  return child;
}

}  // namespace

WaitingChild::WaitingChild(const std::function<void()>& prepare) : pid_{start_waiting(prepare)} {}

WaitingChild::~WaitingChild() {
  kill();
  waitpid(pid_, nullptr, 0);
}

void WaitingChild::kill() const {
  ::kill(pid_, SIGKILL);
  siginfo_t ended{};
  waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT);
}

std::string in_a_lower_user_namespace(const std::function<std::string()>& fn) {
  auto answer = make_pipe();
  const pid_t child = fork_into_user_namespace();
  if (child == 0) {
    const auto text = fn();
    require(write(answer.write.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()), "write");
    _exit(0);
  }
  answer.write.reset();
  auto text = read_to_end(answer.read.get());
  waitpid(child, nullptr, 0);
  return text;
}

WithoutCapability::WithoutCapability(int capability) : capability_{capability} { set_effective(capability, false); }
WithoutCapability::~WithoutCapability() { set_effective(capability_, true); }

void write_file(const char* path, const std::string& text) {
  const UniqueFd file{open(path, O_WRONLY | O_CLOEXEC)};
  require(file.valid() && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()), path);
}

}  // namespace netrig::netns
