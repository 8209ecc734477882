// What a question is sent from, where the sender is not to choose: for rules that look at the source.
//
//   explain(admin, server, tcp(22), {.origin = {.address = second, .port = Port{1023}}});
//   EXPECT_THAT(admin, CannotReach(server, tcp(22), Verdict::dropped, {.address = second}));
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/port.h>

#include <optional>
#include <string>

namespace netrig {
inline namespace topology {

/// A source address and a source port.
struct Origin {
  std::optional<IpAddress> address = {};  ///< one of the sender's, unicast; none: the kernel's choice
  /// 0: the kernel's choice. ICMP has none. What connection tracking knows of a flow it knows of the same addresses and
  /// ports asked again.
  Port port{};

  /// ` from 10.0.1.3 port 1023`; empty where nothing is given.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Origin&, const Origin&) = default;
};

}  // namespace topology
}  // namespace netrig
