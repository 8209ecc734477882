#include <netrig/nft/trace_event.h>

#include <fmt/format.h>

#include <ostream>

namespace netrig::nft {
namespace {

std::string endpoint(const IpAddress& address, const std::optional<Port>& port) {
  if (!port) return address.to_string();
  return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), address.to_string(), port->value());
}

std::string decision(const TraceEvent& event) {
  return event.verdict ? to_string(Expression{*event.verdict}) : "stolen";
}

}  // namespace

std::string TracedPacket::to_string() const {
  std::string text = protocol ? nft::to_string(*protocol) : "ip";
  text += fmt::format(" {} > {}", endpoint(source, source_port), endpoint(destination, destination_port));
  if (icmp) text += fmt::format(" type {}", icmp->type);
  return text;
}

TracedPacket TracedPacket::flow() const {
  TracedPacket any = *this;
  any.sequence.reset();
  any.identity = {};
  any.quoted.reset();
  return any;
}

std::string TraceEvent::to_string() const {
  const auto start = fmt::format("trace id {:08x} {}", packet, nft::to_string(chain));
  std::string text;
  if (headers) {
    text = fmt::format("{} packet: {}{}{}\n", start, incoming == 0 ? "" : fmt::format("iif {} ", incoming),
                       outgoing == 0 ? "" : fmt::format("oif {} ", outgoing), headers->to_string());
  }
  switch (kind) {
    case Kind::rule:
      return text + fmt::format("{} rule (handle {}) (verdict {})", start, rule, decision(*this));
    case Kind::policy:
      return text + fmt::format("{} policy {}", start, decision(*this));
    case Kind::end:
      return text + fmt::format("{} end", start);
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const TraceEvent& event) { return out << event.to_string(); }

}  // namespace netrig::nft
