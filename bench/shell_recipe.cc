#include <netrig/bench/shell_recipe.h>

#include <cerrno>
#include <cstdlib>
#include <sched.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::bench {

namespace {

constexpr std::string_view kRecipe = R"(
ip link add br0 type bridge
ip link set br0 up
ip addr add 10.2.0.1/16 dev br0
for i in $(seq 1 $hosts); do
  ip netns add container$i
done
for i in $(seq 1 $hosts); do
  ip link add veth-host$i type veth peer name veth-cont$i
  ip link set veth-host$i master br0
  ip link set veth-host$i up
  ip link set veth-cont$i netns container$i
  ip netns exec container$i ip addr add 10.2.$(((i+1)/256)).$(((i+1)%256))/16 dev veth-cont$i
  ip netns exec container$i ip link set veth-cont$i up
  ip netns exec container$i ip link set lo up
  ip netns exec container$i ip route add default via 10.2.0.1
done
)";

constexpr int kCannotPrepare = 126;

// In the child: namespaces of its own, an empty /run for `ip netns`, then sh. Only system calls between fork and exec.
[[noreturn]] void become_shell(const char* script) {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0) {
    _exit(kCannotPrepare);
  }
  execl("/bin/sh", "sh", "-e", "-c", script, nullptr);
  _exit(kCannotPrepare);
}

bool has_ip() {
  static const bool found = std::system("command -v ip >/dev/null 2>&1") == 0;
  return found;
}

}  // namespace

std::string shell_recipe(std::size_t hosts) { return "hosts=" + std::to_string(hosts) + std::string{kRecipe}; }

Result<std::chrono::nanoseconds> run_shell_recipe(std::size_t hosts) {
  if (!has_ip()) return fail(Error::invalid("run the shell recipe", {}, "there is no `ip`: install iproute2"));
  const auto script = shell_recipe(hosts);
  const auto start = std::chrono::steady_clock::now();
  const auto child = fork();
  if (child < 0) return fail(Error::from_errno("fork", "sh", errno));
  if (child == 0) become_shell(script.c_str());
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return fail(Error::from_errno("wait for", "sh", errno));
  }
  const auto time = std::chrono::steady_clock::now() - start;
  if (status == 0) return time;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  const char* reason = code == kCannotPrepare ? "no namespaces or /run of its own" : "a command failed";
  return fail(Error::invalid("run the shell recipe", {}, std::string{reason} + ", status " + std::to_string(code)));
}

}  // namespace netrig::bench
