// Hosts behind a NAT, and a server with the two addresses that classify_nat() needs. Private to the suite.
//
//   pc 10.1.0.2 ---.
//   tv 10.1.0.3 ---[lan 10.1.0.1] gw [wan 203.0.113.1]--- server 203.0.113.2, .3
//
// IPv6: fd00:1::/64 inside, 2001:db8:113::/64 outside. The server knows no way inside.
#pragma once

#include <netrig/fixtures/lab_test.h>
#include <netrig/net/literals.h>
#include <netrig/nft/presets_nat.h>
#include <netrig/topology/classify_nat.h>

namespace netrig {

class BehindNatTest : public LabTest {
 public:
  void SetUp() override;

 protected:
  static constexpr AddressFamily kFamilies[] = {AddressFamily::ipv4, AddressFamily::ipv6};
  static constexpr nft::Protocol kProtocols[] = {nft::Protocol::udp, nft::Protocol::tcp};

  [[nodiscard]] Node pc() { return node("pc"); }
  [[nodiscard]] Node tv() { return node("tv"); }
  [[nodiscard]] Node gw() { return node("gw"); }
  [[nodiscard]] Node server() { return node("server"); }

  [[nodiscard]] nft::NatSides sides();
  void translate(const nft::NatBehaviour& behaviour) {
    gw().load_ruleset_text(value_or_throw(nft::nat_rules(sides(), behaviour)));
  }
  [[nodiscard]] NatClass found(AddressFamily family, nft::Protocol protocol) {
    return classify_nat(pc(), server(), {.family = family, .protocol = protocol});
  }
};

}  // namespace netrig
