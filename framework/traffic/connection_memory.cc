#include <netrig/traffic/connection_side.h>

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <string_view>
#include <unistd.h>

namespace netrig::traffic {

namespace {

// The number after `name` in a file of /proc, alone on its line or among others; none where there is no such file.
std::optional<std::uint64_t> number_after(const char* path, std::string_view line_starts, const std::string& name) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(line_starts)) continue;
    std::istringstream words{line};
    std::uint64_t number = 0;
    for (std::string word; words >> word;) {
      if (word == name) return words >> number ? std::optional{number} : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> kilobytes(const char* path, const std::string& name) {
  const auto number = number_after(path, name, name);
  return number ? std::optional{1024 * *number} : std::nullopt;
}

ByteCount growth(std::uint64_t before, std::uint64_t now) { return ByteCount{now - std::min(now, before)}; }

std::optional<ByteCount> growth(const std::optional<std::uint64_t>& before, const std::optional<std::uint64_t>& now) {
  return before && now ? std::optional{growth(*before, *now)} : std::nullopt;
}

}  // namespace

MemoryUse MemoryUse::now() {
  MemoryUse use;
  use.process = kilobytes("/proc/self/status", "VmRSS:").value_or(0);
  const auto slab = kilobytes("/proc/meminfo", "Slab:"), tables = kilobytes("/proc/meminfo", "PageTables:");
  if (slab) use.kernel = *slab + tables.value_or(0);
  if (const auto pages = number_after("/proc/net/sockstat", "TCP:", "mem"))
    use.buffers = *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return use;
}

HeldMemory MemoryUse::since(const MemoryUse& before) const {
  return {.process = growth(before.process, process),
          .kernel = growth(before.kernel, kernel),
          .buffers = growth(before.buffers, buffers)};
}

std::string HeldMemory::to_string(std::uint64_t connections) const {
  if (connections == 0) return "none";
  const auto each = [&](ByteCount of) { return static_cast<double>(of.value()) / static_cast<double>(connections); };
  return fmt::format("{:.0f} bytes each ({:.0f} of the process, {} of the kernel)", each(total()), each(process),
                     kernel ? fmt::format("{:.0f}", each(*kernel)) : "an unknown part");
}

}  // namespace netrig::traffic
