// Files of the host that are read before and around a sandbox, and what the sandbox tells its own program.
#include <netrig/process/etc_files.h>
#include <netrig/sandbox/host_facts.h>
#include <netrig/sandbox/ids.h>
#include <netrig/sandbox/marker.h>
#include <netrig/suites/fuzz/target.h>

#include <algorithm>

namespace netrig::fuzz {
namespace {

void mountinfo(std::string_view text) {
  for (const auto& path : sandbox::covered_paths(text, "/proc")) {
    require(path.starts_with("/proc/"), "a covered path is below the directory", path);
  }
  std::ignore = sandbox::covered_paths(text, "/sys");
  std::ignore = sandbox::has_root_mount(text);
}

void subordinate_ids(std::string_view text) {
  const auto range = sandbox::subordinate_range(text, "user", 1000);
  if (range) require(range->count > 0, "a range holds something", text);
  const auto nobody = sandbox::subordinate_range(text, "", 1000);
  if (nobody) require(range && range->count >= nobody->count, "a name adds to what the number is granted", text);
}

void id_map(std::string_view text) {
  const auto map = sandbox::identity_map(text);
  require(sandbox::identity_map(map) == map, "the identity map of an identity map is itself", text);
}

void marker(std::string_view text) {
  const auto marker = sandbox::parse_marker(text);
  if (!marker) return;
  char variable[sandbox::kMarkerSize] = {};
  sandbox::format_marker(*marker, variable);
  const std::string_view value = std::string_view{variable}.substr(sandbox::kMarkerName.size() + 1);
  require(sandbox::parse_marker(value) == marker, "what was printed is parsed as the same value", value);
}

void host_lookup(std::string_view text) {
  const auto plain = process::with_plain_host_lookup(text);
  require(process::with_plain_host_lookup(plain) == plain, "a plain lookup stays as it is", plain);
}

constexpr void (*kParsers[])(std::string_view) = {mountinfo, subordinate_ids, id_map, marker, host_lookup};

}  // namespace

void run(Input input) { kParsers[input.take() % std::size(kParsers)](input.text()); }

}  // namespace netrig::fuzz
