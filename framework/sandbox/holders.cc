#include <netrig/sandbox/holders.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <set>
#include <sstream>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

namespace fs = std::filesystem;

std::string directory_of(pid_t pid) { return "/proc/" + std::to_string(pid); }

std::string link_of(const fs::path& path) {
  std::error_code gone;
  return fs::read_symlink(path, gone).string();
}

std::string command_of(pid_t pid) {
  std::string name;
  std::getline(std::ifstream{directory_of(pid) + "/comm"}, name);
  return name;
}

// One field of proc_pid_status(5), as a number.
pid_t status_field(pid_t pid, std::string_view name) {
  std::ifstream status{directory_of(pid) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::atoi(line.c_str() + name.size());
  }
  return 0;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  std::error_code gone;
  for (fs::directory_iterator each{"/proc", gone}, end; !gone && each != end; each.increment(gone)) {
    const std::string name = each->path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) pids.push_back(std::atoi(name.c_str()));
  }
  return pids;
}

std::optional<std::string> descriptor_of(pid_t pid, std::string_view name) {
  std::error_code gone;
  for (fs::directory_iterator each{directory_of(pid) + "/fd", gone}, end; !gone && each != end; each.increment(gone)) {
    if (link_of(each->path()) == name) return each->path().filename();
  }
  return std::nullopt;
}

// In proc_pid_mountinfo(5), the root of a mounted namespace is its name.
std::optional<std::string> mount_of(pid_t pid, std::string_view name) {
  std::ifstream mounts{directory_of(pid) + "/mountinfo"};
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words{line};
    std::string word;
    std::string root;
    std::string point;
    words >> word >> word >> word >> root >> point;
    if (root == name) return point;
  }
  return std::nullopt;
}

// Nothing: it has nothing to do with it.
std::optional<std::string> hold_of(pid_t pid, std::string_view name) {
  const std::string kind{name.substr(0, name.find(':'))};
  if (name_of_namespace(pid, kind) == name) return "is in it";
  if (const auto descriptor = descriptor_of(pid, name)) return "holds it by descriptor " + *descriptor;
  if (const auto point = mount_of(pid, name)) return "has it mounted at " + *point;
  return std::nullopt;
}

std::string named(pid_t pid) { return "process " + std::to_string(pid) + " (" + command_of(pid) + ")"; }

// The processes in the pid namespace `name`. A dead one keeps it until it is reaped.
std::set<pid_t> members_of(std::string_view name) {
  std::set<pid_t> members;
  for (const pid_t pid : all_processes()) {
    if (name_of_namespace(pid, "pid") == name) members.insert(pid);
  }
  return members;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Holder& holder) {
  return out << "process " << holder.pid << " (" << holder.command << ") " << holder.how;
}

std::string name_of_namespace(pid_t pid, std::string_view kind) {
  return link_of(directory_of(pid) + "/ns/" + std::string{kind});
}

std::vector<Holder> holders_of(std::string_view name) {
  std::vector<Holder> holders;
  for (const pid_t pid : all_processes()) {
    if (const auto how = hold_of(pid, name)) holders.push_back({pid, command_of(pid), *how});
  }
  return holders;
}

std::optional<Holder> tracer_of(pid_t pid) {
  const pid_t tracer = status_field(pid, "TracerPid:");
  if (tracer == 0) return std::nullopt;
  return Holder{tracer, command_of(tracer), "traces " + named(pid)};
}

std::vector<Holder> delayers_of(std::string_view name, pid_t init) {
  std::vector<Holder> delayers;
  const auto members = members_of(name);
  for (const pid_t pid : members) {
    const auto tracer = tracer_of(pid);
    const pid_t parent = status_field(pid, "PPid:");
    if (tracer && !members.contains(tracer->pid)) {
      delayers.push_back(*tracer);
    } else if (parent != 0 && parent != ::getpid() && pid != init && !members.contains(parent)) {
      delayers.push_back({parent, command_of(parent), "has not reaped " + named(pid)});
    }
  }
  return delayers;
}

}  // namespace netrig::sandbox
