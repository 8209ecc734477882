#include <netrig/base/unique_fd.h>
#include <netrig/suites/teardown/holders.h>

#include <cctype>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sched.h>
#include <set>
#include <sstream>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <linux/magic.h>
#include <linux/nsfs.h>

namespace netrig::teardown {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKinds[] = {"user", "pid", "mnt", "net", "ipc", "uts", "cgroup", "time"};

std::uint64_t inode_of(int fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

// Looks each user namespace up once.
class Ancestry {
 public:
  explicit Ancestry(int ancestor) : ancestor_{inode_of(ancestor)} {}

  // Of the namespace behind `fd`. False where it is none.
  bool has(const UniqueFd& fd) {
    if (!fd.valid()) return false;
    struct statfs system{};
    if (::fstatfs(fd.get(), &system) != 0 || system.f_type != NSFS_MAGIC) return false;
    if (::ioctl(fd.get(), NS_GET_NSTYPE) == CLONE_NEWUSER) return descends(fd);
    return descends(UniqueFd{::ioctl(fd.get(), NS_GET_USERNS)});  // refused: it belongs to somebody above this process
  }
  // Of the user namespace `/proc/PID/ns/user`.
  bool has_process(const std::string& process) {
    return has(UniqueFd{::open((process + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC)});
  }

 private:
  bool descends(const UniqueFd& user) {
    if (!user.valid()) return false;
    const auto inode = inode_of(user.get());
    if (inode == ancestor_) return true;
    if (const auto known = known_.find(inode); known != known_.end()) return known->second;
    const bool below = descends(UniqueFd{::ioctl(user.get(), NS_GET_PARENT)});
    known_[inode] = below;
    return below;
  }

  std::uint64_t ancestor_;
  std::map<std::uint64_t, bool> known_;
};

void for_each_process(const std::function<void(const std::string& directory)>& visit) {
  for (const auto& entry : fs::directory_iterator{"/proc"}) {
    if (std::isdigit(static_cast<unsigned char>(entry.path().filename().native().front())) != 0) visit(entry.path());
  }
}

std::string name_of_process(const std::string& process) {
  std::string name = "?";
  std::getline(std::ifstream{process + "/comm"}, name);
  return "process " + process.substr(std::string_view{"/proc/"}.size()) + " (" + name + ")";
}

// By inode: two holders of one are one namespace.
class Collection {
 public:
  Collection(int ancestor, const std::vector<int>& except) : ancestry_{ancestor} {
    for (const int fd : except) except_.insert(inode_of(fd));
  }

  // The namespace that `path` leads to, if it is one of ours.
  void look_at(const std::string& path, const std::string& holder) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!ancestry_.has(fd) || except_.contains(inode_of(fd.get()))) return;
    std::error_code gone;
    const auto name = fs::read_symlink("/proc/self/fd/" + std::to_string(fd.get()), gone);
    found_.emplace(inode_of(fd.get()), "namespace " + name.filename().string() + " held by " + holder);
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& [inode, line] : found_) lines.push_back(line);
    return lines;
  }

 private:
  Ancestry ancestry_;
  std::set<std::uint64_t> except_;
  std::map<std::uint64_t, std::string> found_;
};

void look_at_descriptors(const std::string& process, Collection& found) {
  std::error_code gone;
  for (fs::directory_iterator each{process + "/fd", gone}, end; !gone && each != end; each.increment(gone)) {
    const auto target = fs::read_symlink(each->path(), gone).string();
    if (target.find(":[") == std::string::npos || target.starts_with("socket:") || target.starts_with("pipe:"))
      continue;
    found.look_at(each->path(), "descriptor " + each->path().filename().string() + " of " + name_of_process(process));
  }
}

// In mountinfo, proc_pid_mountinfo(5), the root of such a mount is `net:[4026531840]` and its type nsfs.
void look_at_mounts(const std::string& process, Collection& found) {
  std::ifstream mounts{process + "/mountinfo"};
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words{line};
    std::string word;
    std::string root;
    std::string target;
    words >> word >> word >> word >> root >> target;
    if (root.find(":[") == std::string::npos) continue;
    found.look_at(std::string{process}.append("/root").append(target),
                  std::string{"a mount at "}.append(target).append(" of ").append(name_of_process(process)));
  }
}

}  // namespace

std::vector<std::string> processes_below(int ancestor) {
  std::vector<std::string> lines;
  Ancestry ancestry{ancestor};
  for_each_process([&](const std::string& process) {
    if (ancestry.has_process(process)) lines.push_back(name_of_process(process));
  });
  return lines;
}

std::vector<std::string> namespaces_below(int ancestor, const std::vector<int>& except) {
  Collection found{ancestor, except};
  std::set<std::uint64_t> seen;
  for_each_process([&](const std::string& process) {
    for (const char* kind : kKinds) found.look_at(process + "/ns/" + kind, name_of_process(process));
    look_at_descriptors(process, found);
    struct stat mounts{};
    if (::stat((process + "/ns/mnt").c_str(), &mounts) == 0 && seen.insert(mounts.st_ino).second) {
      look_at_mounts(process, found);
    }
  });
  return found.lines();
}

}  // namespace netrig::teardown
