#include <netrig/base/directory.h>
#include <netrig/net/text.h>
#include <netrig/netns/list.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <sys/stat.h>

namespace netrig::netns {

namespace {

std::optional<pid_t> pid_of(const std::string& name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

Result<std::vector<pid_t>> processes() {
  std::vector<pid_t> pids;
  const auto names = names_in("/proc");
  if (!names) return fail(Error::from_errno("list the processes", "/proc", names.error().code, "is /proc mounted?"));
  for (const auto& name : *names) {
    if (const auto pid = pid_of(name)) pids.push_back(*pid);
  }
  std::ranges::sort(pids);
  return pids;
}

// Without the quotation marks.
std::string escaped(const std::string& text) {
  const auto in_quotes = quote(text);
  return in_quotes.substr(1, in_quotes.size() - 2);
}

// None for a process that has ended.
std::optional<std::string> command_of(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/comm"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (text.empty()) return std::nullopt;
  if (text.ends_with('\n')) text.pop_back();
  return escaped(text);
}

}  // namespace

std::string NetNsUse::to_string() const {
  std::string text = id.to_string();
  for (const auto& process : processes) {
    text += (&process == processes.data() ? "  " : ", ") + std::to_string(process.pid) + ' ' + process.command;
  }
  return text;
}

std::string NetNsList::to_string() const {
  std::string text;
  for (const auto& use : namespaces) text += (text.empty() ? "" : "\n") + use.to_string();
  if (unreadable == 0) return text;
  return text + (text.empty() ? "" : "\n") + "and those of " + std::to_string(unreadable) +
         " processes that may not be looked at";
}

Result<NetNsList> list() {
  NetNsList found;
  std::map<NetNsId, std::vector<NetNsProcess>> uses;
  for (const pid_t pid : NETRIG_TRY(processes())) {
    const auto path = "/proc/" + std::to_string(pid) + "/ns/net";
    struct stat seen{};
    if (stat(path.c_str(), &seen) != 0) {
      if (errno == EACCES || errno == EPERM)
        ++found.unreadable;
      else if (errno != ENOENT && errno != ESRCH)
        return fail(Error::from_errno("look at", path, errno));
      continue;
    }
    if (auto command = command_of(pid)) uses[{seen.st_dev, seen.st_ino}].push_back({pid, *std::move(command)});
  }
  for (auto& [id, processes] : uses) found.namespaces.push_back({id, std::move(processes)});
  return found;
}

}  // namespace netrig::netns
