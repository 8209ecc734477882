#include <netrig/bench/environment_context.h>
#include <netrig/bench/paths.h>
#include <netrig/bench/reaping.h>
#include <netrig/topology/measured_link.h>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>

namespace netrig::bench {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kAllowed = "Cpus_allowed_list:\t";

std::string allowed_processors() {
  std::ifstream file{"/proc/self/status"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kAllowed)) return line.substr(kAllowed.size());
  }
  return {};
}

// Objects by their members; all else as it is.
void add(const std::string& name, const Json& value) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) add(fmt::format("{}.{}", name, key), member);
  } else {
    benchmark::AddCustomContext(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

Result<std::string> of_a_cable() try {
  const auto path = NETRIG_TRY(find_path("veth")->build());
  return measured_environment(path.client, path.server, path.towards());
} catch (const SetupError& error) {
  return fail(error.error());
}

}  // namespace

void add_environment_context() {
  static bool is_added = false;
  if (std::exchange(is_added, true)) return;
  if (const auto environment = of_a_cable()) {
    add("environment", Json::parse(*environment));
  } else {
    add("environment.error", environment.error().message());
  }
  add("environment.affinity", allowed_processors());
  (void)wait_until_reaped();  // nothing of it is to be charged to the first benchmark
}

}  // namespace netrig::bench
