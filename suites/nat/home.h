// A home: a machine, a router, and a server that stands for the internet. Private to the suite.
//
//   pc 198.51.100.2 ---[lan 198.51.100.1] gw [wan 203.0.113.1]--- server 203.0.113.2
//
// IPv6: 2001:db8:1::/64 inside, 2001:db8:113::/64 outside. Both sides have routes to one another: what does not pass is
// the firewall's doing.
#pragma once

#include <netrig/fixtures/lab_test.h>
#include <netrig/net/literals.h>
#include <netrig/nft/presets_firewall.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace netrig {

/// Each test gets a home whose router forwards everything.
class HomeTest : public LabTest {
 public:
  void SetUp() override;

 protected:
  static constexpr AddressFamily kFamilies[] = {AddressFamily::ipv4, AddressFamily::ipv6};
  static constexpr InterfaceName kInside{"lan"}, kOutside{"wan"};

  [[nodiscard]] Node pc() { return node("pc"); }
  [[nodiscard]] Node gw() { return node("gw"); }
  [[nodiscard]] Node server() { return node("server"); }

  /// The rules with a counter in every one that has a comment.
  [[nodiscard]] static std::string counted(const std::string& rules);
  /// Loads them into the router.
  void load_counted(const std::string& rules) { gw().load_ruleset_text(counted(rules)); }
  /// How many packets the router's rule with that comment counted.
  [[nodiscard]] std::uint64_t count_of(std::string_view comment);
};

}  // namespace netrig
