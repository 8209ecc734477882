#include <netrig/net/text.h>
#include <netrig/netns/baseline.h>
#include <netrig/netns/guard.h>
#include <netrig/netns/sysctl.h>
#include <netrig/netns/sysctl_file.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>

namespace netrig::netns {

namespace {

// Namespaces that share /proc, or an instance of procfs: beyond so many, a look-up costs more than another instance.
constexpr std::size_t kNamespacesPerProcfs = 32;

// An instance of procfs that is mounted nowhere and goes away with its fd. None where the kernel or the container
// refuses.
UniqueFd mount_procfs() {
  const UniqueFd context{fsopen("proc", FSOPEN_CLOEXEC)};
  if (!context || fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return UniqueFd{};
  return UniqueFd{fsmount(context.get(), FSMOUNT_CLOEXEC, 0)};
}

// Writes settings of one namespace, looking up each folder of sys/net once.
class FolderWriter {
 public:
  explicit FolderWriter(int procfs) : procfs_{procfs} {}

  // `path` is like net/ipv4/ip_forward.
  Result<void> write(const std::string& path, std::string_view value) {
    const auto end = path.find('/', path.find('/') + 1);
    if (const auto folder = std::string_view{path}.substr(0, end); folder != folder_) {
      fd_.reset(openat(procfs_, ("sys/" + std::string{folder}).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!fd_) return fail(Error::from_errno({}, {}, errno));
      folder_ = folder;
    }
    return write_setting(fd_.get(), path.c_str() + end + 1, value);
  }

 private:
  int procfs_;
  std::string folder_;
  UniqueFd fd_;
};

Result<void> write_one(FolderWriter& folders, const NetNs& netns, const std::string& name, std::string_view value) {
  auto written = folders.write(NETRIG_TRY(sysctl_path(name)), value);
  if (written) return {};
  auto error = std::move(written).error();
  error.operation = "set " + name + " to " + quote(value);
  error.object = netns.id().to_string();
  return fail(std::move(error));
}

}  // namespace

Result<int> BaselineWriter::procfs() {
  if (uses_++ % kNamespacesPerProcfs == 0 && may_mount_) {
    // The first few do with /proc as it is.
    UniqueFd next = procfs_.empty() ? UniqueFd{open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)} : mount_procfs();
    may_mount_ = next.valid();
    if (next) procfs_.push_back(std::move(next));
  }
  if (procfs_.empty())
    return fail(Error::from_errno("open", "/proc", errno, errno == ENOENT ? "is /proc mounted?" : ""));
  return (may_mount_ ? procfs_.back() : procfs_.front()).get();
}

Result<void> BaselineWriter::write(const NetNs& netns) {
  if (baseline_->difference().empty()) return {};
  NETRIG_TRY(require_ours(netns, "write the baseline of settings"));
  FolderWriter folders{NETRIG_TRY(procfs())};
  for (const auto& setting : baseline_->difference())
    NETRIG_TRY(write_one(folders, netns, std::string{setting.name}, setting.value));
  return {};
}

Result<void> BaselineWriter::write_here() { return write(NETRIG_TRY(NetNs::current())); }

Result<void> BaselineWriter::write_devices_here(std::span<const InterfaceName> devices) {
  if (baseline_->device_difference().empty() || devices.empty()) return {};
  const auto netns = NETRIG_TRY(NetNs::current());
  NETRIG_TRY(require_ours(netns, "write the baseline of settings"));
  FolderWriter folders{NETRIG_TRY(procfs())};
  for (const auto& device : devices) {
    for (const auto& setting : baseline_->device_difference())
      NETRIG_TRY(write_one(folders, netns, device_setting(setting.name, device), setting.value));
  }
  return {};
}

}  // namespace netrig::netns
