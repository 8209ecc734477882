// Tries to get out, from where it is told, and says what came of it.
//
//   netrig_inmate WHERE ACTION [ARGUMENT]
//     bare   without a sandbox: shows that the test would see it
//     test   in the sandbox
//     run    in a node of a lab, as a function: Node::run()
//     node   in a node of a lab, as a program: Node::exec()
//     stay   as `node`, and goes on until it is killed; tells `T`, as suites/teardown's victims do, once the action has
//            printed `ready`
//
// Exit status: 0 when the action succeeded, 1 when it was refused.
#include <netrig/sandbox/sandbox.h>
#include <netrig/suites/isolation/inmates_rules.h>
#include <netrig/topology/lab.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <map>
#include <mqueue.h>
#include <string>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/keyctl.h>

namespace {

using netrig::Lab;
using netrig::Topology;
using netrig::isolation::rule_and_serve;
using netrig::isolation::watch_rules;

int outcome(const char* what, bool succeeded) {
  if (succeeded) return std::printf("%s: done\n", what), 0;
  return std::printf("%s: %s\n", what, std::strerror(errno)), 1;
}

// A name that begins with @ is an abstract one, see unix(7).
int connect_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), std::min(name.size(), sizeof address.sun_path - 1));
  if (name.starts_with('@')) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return outcome("connect", ::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
}

int attach_memory(const std::string& key) {
  return outcome("shmget", ::shmget(static_cast<key_t>(std::stol(key)), 1, 0) >= 0);
}

int open_queue(const std::string& name) { return outcome("mq_open", ::mq_open(name.c_str(), O_RDONLY) >= 0); }

int find_key(const std::string& name) {
  return outcome("search the session keyring",
                 ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", name.c_str(), 0) >= 0);
}

// Listens on an abstract socket, says so, and goes on.
int listen_and_stay(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data() + 1, std::min(name.size(), sizeof address.sun_path) - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(fd, 8) != 0) return 1;
  std::puts("ready");
  for (;;) ::pause();
}

int stay_idle(const std::string&) {
  std::puts("ready");
  for (;;) ::pause();
}

int run_shell(const std::string& script) { return std::system(script.c_str()) == 0 ? 0 : 1; }

const std::map<std::string, std::function<int(const std::string&)>> kActions{
    {"connect", connect_to},     {"memory", attach_memory}, {"queue", open_queue},
    {"key", find_key},           {"shell", run_shell},      {"idle", stay_idle},
    {"listen", listen_and_stay}, {"rule", rule_and_serve},  {"watch", watch_rules},
};

int act(const std::string& action, const std::string& argument) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const auto found = kActions.find(action);
  if (found != kActions.end()) return found->second(argument);
  std::fprintf(stderr, "inmate: no action %s\n", action.c_str());
  return 93;
}

[[noreturn]] void stay() {
  const int pipe_end = std::atoi(std::getenv("NETRIG_VICTIM_PIPE"));
  if (::write(pipe_end, "T", 1) != 1) std::_Exit(97);
  for (;;) ::pause();
}

int act_in_lab(const std::string& where, const std::string& program, const std::string& action,
               const std::string& argument) {
  Topology topology;
  auto a = topology.host("a"), b = topology.host("b");
  topology.link(a, b, "10.0.0.0/24, fd00::/64");
  const Lab lab{topology};
  if (where == "run") return lab[a].run([&] { return act(action, argument); });
  const auto command = netrig::process::Command{program, "bare", action, argument}.with_stderr_in_stdout();
  if (where == "stay") {
    const auto process = lab[a].start(command, netrig::process::output_line("ready"));
    stay();
  }
  const auto done = lab[a].exec(command);
  std::printf("%s", done.out.c_str());
  return done.status.code();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 93;
  const std::string where = argv[1], action = argv[2], argument = argc > 3 ? argv[3] : "";
  if (where != "bare") netrig::sandbox::enter(argc, argv);
  if (where != "bare" && !netrig::sandbox::inside()) {
    std::fprintf(stderr, "inmate: %s\n", netrig::sandbox::why_not().c_str());
    return 99;
  }
  try {
    return where == "bare" || where == "test" ? act(action, argument) : act_in_lab(where, argv[0], action, argument);
  } catch (const netrig::SetupError& error) {
    std::fprintf(stderr, "inmate: %s\n", error.what());
    return 96;
  }
}
