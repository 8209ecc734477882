#include <netrig/base/fault_point.h>
#include <netrig/base/limits.h>
#include <netrig/process/mount_thread.h>
#include <netrig/process/mounts.h>
#include <netrig/process/node_space.h>

#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>
#include <utility>

namespace netrig::process {

namespace {

Result<UniqueFd> open_at(int directory, const char* path, int flags) {
  UniqueFd fd{::openat(directory, path, flags | O_CLOEXEC)};
  if (!fd) return fail(Error::from_errno(std::string{"open "} + path, "", errno));
  return fd;
}

std::string explain_limits() { return describe_namespace_limit("mnt") + "; " + describe_namespace_limit("uts"); }

// Before the mount namespace is made, for sysfs shows the network namespace of whom mounts it.
Result<void> enter_own_namespaces(int network, const std::string& name) {
  if (::setns(network, CLONE_NEWNET) != 0) return fail(Error::from_errno("enter its network namespace", "", errno));
  if (::unshare(CLONE_NEWNS | CLONE_NEWUTS) != 0) {
    const int code = errno;
    return fail(
        Error::from_errno("make its mount and host name namespaces", "", code, code == ENOSPC ? explain_limits() : ""));
  }
  if (::sethostname(name.data(), name.size()) != 0) {
    return fail(Error::from_errno("set its host name", "", errno, "at most 64 bytes, see sethostname(2)"));
  }
  return {};
}

}  // namespace

Result<NodeSpace> NodeSpace::create(const sandbox::ProgramSpace& space, const netns::NetNs& network, NodeFiles files) {
  NodeSpace node{files.name, NETRIG_TRY(network.duplicate())};
  auto made = run_in_mounts(space.mount_namespace(), [&](int own_namespaces) -> Result<void> {
    NETRIG_TRY(enter_own_namespaces(network.fd(), files.name));
    fault_point("mount-node-files");
    NETRIG_TRY(mount_sys());
    NETRIG_TRY(mount_run());
    NETRIG_TRY(mount_etc(files));
    node.mounts_ = NETRIG_TRY(open_at(own_namespaces, "mnt", O_RDONLY));
    node.host_name_ = NETRIG_TRY(open_at(own_namespaces, "uts", O_RDONLY));
    node.root_ = NETRIG_TRY(open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
    return {};
  });
  if (made) return node;
  const auto& error = made.error();
  const auto detail = error.detail.empty() ? error.operation : error.operation + ": " + error.detail;
  return fail(Error::from_errno("prepare for programs", files.name, error.code, detail));
}

}  // namespace netrig::process
