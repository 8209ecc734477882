#include <netrig/tools/bench_results.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace netrig::tools {

namespace {

constexpr std::string_view kPrefix = "environment.";

// The version is what two runs compare, names change no figure, and how the sandbox was entered neither.
bool matters(std::string_view key) {
  static constexpr std::array<std::string_view, 3> kNot{"netrig", "sandbox", "error"};
  return std::ranges::find(kNot, key) == kNot.end() && !key.ends_with(".node") && !key.ends_with(".interface");
}

const std::string* value_of(const Results& results, const std::string& key) {
  const auto found = std::ranges::find(results.context, key, [](const auto& each) { return each.first; });
  return found == results.context.end() ? nullptr : &found->second;
}

bool tells(const Results& results) {
  return std::ranges::any_of(results.context, [](const auto& each) { return each.first.starts_with(kPrefix); });
}

std::string quoted(const std::string* value) { return value == nullptr ? "not told" : *value; }

}  // namespace

bool is_of_environment(std::string_view context_key) { return context_key.starts_with(kPrefix); }

std::vector<std::string> environment_differences(const Results& before, const Results& after) {
  if (!tells(before) && !tells(after)) return {};
  for (const auto* silent : {&before, &after}) {
    if (!tells(*silent)) return {"what " + silent->path + " was measured on is not known: it tells no environment"};
  }
  std::vector<std::string> keys;
  for (const auto* results : {&before, &after}) {
    for (const auto& [key, value] : results->context) {
      const bool is_new = std::ranges::find(keys, key) == keys.end();
      if (is_new && is_of_environment(key) && matters(std::string_view{key}.substr(kPrefix.size())))
        keys.push_back(key);
    }
  }
  std::vector<std::string> differences;
  for (const auto& key : keys) {
    const auto *old = value_of(before, key), *now = value_of(after, key);
    if (old == nullptr || now == nullptr || *old != *now)
      differences.push_back(key.substr(kPrefix.size()) + " was " + quoted(old) + ", is " + quoted(now));
  }
  return differences;
}

}  // namespace netrig::tools
