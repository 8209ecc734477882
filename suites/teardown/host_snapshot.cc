#include <netrig/suites/teardown/host_snapshot.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>

namespace netrig::teardown {
namespace {

void add_file(HostSnapshot& snapshot, const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  snapshot[path] = text.str();
}

void add_sysctls(HostSnapshot& snapshot) {
  std::error_code unreadable;
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  for (std::filesystem::recursive_directory_iterator each{"/proc/sys/net", options, unreadable}, end; each != end;
       each.increment(unreadable)) {
    // A count of connections, not a setting.
    if (each->is_regular_file(unreadable) && each->path().filename() != "nf_conntrack_count") add_file(snapshot, *each);
  }
}

}  // namespace

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen((command + " 2>&1").c_str(), "r"), ::pclose};
  std::string text;
  std::array<char, 4096> part{};
  while (const auto size = std::fread(part.data(), 1, part.size(), pipe.get())) text.append(part.data(), size);
  // A lease's remaining time passes without anybody's doing.
  return std::regex_replace(text, std::regex{"(valid_lft|preferred_lft|expires) [0-9]+sec"}, "$1 some time");
}

HostSnapshot snapshot_of_the_host() {
  HostSnapshot snapshot;
  for (const char* command : {"ip -details link show", "ip address show", "ip -4 route show table all",
                              "ip -6 route show table all", "ip -4 rule show", "ip -6 rule show", "nft -a list ruleset",
                              "ip netns list", "ls -la /run/netns /var/run/netns"}) {
    snapshot[command] = output_of(command);
  }
  add_sysctls(snapshot);
  add_file(snapshot, "/proc/self/mountinfo");
  add_file(snapshot, "/proc/sys/kernel/hostname");
  return snapshot;
}

std::string changes_since(const HostSnapshot& before) {
  std::string changes;
  const auto now = snapshot_of_the_host();
  for (const auto& [what, text] : now) {
    const auto found = before.find(what);
    const std::string was = found == before.end() ? "nothing" : found->second;
    if (was != text) changes.append(what).append(" was\n").append(was).append("and is\n").append(text).append("\n");
  }
  for (const auto& [what, text] : before) {
    if (!now.contains(what)) changes += what + " is gone\n";
  }
  return changes;
}

}  // namespace netrig::teardown
