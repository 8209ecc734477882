#include <netrig/netns/baseline.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/topology/environment.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <ostream>
#include <sys/utsname.h>
#include <thread>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

std::string first_line_of(const char* path) {
  std::string line;
  std::getline(std::ifstream{path}, line);
  return line;
}

// The value of `key : value` in /proc/cpuinfo, the first one.
std::string cpu_info(std::string_view key) {
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with(key) && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

bool is_virtual() {
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("flags")) return (line + " ").find(" hypervisor ") != std::string::npos;
  }
  return false;
}

}  // namespace

void Environment::add(std::string name, std::string value) {
  if (!value.empty()) entries_.emplace_back(std::move(name), std::move(value));
}

const Environment& Environment::here() {
  static const Environment known = [] {
    Environment here;
    utsname name{};
    ::uname(&name);
    here.add("kernel", name.release);
    here.add("machine", name.machine);
    here.add("cpu", cpu_info("model name"));
    here.add("cpus", std::to_string(std::thread::hardware_concurrency()));
    here.add("clock", first_line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource"));
    here.add("governor", first_line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
    here.add("hypervisor", is_virtual() ? "yes" : "no");
    here.add("compiler", __VERSION__);
    here.add("netrig", NETRIG_VERSION);
    here.add("libnl", NETRIG_LIBNL_VERSION);
    here.add("libnftnl", NETRIG_LIBNFTNL_VERSION);
    here.add("sandbox", sandbox::inside() ? sandbox::describe() : "none");
    if (const auto baseline = netns::Baseline::of_this_host()) {
      for (const auto& setting : (*baseline)->unsettable()) here.add("unsettable", setting.to_string());
    }
    return here;
  }();
  return known;
}

std::string Environment::to_string() const {
  std::string text;
  for (const auto& [name, value] : entries_) text += fmt::format("{}{} {}", text.empty() ? "" : "; ", name, value);
  return text;
}

std::string Environment::to_json() const {
  nlohmann::ordered_json object;
  object["unsettable"] = nlohmann::ordered_json::array();
  for (const auto& [name, value] : entries_) {
    if (name == "unsettable") {
      object[name].push_back(value);
    } else {
      object[name] = value;
    }
  }
  return object.dump();
}

std::ostream& operator<<(std::ostream& out, const Environment& environment) { return out << environment.to_string(); }

}  // namespace topology
}  // namespace netrig
