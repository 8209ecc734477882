#include <netrig/netns/limits.h>

#include <fstream>
#include <sys/resource.h>

namespace netrig::netns {

std::optional<std::uint64_t> netns_limit() {
  std::ifstream file{"/proc/sys/user/max_net_namespaces"};
  std::uint64_t limit = 0;
  if (!(file >> limit)) return std::nullopt;
  return limit;
}

std::string describe_netns_limits() {
  const auto limit = netns_limit();
  return "user.max_net_namespaces is " + (limit ? std::to_string(*limit) : "unreadable") +
         " in this user namespace, and an outer one may allow less; raise it on the host with `sudo sysctl -w "
         "user.max_net_namespaces=100000`, or use fewer namespaces at a time";
}

std::string describe_fd_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return "all of the " + std::to_string(limit.rlim_cur) +
         " files that this process may have open are; raise that with `ulimit -n " + std::to_string(limit.rlim_max) +
         '`';
}

}  // namespace netrig::netns
