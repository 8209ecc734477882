// Names of network namespaces as `ip netns` has them: files in /run/netns on which the namespace is mounted.
#include <netrig/base/scope_exit.h>
#include <netrig/process/mount_thread.h>
#include <netrig/process/node_space.h>

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <unistd.h>
#include <vector>

namespace netrig::process {

namespace {

std::string operation(const std::string& verb, std::string_view name) {
  return verb + " ip netns name \"" + std::string{name} + "\"";
}

Result<std::string> path_of(const std::string& verb, std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.find_first_of(std::string_view{"/\0", 2}) != name.npos) {
    return fail(Error::invalid(operation(verb, name), "", "it must be a file name"));
  }
  return "/run/netns/" + std::string{name};
}

int take_away(const std::string& path) {
  if (::umount2(path.c_str(), MNT_DETACH) != 0 && errno != EINVAL) return errno;  // EINVAL: nothing is mounted there
  return ::unlink(path.c_str()) == 0 ? 0 : errno;
}

Result<void> expose(const NamedNetNs& named, const std::string& path) {
  const auto refused = [&] { return fail(Error::from_errno(operation("add", named.name), "", errno)); };
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444)};
  if (!file) return refused();
  ScopeExit remove{[&] { ::unlink(path.c_str()); }};
  // By descriptor: inside, /proc does not show the process that holds it.
  const UniqueFd tree{::open_tree(named.network, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)};
  if (!tree || ::move_mount(tree.get(), "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) return refused();
  remove.dismiss();
  return {};
}

}  // namespace

Result<void> expose_netns(const sandbox::ProgramSpace& space, std::span<const NamedNetNs> names) {
  return run_in_mounts(space.mount_namespace(), [&](int) -> Result<void> {
    std::vector<std::string> done;
    ScopeExit undo{[&] {
      for (const auto& path : done) take_away(path);
    }};
    for (const auto& named : names) {
      const auto path = NETRIG_TRY(path_of("add", named.name));
      NETRIG_TRY(expose(named, path));
      done.push_back(path);
    }
    undo.dismiss();
    return {};
  });
}

Result<void> hide_netns(const sandbox::ProgramSpace& space, std::string_view name) {
  return run_in_mounts(space.mount_namespace(), [&](int) -> Result<void> {
    const int code = take_away(NETRIG_TRY(path_of("delete", name)));
    if (code == 0) return {};
    return fail(Error::from_errno(operation("delete", name), "", code));
  });
}

}  // namespace netrig::process
