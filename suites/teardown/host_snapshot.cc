#include <netrig/base/error.h>
#include <netrig/suites/teardown/host_snapshot.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>
#include <system_error>
#include <vector>

namespace netrig::teardown {
namespace {

void add_file(HostSnapshot& snapshot, const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  snapshot[path] = text.str();
}

// What a folder holds; nothing of one that went away meanwhile, with its interface, or may not be read.
std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::directory_entry> entries;
  for (std::filesystem::directory_iterator each{folder, error}, end; !error && each != end; each.increment(error)) {
    entries.push_back(*each);
  }
  if (error == std::errc::no_such_file_or_directory || error == std::errc::permission_denied) return {};
  if (error) throw SetupError{Error::from_errno("read the folder", folder, error.value())};
  return entries;
}

void add_sysctls(HostSnapshot& snapshot, const std::filesystem::path& folder) {
  for (const auto& entry : entries_of(folder)) {
    std::error_code gone;
    if (entry.is_directory(gone)) add_sysctls(snapshot, entry.path());
    // A count of connections, not a setting.
    else if (entry.path().filename() != "nf_conntrack_count")
      add_file(snapshot, entry.path());
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
  for (const char* folder : {"/proc/sys/net", "/proc/sys/user", "/proc/sys/fs/mqueue"}) add_sysctls(snapshot, folder);
  add_file(snapshot, "/proc/self/mountinfo");
  for (const char* name : {"hostname", "domainname", "pid_max"}) {
    add_file(snapshot, std::filesystem::path{"/proc/sys/kernel"} / name);
  }
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
