#include <netrig/traffic/service.h>

#include <ostream>

namespace netrig::traffic {

namespace {

Error malformed(std::string_view text, const std::string& why) {
  return Error::invalid("parse service", std::string{text.substr(0, 64)}, why);
}

}  // namespace

Result<Service> Service::parse(std::string_view text) {
  if (text == "icmp") return Service{};
  const auto slash = text.find('/');
  const auto protocol = text.substr(0, slash);
  if (slash == std::string_view::npos || (protocol != "tcp" && protocol != "udp")) {
    return fail(malformed(text, "a service is icmp, tcp/PORT or udp/PORT"));
  }
  auto port = Port::parse(text.substr(slash + 1));
  if (!port) return fail(malformed(text, port.error().message()));
  return protocol == "tcp" ? tcp(*port) : udp(*port);
}

std::string Service::to_string() const {
  if (is_icmp()) return "icmp";
  return (is_tcp() ? "tcp/" : "udp/") + port_.to_string();
}

std::ostream& operator<<(std::ostream& out, const Service& service) { return out << service.to_string(); }

}  // namespace netrig::traffic
