#include <netrig/bench/beside.h>

#include <array>
#include <climits>
#include <unistd.h>

namespace netrig::bench {

std::string beside(const std::string& name) {
  std::array<char, PATH_MAX> path{};
  const auto size = readlink("/proc/self/exe", path.data(), path.size());
  const std::string self{path.data(), static_cast<std::size_t>(size < 0 ? 0 : size)};
  return self.substr(0, self.rfind('/') + 1) + name;
}

}  // namespace netrig::bench
