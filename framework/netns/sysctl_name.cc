#include <netrig/net/text.h>
#include <netrig/netns/sysctl.h>

#include <algorithm>

namespace netrig::netns {

namespace {

std::string_view why_no_path(std::string_view path) {
  if (!path.starts_with("net/"))
    return "only settings under net, such as net.ipv4.ip_forward, belong to a network namespace";
  if (path.find('\0') != std::string_view::npos) return "it has a zero byte in it";
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const auto part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return "a part of it is empty, or is . or ..";
    path.remove_prefix(end);
    if (path == "/") return "it ends with a separator";
    if (!path.empty()) path.remove_prefix(1);
  }
  return {};
}

char swapped(char c) {
  if (c == '.') return '/';
  if (c == '/') return '.';
  return c;
}

}  // namespace

Result<std::string> sysctl_path(std::string_view name) {
  std::string path{name};
  const auto separator = name.find_first_of("./");
  if (separator != std::string_view::npos && name[separator] == '.')
    std::ranges::transform(path, path.begin(), swapped);
  if (const auto why = why_no_path(path); !why.empty()) return fail(parse_error("sysctl name", name, why));
  return path;
}

std::string interface_sysctl(AddressFamily family, const InterfaceName& interface, std::string_view key) {
  std::string part{interface.view()};
  std::ranges::replace(part, '.', '/');
  return "net." + to_string(family) + ".conf." + part + '.' + std::string{key};
}

}  // namespace netrig::netns
