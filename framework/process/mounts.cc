#include <netrig/process/etc_files.h>
#include <netrig/process/mounts.h>
#include <netrig/sandbox/room.h>

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>

namespace netrig::process {

namespace {

constexpr unsigned long kNoPrograms = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr const char* kHostEtc = "/run/netrig/etc";
constexpr const char* kStaging = "/run/netrig/run";

Result<void> outcome(int returned, const char* operation) {
  if (returned == 0) return {};
  return fail(Error::from_errno(operation, "", errno));
}

Result<void> make_directory(const char* path) {
  if (::mkdir(path, 0755) == 0 || errno == EEXIST) return {};
  return fail(Error::from_errno(std::string{"mkdir "} + path, "", errno));
}

bool is_other_directory(const char* left, const char* right) {
  struct stat a{};
  struct stat b{};
  return ::stat(left, &a) == 0 && ::stat(right, &b) == 0 && (a.st_dev != b.st_dev || a.st_ino != b.st_ino);
}

// The host's /etc with all that is mounted in it (containers have /etc/resolv.conf so), read-only throughout.
Result<void> mount_host_etc() {
  NETRIG_TRY(make_directory("/run/netrig"));
  NETRIG_TRY(make_directory(kHostEtc));
  const UniqueFd tree{
      ::open_tree(AT_FDCWD, "/etc", static_cast<unsigned>(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE))};
  if (!tree) return fail(Error::from_errno("open_tree /etc", "", errno));
  mount_attr read_only{.attr_set = MOUNT_ATTR_RDONLY, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
  NETRIG_TRY(outcome(::mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &read_only, sizeof read_only),
                     "mount_setattr /etc read-only"));
  return outcome(::move_mount(tree.get(), "", AT_FDCWD, kHostEtc, MOVE_MOUNT_F_EMPTY_PATH),
                 "move_mount /run/netrig/etc");
}

}  // namespace

Result<void> mount_sys() {
  const int code = sandbox::mount_sysfs();
  if (code == 0) return {};
  return fail(Error::from_errno("mount sysfs on /sys", "", code));
}

// Prepared aside and moved over /run: the lab's /run/netns is bound by one call, so that no name that appears meanwhile
// is missed, and stays a peer of the lab's, so that later ones propagate (mount_namespaces(7), shared subtrees).
Result<void> mount_run() {
  NETRIG_TRY(make_directory("/run/netrig"));
  NETRIG_TRY(make_directory(kStaging));
  NETRIG_TRY(outcome(::mount("tmpfs", kStaging, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"), "mount tmpfs on /run"));
  const auto names = std::string{kStaging} + "/netns";
  NETRIG_TRY(make_directory(names.c_str()));
  NETRIG_TRY(
      outcome(::mount("/run/netns", names.c_str(), nullptr, MS_BIND | MS_REC, nullptr), "mount --rbind /run/netns"));
  NETRIG_TRY(outcome(::mount(kStaging, "/run", nullptr, MS_MOVE, nullptr), "mount --move /run"));
  if (!is_other_directory("/run", "/var/run")) return {};
  return outcome(::mount("/run", "/var/run", nullptr, MS_BIND | MS_REC, nullptr), "mount --rbind /run /var/run");
}

Result<void> mount_etc(const NodeFiles& files) {
  NETRIG_TRY(mount_host_etc());
  NETRIG_TRY(outcome(::mount("tmpfs", "/etc", "tmpfs", kNoPrograms, "mode=0755"), "mount tmpfs on /etc"));
  return fill_etc("/etc", kHostEtc, files);
}

}  // namespace netrig::process
