#include <netrig/base/fault_point.h>
#include <netrig/base/limits.h>
#include <netrig/base/living_namespaces.h>
#include <netrig/netns/net_ns.h>

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/nsfs.h>

namespace netrig::netns {

namespace {

constexpr std::string_view kCreate = "create a network namespace";

std::string explain_refusal(int code) {
  switch (code) {
    case EPERM:
      return "it takes CAP_SYS_ADMIN in the user namespace, which the sandbox gives: run under it";
    case ENOSPC:
      return describe_namespace_limit("net");
    case EINVAL:
      return "this kernel has no network namespaces (CONFIG_NET_NS)";
    default:
      return {};
  }
}

// Gives errno, 0 for success.
int unshare_network() {
  NamespacePatience patience{{"net"}};
  for (;;) {
    if (unshare(CLONE_NEWNET) == 0) return 0;
    const int code = errno;
    if (code != ENOSPC || !patience.wait()) return code;
  }
}

Result<UniqueFd> open_namespace_file(const std::string& path) {
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (fd) return fd;
  return fail(Error::from_errno("open network namespace " + path, {}, errno));
}

Error explain_process(pid_t pid, int code) {
  const auto operation = "open the network namespace of process " + std::to_string(pid);
  if (code == EACCES || code == EPERM) {
    return Error::from_errno(operation, {}, code,
                             "it belongs to another user or user namespace: run as that user, or as root");
  }
  if (code != ENOENT && code != ESRCH) return Error::from_errno(operation, {}, code);
  const bool zombie = access(("/proc/" + std::to_string(pid)).c_str(), F_OK) == 0;
  return Error::from_errno(operation, {}, ESRCH,
                           zombie ? "it has ended and waits to be reaped" : "no process has this number here");
}

}  // namespace

std::string NetNsId::to_string() const { return "net:[" + std::to_string(inode) + "]"; }

Result<NetNs> NetNs::make_and_enter() {
  if (const int code = unshare_network(); code != 0) {
    return fail(Error::from_errno(std::string{kCreate}, {}, code, explain_refusal(code)));
  }
  auto made = current();
  if (made) made->made_here_ = true;
  return made;
}

Result<NetNs> NetNs::create() {
  return detail::run_inside(std::nullopt, [] { return make_and_enter(); });
}

Result<std::vector<NetNs>> NetNs::create_many(std::size_t count, const Visit& inside) {
  return detail::run_inside(std::nullopt, [&]() -> Result<std::vector<NetNs>> {
    std::vector<NetNs> made;
    made.reserve(count);
    for (std::size_t index = 0; index < count; ++index) {
      made.push_back(NETRIG_TRY(make_and_enter()));
      fault_point("fresh-namespace");
      if (inside) {
        if (auto done = inside(index, made.back()); !done) return fail(std::move(done).error());
      }
    }
    return made;
  });
}

Result<NetNs> NetNs::current() { return open("/proc/thread-self/ns/net"); }

Result<NetNs> NetNs::of_process(pid_t pid) {
  auto fd = open_namespace_file("/proc/" + std::to_string(pid) + "/ns/net");
  if (!fd && fd.error().code == EMFILE) return fail(std::move(fd).error());
  if (!fd) return fail(explain_process(pid, fd.error().code));
  return adopt(*std::move(fd));
}

Result<NetNs> NetNs::open(const std::string& path) {
  auto netns = adopt(NETRIG_TRY(open_namespace_file(path)));
  if (!netns) netns.error().operation = "open network namespace " + path;
  return netns;
}

Result<NetNs> NetNs::adopt(UniqueFd fd) {
  constexpr auto kOperation = "use a file as a network namespace";
  const int type = ioctl(fd.get(), NS_GET_NSTYPE);
  if (type == -1 && errno != ENOTTY) return fail(Error::from_errno(kOperation, {}, errno));
  if (type != CLONE_NEWNET) {
    return fail(Error::from_errno(kOperation, {}, EINVAL,
                                  type == -1
                                      ? "it is not a namespace; a name that `ip netns add` did not finish, or whose "
                                        "mount is gone, looks like that"
                                      : "it is a namespace of another type"));
  }
  struct stat seen{};
  if (fstat(fd.get(), &seen) != 0) return fail(Error::from_errno(kOperation, {}, errno));
  return NetNs{std::move(fd), NetNsId{seen.st_dev, seen.st_ino}, false};
}

Result<UniqueFd> NetNs::socket(int domain, int type, int protocol) const {
  return run([&]() -> Result<UniqueFd> {
    UniqueFd made{::socket(domain, type | SOCK_CLOEXEC, protocol)};
    if (made) return made;
    return fail(Error::from_errno("make a socket", id_.to_string(), errno));
  });
}

Result<NetNs> NetNs::duplicate() const {
  UniqueFd copy{fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0)};
  if (!copy) return fail(Error::from_errno("duplicate " + id_.to_string(), {}, errno));
  return NetNs{std::move(copy), id_, made_here_};
}

Result<void> run_in_each(std::span<const NetNs* const> namespaces,
                         const std::function<Result<void>(std::size_t index)>& fn) {
  return detail::run_inside(std::nullopt, [&]() -> Result<void> {
    for (std::size_t index = 0; index < namespaces.size(); ++index) {
      if (setns(namespaces[index]->fd(), CLONE_NEWNET) != 0) {
        return fail(Error::from_errno("enter network namespace " + namespaces[index]->id().to_string(), {}, errno));
      }
      NETRIG_TRY(fn(index));
    }
    return {};
  });
}

}  // namespace netrig::netns
