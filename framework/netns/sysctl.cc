#include <netrig/base/directory.h>
#include <netrig/base/unique_fd.h>
#include <netrig/net/text.h>
#include <netrig/netns/guard.h>
#include <netrig/netns/sysctl.h>
#include <netrig/netns/sysctl_file.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>

namespace netrig::netns {

namespace {

constexpr std::string_view kRoot = "/proc/sys/";

struct Write {
  std::string file;
  std::string operation;
  std::string value;
};

std::string file_of(std::string_view path) { return std::string{kRoot} + std::string{path}; }

// `net/ipv4/conf/eth0.1/forwarding` as a name with dots between parts.
std::string dotted(std::string_view path) {
  std::string name{path};
  std::ranges::transform(name, name.begin(), [](char c) { return c == '/' ? '.' : c == '.' ? '/' : c; });
  return name;
}

Error told(Error error, std::string operation, std::string object) {
  error.operation = std::move(operation);
  error.object = std::move(object);
  return error;
}

// Not the file's or the folder's own answer, but a limit of this process's, or of the kernel's.
bool is_shortage(int code) { return code == EMFILE || code == ENFILE || code == ENOMEM; }

// What cannot be read is left out: it can only be written, or is kept from user namespaces, or went with its interface
// (`conf/NAME`) since its name was read.
Result<void> read_all_in(const std::string& directory, SysctlSnapshot& values) {
  for (const auto& name : NETRIG_TRY(names_in(directory))) {
    auto path = directory;
    path.append("/").append(name);
    auto value = read_setting(AT_FDCWD, path.c_str());
    if (value) {
      values.emplace(dotted(path.substr(kRoot.size())), *std::move(value));
      continue;
    }
    auto inner =
        value.error().code == EISDIR ? read_all_in(path, values) : Result<void>{fail(std::move(value).error())};
    if (!inner && is_shortage(inner.error().code)) return inner;
  }
  return {};
}

Result<SysctlSnapshot> read_all() {
  SysctlSnapshot values;
  const auto read = read_all_in(file_of("net"), values);
  if (read) return values;
  return fail(Error::from_errno("read every setting", file_of("net"), read.error().code,
                                read.error().code == ENOENT ? "is /proc mounted?" : ""));
}

}  // namespace

template <class F>
std::invoke_result_t<F> Sysctls::inside(F fn) const {
  return netns_ == nullptr ? fn() : netns_->run(fn);
}

Result<std::string> Sysctls::get(std::string_view name) const {
  const auto path = NETRIG_TRY(sysctl_path(name));
  auto value = inside([&] { return read_setting(AT_FDCWD, file_of(path).c_str()); });
  if (value) return value;
  return fail(told(std::move(value).error(), "read setting " + std::string{name},
                   netns_ == nullptr ? "" : netns_->id().to_string()));
}

Result<std::int64_t> Sysctls::get_int(std::string_view name) const {
  const auto text = NETRIG_TRY(get(name));
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return number;
  return fail(
      Error::invalid("read setting " + std::string{name}, {}, "its value " + quote(text) + " is not one number"));
}

Result<bool> Sysctls::get(Sysctl<bool> setting) const { return NETRIG_TRY(get_int(setting.name)) != 0; }

Result<void> Sysctls::set(std::string_view name, std::string_view value) const {
  return set_all({{std::string{name}, std::string{value}}});
}

Result<void> Sysctls::set(Sysctl<std::int64_t> setting, std::int64_t value) const {
  return set(setting.name, std::to_string(value));
}

Result<void> Sysctls::set_all(const std::vector<SysctlValue>& values) const {
  std::vector<Write> writes;
  for (const auto& [name, value] : values) {
    const auto path = NETRIG_TRY(sysctl_path(name));
    writes.push_back({file_of(path), "set " + name + " to " + quote(value), value});
  }
  if (writes.empty()) return {};
  return inside([&]() -> Result<void> {
    const auto here = NETRIG_TRY(netns_ == nullptr ? NetNs::current() : netns_->duplicate());
    NETRIG_TRY(require_ours(here, writes.front().operation));
    for (auto& write : writes) {
      auto done = write_setting(AT_FDCWD, write.file.c_str(), write.value);
      if (!done) return fail(told(std::move(done).error(), std::move(write.operation), here.id().to_string()));
    }
    return {};
  });
}

Result<SysctlSnapshot> Sysctls::snapshot() const {
  return inside([] { return read_all(); });
}

}  // namespace netrig::netns
