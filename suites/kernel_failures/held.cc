#include <netrig/suites/kernel_failures/held.h>
#include <netrig/testing/eventually.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace netrig::kernel_failures {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::vector<std::string> descriptors() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone;
    const auto target = fs::read_symlink(entry.path(), gone);
    // The iterator's own is the directory.
    if (!gone && !target.string().ends_with("/fd"))
      found.push_back(entry.path().filename().string() + " " + target.string());
  }
  std::ranges::sort(found);
  return found;
}

std::vector<std::string> processes() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator{"/proc"}) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string command;
    std::getline(std::ifstream{entry.path() / "comm"}, command);
    found.push_back(std::string{name}.append(" ").append(command));
  }
  std::ranges::sort(found);
  return found;
}

std::size_t threads() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator{"/proc/self/task"}, fs::directory_iterator{}));
}

void list_more(std::string& text, const std::vector<std::string>& before, const std::vector<std::string>& now) {
  std::vector<std::string> more;
  std::ranges::set_difference(now, before, std::back_inserter(more));
  for (const auto& each : more) text += "\n  " + each;
}

std::string read_line(const std::string& path) {
  std::string line;
  std::getline(std::ifstream{path}, line);
  return line;
}

bool write_line(const std::string& path, const std::string& line) {
  std::ofstream file{path};
  return static_cast<bool>(file << line << std::flush);
}

}  // namespace

Held held_now() { return {descriptors(), threads(), processes()}; }

testing::AssertionResult holds_as(const Held& before) {
  Held now;
  const auto as_before = eventually(20s, [&] {
    now = held_now();
    return std::ranges::includes(before.descriptors, now.descriptors) && now.threads <= before.threads &&
           std::ranges::includes(before.processes, now.processes);
  });
  if (as_before) return testing::AssertionSuccess();
  std::string more = "descriptors:";
  list_more(more, before.descriptors, now.descriptors);
  more += "\nprocesses:";
  list_more(more, before.processes, now.processes);
  return testing::AssertionFailure() << "left behind: " << more << "\nthreads: " << now.threads << " instead of "
                                     << before.threads;
}

std::optional<Setting> Setting::make(const std::string& path, const std::string& value) {
  auto before = read_line(path);
  if (!write_line(path, value)) return std::nullopt;
  return Setting{path, std::move(before)};
}

Setting::~Setting() {
  if (!path_.empty()) write_line(path_, before_);
}

NamespaceLimit::NamespaceLimit(const std::string& kind, std::size_t count)
    : setting_{Setting::make("/proc/sys/user/max_" + kind + "_namespaces", std::to_string(count)).value()} {}

}  // namespace netrig::kernel_failures
