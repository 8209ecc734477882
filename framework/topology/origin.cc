#include <netrig/topology/origin.h>

#include <fmt/format.h>

namespace netrig {
inline namespace topology {

std::string Origin::to_string() const {
  if (port.value() == 0) return address ? " from " + address->to_string() : std::string{};
  return fmt::format(" from {}port {}", address ? address->to_string() + " " : "", port.value());
}

}  // namespace topology
}  // namespace netrig
