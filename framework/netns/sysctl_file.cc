#include <netrig/base/unique_fd.h>
#include <netrig/netns/sysctl_file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace netrig::netns {

namespace {

Error explained(int code) {
  const auto reason = [code]() -> std::string {
    switch (code) {
      case ENOENT:
        return "no such setting is here: the kernel or a module lacks it, or shows it to the host alone";
      case EACCES:
        return "the kernel keeps it from user namespaces, or from everybody";
      case EPERM:
        return "the kernel does not let a user namespace set it so";
      case EROFS:
        return "/proc/sys is read-only: start the container with --security-opt systempaths=unconfined (podman: "
               "--security-opt unmask=ALL)";
      case EINVAL:
        return "the kernel does not take this value";
      default:
        return {};
    }
  }();
  return Error::from_errno({}, {}, code, reason);
}

}  // namespace

Result<std::string> read_setting(int directory, const char* path) {
  const UniqueFd file{openat(directory, path, O_RDONLY | O_CLOEXEC)};
  if (!file) return fail(explained(errno));
  std::string value;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto size = read(file.get(), chunk.data(), chunk.size());
    if (size < 0) return fail(explained(errno));
    if (size == 0) break;
    value.append(chunk.data(), static_cast<std::size_t>(size));
  }
  if (value.ends_with('\n')) value.pop_back();
  std::ranges::replace(value, '\t', ' ');
  return value;
}

Result<void> write_setting(int directory, const char* path, std::string_view value) {
  const UniqueFd file{openat(directory, path, O_WRONLY | O_CLOEXEC)};
  if (!file) return fail(explained(errno));
  const auto line = std::string{value} + '\n';
  if (write(file.get(), line.data(), line.size()) < 0) return fail(explained(errno));
  return {};
}

}  // namespace netrig::netns
