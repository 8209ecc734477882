#include <netrig/base/open_files.h>
#include <netrig/process/launch_plan.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace netrig::process {

namespace {

constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kToolDirectories[] = {"/usr/local/sbin", "/usr/sbin", "/sbin"};

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  for (;;) {
    const auto colon = path.find(':');
    parts.emplace_back(path.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    path.remove_prefix(colon + 1);
  }
}

// Ordinary users have no sbin in their PATH, but are root in a node.
std::string with_tools(std::string path) {
  const auto parts = split(path);
  for (const auto directory : kToolDirectories) {
    if (std::ranges::find(parts, directory) != parts.end()) continue;
    path += path.empty() ? "" : ":";
    path += directory;
  }
  return path;
}

Result<std::map<std::string, std::string>> environment_of(const Command& command) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; command.inherits_environment && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  if (const auto path = variables.find("PATH"); path != variables.end()) path->second = with_tools(path->second);
  variables.emplace("PATH", kDefaultPath);
  for (const auto& [name, value] : command.environment) {
    if (name.empty() || name.find_first_of(std::string_view{"=\0", 2}) != std::string::npos) {
      return fail(
          Error::invalid("set environment variable \"" + name + "\"", "", "a name has no `=` and is not empty"));
    }
    variables.erase(name);
    if (value) variables.emplace(name, *value);
  }
  return variables;
}

std::vector<std::string> candidates_of(const std::string& program, const std::string& path) {
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::string> found;
  // An empty part means the working directory, see execvp(3).
  for (auto& directory : split(path)) found.push_back((directory.empty() ? "." : std::move(directory)) + "/" + program);
  return found;
}

Result<std::vector<Handover>> handovers_of(const Command& command, const int (&standard)[3]) {
  std::map<int, int> all{{0, standard[0]}, {1, standard[1]}, {2, standard[2]}};
  for (const auto& [target, source] : command.descriptors) {
    if (target < 3 || source < 0) {
      return fail(Error::invalid("hand over descriptor " + std::to_string(source) + " as " + std::to_string(target), "",
                                 "0, 1 and 2 are the program's input and output, and both must be descriptors"));
    }
    all.emplace(target, source);
  }
  std::vector<Handover> handovers;
  handovers.reserve(all.size());
  for (const auto& [target, source] : all) handovers.push_back({.target = target, .source = source});
  return handovers;
}

// See capabilities(7); the set grows with the kernel.
int read_last_capability() {
  int last = 40;
  std::ifstream{"/proc/sys/kernel/cap_last_cap"} >> last;
  return last;
}

void take_directory(LaunchPlan& plan, const Command& command) {
  plan.directory = command.directory;
  if (!plan.directory.empty()) return;
  plan.directory_is_wish = true;
  char* current = ::get_current_dir_name();
  plan.directory = current == nullptr ? "/" : current;
  std::free(current);  // NOLINT(cppcoreguidelines-no-malloc): get_current_dir_name(3) says so
}

// That which this process started with, where it has raised its own since.
std::optional<rlimit> file_limit() {
  const auto soft = files_before_raise();
  rlimit limit{};
  if (!soft || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  limit.rlim_cur = *soft;
  return limit;
}

std::vector<int> kept_by(const LaunchPlan& plan, int report) {
  std::vector<int> kept{0, 1, 2, plan.mounts, plan.network, plan.host_name, report};
  for (const auto& handover : plan.handovers) kept.push_back(handover.source);
  return kept;
}

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const auto& text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<LaunchPlan> plan_launch(const NodeSpace& node, const Command& command, const int (&standard)[3], int report) {
  if (command.argv.empty() || command.argv[0].empty()) {
    return fail(Error::invalid("find the program", "", "the command is empty"));
  }
  LaunchPlan plan;
  auto variables = NETRIG_TRY(environment_of(command));
  const bool searches = command.argv[0].find('/') == std::string::npos;
  if (searches) plan.search_path = variables.contains("PATH") ? variables["PATH"] : std::string{kDefaultPath};
  plan.candidates = candidates_of(command.argv[0], plan.search_path);
  for (const auto& [name, value] : variables) plan.environment.push_back(std::string{name}.append("=").append(value));
  take_directory(plan, command);
  plan.capabilities = command.capabilities;
  plan.last_capability = command.capabilities == Capabilities::all ? 0 : read_last_capability();
  plan.handovers = NETRIG_TRY(handovers_of(command, standard));
  plan.file_limit = file_limit();
  plan.mounts = node.mounts();
  plan.network = node.network().fd();
  plan.host_name = node.host_name();
  plan.kept = kept_by(plan, report);
  plan.candidate_pointers = pointers_to(plan.candidates);
  plan.environment_pointers = pointers_to(plan.environment);
  return plan;
}

}  // namespace netrig::process
