// A small program in a sandbox with a child that resists its end, for fault tests.
//
//   resisting KIND test|space end|wait
//
// The child is one of the test program's own, or among a lab's programs (in a program space). It tells `R` when it
// resists, the test program `T`; then that ends, or waits to be killed.
#include <netrig/sandbox/program_space.h>
#include <netrig/sandbox/sandbox.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <map>
#include <netinet/in.h>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using netrig::sandbox::ProgramSpace;

void tell(char letter) {
  const char* number = std::getenv("NETRIG_VICTIM_PIPE");
  if (::write(number != nullptr ? std::atoi(number) : STDOUT_FILENO, &letter, 1) != 1) ::_exit(97);
}

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

void require(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "resisting: %s: %s\n", what, std::strerror(errno));
  ::_exit(96);
}

// A pipe with which a child says that it is as far as it will get.
class Ready {
 public:
  Ready() { require(::pipe(ends_.data()) == 0, "make a pipe"); }
  void say() const { require(::write(ends_[1], "r", 1) == 1, "say that it is ready"); }
  [[nodiscard]] int fd() const { return ends_[1]; }
  void wait() const {
    char byte = 0;
    ::close(ends_[1]);
    require(::read(ends_[0], &byte, 1) == 1, "wait for the child");
  }

 private:
  std::array<int, 2> ends_{};
};

void ignore_all() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_IGN);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
}

void fork_twice() {
  if (::fork() != 0) ::_exit(0);
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  ignore_all();
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(fd);
}

pid_t fork_waiting() {
  const pid_t child = ::fork();
  if (child == 0) wait_for_ever();
  require(child > 0, "fork");
  return child;
}

void stop_a_child() {
  const pid_t child = fork_waiting();
  ::kill(child, SIGSTOP);
  int status = 0;
  require(::waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status), "stop a child");
}

// This process holds the other, its sibling, at a stop for its tracer.
void trace_a_sibling() {
  const pid_t sibling = fork_waiting();
  const Ready ready;
  const pid_t tracer = ::fork();
  if (tracer == 0) {
    require(::ptrace(PTRACE_SEIZE, sibling, nullptr, PTRACE_O_TRACEEXIT) == 0, "trace a sibling");
    require(::ptrace(PTRACE_INTERRUPT, sibling, nullptr, nullptr) == 0, "interrupt a sibling");
    require(::waitpid(sibling, nullptr, __WALL) == sibling, "wait for a sibling");
    ready.say();
    wait_for_ever();
  }
  ready.wait();
}

// Each init ignores what it can, and has a child beside the next init.
void nest_pid_namespaces(int depth = 3) {
  require(::unshare(CLONE_NEWPID) == 0, "make a pid namespace");
  const Ready ready;
  if (::fork() == 0) {
    ignore_all();
    fork_waiting();
    if (depth > 1) nest_pid_namespaces(depth - 1);
    ready.say();
    wait_for_ever();
  }
  ready.wait();
}

void nest_user_namespaces() {
  require(::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) == 0,
          "make a user namespace");
}

int open_namespace(const char* kind) {
  const int fd = ::open((std::string{"/proc/self/ns/"} + kind).c_str(), O_RDONLY);
  require(fd >= 0, "open a namespace");
  return fd;
}

constexpr std::array kKinds{"user", "pid", "mnt", "net", "ipc", "uts"};

// Of the sandbox, and of a network that lives by the descriptor alone.
void hold_namespaces() {
  for (const char* kind : kKinds) open_namespace(kind);
  const int old = open_namespace("net");
  require(::unshare(CLONE_NEWNET) == 0, "make a network namespace");
  open_namespace("net");
  require(::setns(old, CLONE_NEWNET) == 0, "go back to the network namespace");
}

void send_descriptors(int socket, const std::vector<int>& descriptors) {
  std::vector<char> control(CMSG_SPACE(descriptors.size() * sizeof(int)));
  char byte = 0;
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
  require(::sendmsg(socket, &message, 0) == 1, "send descriptors");
}

// In messages that nobody receives; the second one's socket is held by its own message alone.
void send_namespaces() {
  for (const bool cycle : {false, true}) {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0, "make a socket pair");
    require(::unshare(CLONE_NEWNET) == 0, "make a network namespace");
    std::vector<int> sent{open_namespace("net"), open_namespace("mnt"), open_namespace("user")};
    if (cycle) sent.push_back(ends[1]);
    send_descriptors(ends[0], sent);
    for (const int fd : sent) ::close(fd);
    if (cycle) ::close(ends[0]);
  }
}

// A connection over the loopback device, on the one side of which much waits to be sent.
struct Connection {
  int listener, client, server;
};

Connection connect_full(int family) {
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  Connection connection{::socket(family, SOCK_STREAM, 0), ::socket(family, SOCK_STREAM, 0), -1};
  require(::bind(connection.listener, any, size) == 0 && ::listen(connection.listener, 1) == 0, "listen");
  require(::getsockname(connection.listener, any, &size) == 0, "ask for the port");
  require(::connect(connection.client, any, size) == 0, "connect");
  connection.server = ::accept(connection.listener, nullptr, nullptr);
  const std::vector<char> much(65536);
  while (::send(connection.client, much.data(), much.size(), MSG_DONTWAIT) > 0) {
  }
  return connection;
}

// One in FIN_WAIT, with no process; one that close(2) lingers on; for both address families.
void leave_connections() {
  for (const int family : {AF_INET, AF_INET6}) {
    const auto closed = connect_full(family);
    ::close(closed.client);
    const Ready ready;
    if (::fork() == 0) {
      const auto lingering = connect_full(family);
      const linger long_time{1, 600};
      ::setsockopt(lingering.client, SOL_SOCKET, SO_LINGER, &long_time, sizeof long_time);
      ready.say();
      ::close(lingering.client);
      wait_for_ever();
    }
    ready.wait();
  }
}

void mount_own() {
  require(::unshare(CLONE_NEWNS) == 0, "make a mount namespace");
  require(::mount("tmpfs", "/run", "tmpfs", 0, nullptr) == 0, "mount a tmpfs");
  require(::open("/run/net", O_CREAT | O_WRONLY, 0600) >= 0, "make a file");
  require(::mount("/proc/self/ns/net", "/run/net", nullptr, MS_BIND, nullptr) == 0, "mount a namespace");
  require(::mount("none", "/", nullptr, MS_REC | MS_SHARED, nullptr) == 0, "share the mounts");
}

// bash, for `disown`; the jobs outlive what started them.
void start_shell() {
  const char* script =
      "sleep 1000 & nohup sleep 1000 >&- & sleep 1000 & disown; (trap '' HUP TERM INT; sleep 1000) & "
      "setsid sleep 1000 & set -m; sleep 1000 & set +m; echo >&\"$1\"; wait";
  const Ready ready;
  if (::fork() == 0) {
    ::execlp("bash", "bash", "-c", script, "bash", std::to_string(ready.fd()).c_str(), nullptr);
    require(false, "run bash");
  }
  ready.wait();
}

const std::map<std::string, std::function<void()>> kResistance{
    {"daemon", fork_twice},
    {"session", [] { ::setsid(); }},
    {"deaf", ignore_all},
    {"stopped", stop_a_child},
    {"traced", trace_a_sibling},
    {"pid-namespaces", [] { nest_pid_namespaces(); }},
    {"user-namespace", nest_user_namespaces},
    {"descriptors", hold_namespaces},
    {"descriptors-in-flight", send_namespaces},
    {"connections", leave_connections},
    {"mounts", mount_own},
    {"shell", start_shell},
};

[[noreturn]] void resist(const std::string& kind, const Ready& ready) {
  kResistance.at(kind)();
  tell('R');
  ready.say();
  wait_for_ever();
}

// Where a program of a lab would start.
std::optional<ProgramSpace> enter_space() {
  auto space = ProgramSpace::start();
  require(space.has_value(), "start a program space");
  require(::setns(space->pid_namespace(), CLONE_NEWPID) == 0, "enter the pid namespace of the programs");
  return std::move(*space);
}

}  // namespace

int main(int argc, char** argv) {
  netrig::sandbox::enter(argc, argv);
  if (!netrig::sandbox::inside()) {
    std::fprintf(stderr, "resisting: %s\n", netrig::sandbox::why_not().c_str());
    return 99;
  }
  if (argc < 4 || !kResistance.contains(argv[1])) return 98;
  const Ready ready;
  std::optional<ProgramSpace> space;
  if (std::strcmp(argv[2], "space") == 0) space = enter_space();
  const pid_t child = ::fork();
  if (child == 0) {
    if (space) require(::setns(space->mount_namespace(), CLONE_NEWNS) == 0, "enter the programs' mounts");
    resist(argv[1], ready);
  }
  ready.wait();
  tell('T');
  if (std::strcmp(argv[3], "wait") == 0) wait_for_ever();
  return 0;
}
