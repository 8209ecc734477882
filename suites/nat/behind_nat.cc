#include <netrig/suites/nat/behind_nat.h>

namespace netrig {

void BehindNatTest::SetUp() {
  LabTest::SetUp();
  if (IsSkipped()) return;
  Topology home;
  auto pc = home.host("pc");
  auto tv = home.host("tv");
  auto gw = home.router("gw");
  auto server = home.host("server").no_automatic_routes();
  home.segment("lan", "10.1.0.0/24, fd00:1::/64").join(gw, {.name = "lan"}).join(pc, tv);
  home.segment("wan", "203.0.113.0/24, 2001:db8:113::/64")
      .join(gw, {.name = "wan"})
      .join(server, {.address = "203.0.113.2/24, 203.0.113.3/24, 2001:db8:113::2/64, 2001:db8:113::3/64"});
  build(home);
}

nft::NatSides BehindNatTest::sides() {
  return {.inside = InterfaceName{"lan"},
          .outside = InterfaceName{"wan"},
          .addresses = {gw().address("wan", AddressFamily::ipv4), gw().address("wan", AddressFamily::ipv6)}};
}

}  // namespace netrig
