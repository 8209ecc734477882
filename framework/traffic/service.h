// What a probe asks for: ICMP echo, a TCP port, a UDP port.
//
//   tcp(80)                       // prints as tcp/80
//   Service::parse("udp/53")
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/port.h>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace netrig::traffic {

/// A protocol, with a port where the protocol has one.
class Service {
 public:
  enum class Kind : std::uint8_t { icmp, tcp, udp };

  /// ICMP echo.
  constexpr Service() = default;
  static constexpr Service tcp(Port port) { return Service{Kind::tcp, port}; }
  static constexpr Service udp(Port port) { return Service{Kind::udp, port}; }
  /// `icmp`, `tcp/80`, `udp/53`. Everything else is an error that quotes it.
  static Result<Service> parse(std::string_view text);

  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  [[nodiscard]] constexpr bool is_icmp() const { return kind_ == Kind::icmp; }
  [[nodiscard]] constexpr bool is_tcp() const { return kind_ == Kind::tcp; }
  [[nodiscard]] constexpr bool is_udp() const { return kind_ == Kind::udp; }
  /// The destination port; none for ICMP.
  [[nodiscard]] constexpr std::optional<Port> port() const { return is_icmp() ? std::nullopt : std::optional{port_}; }
  /// The same protocol on another port; ICMP stays what it is.
  [[nodiscard]] constexpr Service with_port(Port port) const { return is_icmp() ? *this : Service{kind_, port}; }
  /// `icmp`, `tcp/80`, `udp/53`
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(const Service&, const Service&) = default;

 private:
  constexpr Service(Kind kind, Port port) : kind_{kind}, port_{port} {}

  Kind kind_ = Kind::icmp;
  Port port_{};
};

std::ostream& operator<<(std::ostream& out, const Service& service);

constexpr Service icmp() { return {}; }
constexpr Service tcp(std::uint16_t port) { return Service::tcp(Port{port}); }
constexpr Service udp(std::uint16_t port) { return Service::udp(Port{port}); }

}  // namespace netrig::traffic
