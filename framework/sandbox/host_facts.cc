#include <netrig/sandbox/host_facts.h>
#include <netrig/sandbox/text_file.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace netrig::sandbox {
namespace {

std::optional<long> read_number(const char* path) {
  std::ifstream file{path};
  long value = 0;
  if (file >> value) return value;
  return std::nullopt;
}

bool is_at_home(std::string_view path, std::string_view type) {
  constexpr std::array<std::string_view, 19> kTypes{"cgroup",  "cgroup2",    "binfmt_misc", "autofs",     "debugfs",
                                                    "tracefs", "securityfs", "configfs",    "fusectl",    "pstore",
                                                    "bpf",     "efivarfs",   "nfsd",        "rpc_pipefs", "hugetlbfs",
                                                    "mqueue",  "selinuxfs",  "resctrl",     "smackfs"};
  return path == "/sys/fs/cgroup" || std::ranges::find(kTypes, type) != kTypes.end();
}

struct Mount {
  std::string point;
  std::string type;
};

std::vector<Mount> parse_mounts(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  std::istringstream lines{std::string{mountinfo}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string word;
    Mount mount;
    words >> word >> word >> word >> word >> mount.point;
    while (words >> word && word != "-") {  // options of varying number end with a hyphen
    }
    words >> mount.type;
    if (words) mounts.push_back(mount);
  }
  return mounts;
}

}  // namespace

std::vector<std::string> covered_paths(std::string_view mountinfo, std::string_view directory) {
  std::vector<std::string> paths;
  const std::string below = std::string{directory} + "/";
  for (const auto& [point, type] : parse_mounts(mountinfo)) {
    if (point.starts_with(below) && !is_at_home(point, type)) paths.push_back(point);
  }
  return paths;
}

std::string enforced_profile(std::string_view current) {
  const auto name = current.substr(0, current.find('\n'));
  const auto mode = name.find(" (");
  if (mode == std::string_view::npos) return std::string{name};
  return name.substr(mode) == " (complain)" ? "" : std::string{name.substr(0, mode)};
}

bool has_root_mount(std::string_view mountinfo) {
  return std::ranges::any_of(parse_mounts(mountinfo), [](const Mount& mount) { return mount.point == "/"; });
}

HostFacts read_host_facts() {
  HostFacts facts;
  const std::string status = read_text("/proc/self/status");
  const std::string mountinfo = read_text("/proc/self/mountinfo");
  facts.seccomp_filtered = status.find("\nSeccomp:\t2") != std::string::npos;
  facts.chrooted = !mountinfo.empty() && !has_root_mount(mountinfo);
  facts.unprivileged_userns_clone = read_number("/proc/sys/kernel/unprivileged_userns_clone");
  facts.apparmor_restricts_userns = read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  facts.max_user_namespaces = read_number("/proc/sys/user/max_user_namespaces");
  facts.max_pid_namespaces = read_number("/proc/sys/user/max_pid_namespaces");
  facts.max_mnt_namespaces = read_number("/proc/sys/user/max_mnt_namespaces");
  facts.max_net_namespaces = read_number("/proc/sys/user/max_net_namespaces");
  facts.max_ipc_namespaces = read_number("/proc/sys/user/max_ipc_namespaces");
  facts.max_uts_namespaces = read_number("/proc/sys/user/max_uts_namespaces");
  facts.apparmor_profile = enforced_profile(read_text("/proc/self/attr/apparmor/current"));
  facts.covered_proc = covered_paths(mountinfo, "/proc");
  facts.covered_sys = covered_paths(mountinfo, "/sys");
  std::error_code error;
  facts.program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  return facts;
}

}  // namespace netrig::sandbox
