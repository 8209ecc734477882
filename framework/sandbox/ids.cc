#include <netrig/sandbox/ids.h>
#include <netrig/sandbox/raw.h>
#include <netrig/sandbox/text_file.h>

#include <charconv>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace netrig::sandbox {
namespace {

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view cut(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return part;
}

// The user data base is asked only where there is a file of subordinate ids: asking can mean the network.
void plan_subordinates(IdPlan& plan) {
  const std::string uids = read_text("/etc/subuid");
  const std::string gids = read_text("/etc/subgid");
  if (uids.empty() || gids.empty()) return;
  const passwd* user = ::getpwuid(::geteuid());
  const std::string name = user != nullptr ? user->pw_name : "";
  plan.uids = subordinate_range(uids, name, ::geteuid());
  plan.gids = subordinate_range(gids, name, ::geteuid());
  if (plan.uids && plan.gids) plan.wanted = IdRange::subordinate;
}

bool write_map(pid_t child, const char* file, const std::string& map) {
  const std::string path = "/proc/" + std::to_string(child) + "/" + file;
  return raw::write_file(path.c_str(), map.data(), map.size()) == 0;
}

bool run_quietly(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (auto& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
  }
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, arguments[0], &files, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  int status = -1;
  if (error != 0) return false;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

bool run_helper(const char* helper, pid_t child, std::uint32_t own, const SubordinateRange& range) {
  return run_quietly({helper, std::to_string(child), "0", std::to_string(own), "1", "1", std::to_string(range.first),
                      std::to_string(range.count)});
}

}  // namespace

IdPlan plan_ids() {
  IdPlan plan;
  plan.single_uid = "0 " + std::to_string(::geteuid()) + " 1";
  plan.single_gid = "0 " + std::to_string(::getegid()) + " 1";
  if (::geteuid() != 0) {
    plan_subordinates(plan);
    return plan;
  }
  plan.wanted = IdRange::full;
  plan.full_uid = identity_map(read_text("/proc/self/uid_map"));
  plan.full_gid = identity_map(read_text("/proc/self/gid_map"));
  return plan;
}

MapsWritten write_maps_of(pid_t child, const IdPlan& plan) {
  MapsWritten written{false, false, static_cast<std::uint8_t>(plan.wanted)};
  auto refused = IdRange::full_refused;
  if (plan.wanted == IdRange::full) {
    written.uid = write_map(child, "uid_map", plan.full_uid);
    written.gid = write_map(child, "gid_map", plan.full_gid);
  } else if (plan.wanted == IdRange::subordinate) {
    refused = IdRange::helper_refused;
    written.uid = run_helper("newuidmap", child, ::geteuid(), *plan.uids);
    written.gid = run_helper("newgidmap", child, ::getegid(), *plan.gids);
  } else {
    return written;
  }
  if (!written.uid || !written.gid) written.ids = static_cast<std::uint8_t>(refused);
  return written;
}

int write_single_maps(const IdPlan& plan, const MapsWritten& written) noexcept {
  if (!written.uid) {
    if (const int error = raw::write_file("/proc/self/uid_map", plan.single_uid.data(), plan.single_uid.size())) {
      return error;
    }
  }
  if (written.gid) return 0;
  // Without privilege a group map is only accepted once setgroups(2) is given up. ENOENT: a kernel before 3.19.
  const int denied = raw::write_file("/proc/self/setgroups", "deny", 4);
  if (denied != 0 && denied != ENOENT) return denied;
  return raw::write_file("/proc/self/gid_map", plan.single_gid.data(), plan.single_gid.size());
}

std::string identity_map(std::string_view text) {
  std::istringstream lines{std::string{text}};
  std::string map;
  for (std::string inside, outside, count; lines >> inside >> outside >> count;) {
    map.append(inside).append(" ").append(inside).append(" ").append(count).append("\n");
  }
  return map;
}

std::optional<SubordinateRange> subordinate_range(std::string_view text, std::string_view name, std::uint32_t id) {
  std::optional<SubordinateRange> best;
  while (!text.empty()) {
    auto line = cut(text, '\n');
    const auto owner = cut(line, ':');
    const auto first = parse_number(cut(line, ':'));
    const auto count = parse_number(line);
    if (!first || !count || *count == 0) continue;
    const bool ours = (!name.empty() && owner == name) || parse_number(owner) == id;
    if (ours && (!best || *count > best->count)) best = SubordinateRange{*first, *count};
  }
  return best;
}

}  // namespace netrig::sandbox
