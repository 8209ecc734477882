// Labs against the kernel: what was planned is there, works at once, and is gone afterwards.
#include <netrig/netlink/address.h>
#include <netrig/netlink/link.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <net/if.h>
#include <optional>
#include <thread>

namespace netrig {
namespace {

using test::office;
using test::pair;
using ::testing::AllOf;
using ::testing::HasSubstr;

Topology ipv4_pair() {
  Topology topology;
  const auto left = topology.host("left"), right = topology.host("right");
  topology.link(left, right, "10.0.0.0/24");
  return topology;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(Lab, IsWhatWasPlanned) {
  const Lab lab{office()};
  for (const auto& node : lab.nodes()) {
    const auto seen = node.snapshot();
    EXPECT_EQ(seen.links.size(), node.plan().interfaces.size() + 1) << seen;
    for (const auto& planned : node.plan().interfaces) {
      const auto* link = seen.find_link(planned.name.view());
      ASSERT_NE(link, nullptr) << seen;
      EXPECT_EQ(link->index, static_cast<std::uint32_t>(planned.index));
      EXPECT_EQ(link->mac, planned.mac);
      EXPECT_EQ(link->mtu, planned.mtu);
      EXPECT_TRUE(link->up() && link->carrier) << seen;
    }
  }
}

TEST(Lab, CarriesTheVeryFirstPacket) {
  for (int round = 0; round < 20; ++round) {
    const Lab lab{office()};
    for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
      const auto report = lab["pc"].ping({.destination = lab["server"].address(family), .count = 1});
      EXPECT_TRUE(report.complete()) << report << lab["gw"].snapshot();
    }
  }
}

TEST(Lab, TakesTheSameNamesAndAddressesManyTimesSideBySide) {
  std::vector<Lab> labs;
  for (int i = 0; i < 8; ++i) labs.emplace_back(pair());
  for (const auto& lab : labs) EXPECT_TRUE(lab["left"].ping(lab["right"]).complete());
}

TEST(Lab, IsBuiltInSeveralThreadsAtOnce) {
  std::vector<std::jthread> threads;
  std::atomic<int> complete = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const Lab lab{pair()};
      if (lab["left"].ping(lab["right"]).complete()) ++complete;
    });
  }
  threads.clear();
  EXPECT_EQ(complete, 4);
}

TEST(Lab, LeavesNoDescriptorBehind) {
  {
    const Lab warm_up{office()};
  }
  const auto before = open_descriptors();
  for (int i = 0; i < 10; ++i) {
    const Lab lab{office()};
    (void)lab["gw"].snapshot();
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Lab, IsBuiltCompletelyOrNotAtAll) {
  {
    const Lab warm_up{pair()};
  }
  auto broken = office();
  broken.host("late").sysctl("net.ipv4.no_such_setting", "1");
  const auto before = open_descriptors();
  const auto lab = Lab::build(broken);
  ASSERT_FALSE(lab);
  EXPECT_THAT(lab.error().message(), AllOf(HasSubstr("no_such_setting"), HasSubstr("late")));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Lab, TellsWhichNodesThereAre) {
  const Lab lab{pair()};
  try {
    (void)lab["middle"];
    FAIL() << "did not throw";
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("\"middle\""), HasSubstr("left, right")));
  }
}

TEST(Lab, MayBeMoved) {
  Lab first{pair()};
  const Node left = first["left"];
  const Lab second{std::move(first)};
  EXPECT_TRUE(left.ping(second["right"]).complete());
}

TEST(Lab, ConnectsANewCableAtRunTime) {
  const Lab lab{pair()};
  const auto cable = lab.connect(lab["left"], "extra0", lab["right"], "extra0");
  lab["left"].add_address("extra0", InterfaceAddress::parse("10.7.0.1/24").value());
  lab["right"].add_address("extra0", InterfaceAddress::parse("10.7.0.2/24").value());
  EXPECT_TRUE(lab["left"].ping(IpAddress::parse("10.7.0.2").value()).complete());
  lab["left"].remove_link("extra0");
  EXPECT_EQ(lab["right"].snapshot().find_link("extra0"), nullptr);
}

TEST(Lab, FindsACableMadeAtRunTime) {
  const Lab lab{office()};
  EXPECT_THROW((void)lab.link("pc", "printer"), SetupError);
  lab.connect(lab["pc"], "extra0", lab["printer"], "extra1");
  EXPECT_EQ(lab.link("pc", "printer").to_string(), "pc:extra0 - printer:extra1");
  EXPECT_EQ(lab.link("printer", "pc").to_string(), "printer:extra1 - pc:extra0");
  const auto cut = lab.link("pc", "printer").down();
  EXPECT_FALSE(lab["pc"].snapshot().find_link("extra0")->up());
}

TEST(Lab, ForwardsRoundARingOfSwitchesAsSoonAsItIsBuilt) {
  Topology campus;
  std::vector<SegmentRef> switches;
  for (const auto* name : {"s1", "s2", "s3"}) {
    switches.push_back(
        campus.segment(name, "10.0.0.0/24, fd00::/64").join(campus.host(std::string{"h-"} + name)).stp());
  }
  for (std::size_t i = 0; i < 3; ++i) campus.trunk(switches[i], switches[(i + 1) % 3]);
  const Lab lab{campus};
  for (const auto* to : {"h-s2", "h-s3"}) {
    for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
      const auto report = lab["h-s1"].ping({.destination = lab[to].address(family), .count = 1});
      EXPECT_TRUE(report.complete()) << report << lab["s1"].snapshot();
    }
  }
  std::size_t blocking = 0;
  for (const auto* name : {"s1", "s2", "s3"}) {
    for (const auto& link : lab[name].snapshot().links) {
      if (link.port && link.port->state == netlink::BridgePort::State::blocking) ++blocking;
    }
  }
  EXPECT_EQ(blocking, 1U);
}

// The kernel tells an interface's state from its carrier by a worker, and makes an address of its own usable by
// another; both wait for the lock that all who build take.
TEST(Lab, IsWhatItWillBeAsSoonAsItIsBuilt) {
  std::atomic<int> late_links = 0, late_addresses = 0;
  const auto look = [&](netlink::Socket& socket) {
    for (const auto& link : value_or_throw(netlink::dump_links(socket, {.statistics = false}))) {
      const auto state = link.name == InterfaceName{"lo"} ? netlink::OperState::unknown : netlink::OperState::up;
      if ((link.flags & IFF_RUNNING) == 0 || link.state != state) ++late_links;
    }
    for (const auto& address : value_or_throw(netlink::dump_addresses(socket)))
      late_addresses += address.tentative ? 1 : 0;
  };
  const auto build = [&] {
    for (int i = 0; i < 15; ++i) {
      for (const auto& topology : {pair(), ipv4_pair(), office()}) {
        const Lab lab{topology};
        for (const auto& node : lab.nodes()) node.netlink(look);
      }
    }
  };
  std::vector<std::jthread> builders;
  for (int i = 0; i < 8; ++i) builders.emplace_back(build);
  builders.clear();
  EXPECT_EQ(late_links, 0);
  EXPECT_EQ(late_addresses, 0);
}

TEST(Lab, EachInterfaceOfANodeHasOneLinkLocalAddressAndAPortOfASwitchNone) {
  const Lab lab{office()};
  for (const auto& node : lab.nodes()) {
    const auto snapshot = node.snapshot();
    for (const auto& link : snapshot.links) {
      const auto count = std::ranges::count_if(snapshot.addresses, [&](const auto& address) {
        return address.device.index == link.index && address.local.address().is_link_local();
      });
      if (link.kind != "veth") continue;
      EXPECT_EQ(count, link.port ? 0 : 1) << node.name() << ' ' << link.name.to_string();
    }
  }
}

TEST(Lab, FindsThePeerOfAnInterface) {
  const Lab lab{office()};
  const auto peer = lab.peer_of(lab["pc"], "eth0");
  EXPECT_EQ(peer.node, lab["lan"]);
  EXPECT_EQ(peer.interface.to_string(), "pc");
}

TEST(LinkCut, RestoresAddressesAndRoutes) {
  const Lab lab{office()};
  const auto before = lab["gw"].snapshot();
  {
    const auto cut = lab.link("gw", "server").down();
  }
  const auto after = lab["gw"].snapshot();
  EXPECT_EQ(after.routes.size(), before.routes.size()) << before << after;
  EXPECT_EQ(after.addresses.size(), before.addresses.size()) << before << after;
  EXPECT_TRUE(lab["pc"].ping(lab["server"], AddressFamily::ipv6).complete());
}

bool is_up(const Lab& lab, std::string_view node, std::string_view interface) {
  return lab[node].snapshot().find_link(interface)->up();
}

TEST(LinkCut, RestoresItsLinkWhenAnotherCutTakesItsPlace) {
  const Lab lab{office()};
  auto cut = lab.link("gw", "server").down();
  cut = lab.link("pc", "lan").down();
  EXPECT_TRUE(is_up(lab, "server", "eth0"));
  EXPECT_FALSE(is_up(lab, "pc", "eth0"));
}

TEST(LinkCut, KeepsTheCableDownUntilTheLastOfItsCutsGoes) {
  const Lab lab{pair()};
  std::optional<LinkCut> first{lab.link("left", "right").down()};
  std::optional<LinkCut> second{lab.link("right", "left").down()};
  first.reset();
  EXPECT_FALSE(is_up(lab, "left", "eth0"));
  second.reset();
  EXPECT_TRUE(is_up(lab, "left", "eth0"));
  EXPECT_TRUE(lab["left"].ping(lab["right"], AddressFamily::ipv6).complete());
}

TEST(LinkCut, LeavesALinkDownThatWasDown) {
  const Lab lab{pair()};
  lab["left"].set_link_down("eth0");
  {
    const auto cut = lab.link("left", "right").down();
  }
  EXPECT_FALSE(is_up(lab, "left", "eth0"));
  EXPECT_TRUE(is_up(lab, "right", "eth0"));
}

TEST(LinkCut, ChangesNothingWhenOneEndIsNotThere) {
  const Lab lab{pair()};
  const LabLink broken{{lab["left"], lab.link("left", "right").a().interface},
                       {lab["right"], value_or_throw(InterfaceName::parse("eth7"))}};
  EXPECT_THROW((void)broken.down(), SetupError);
  EXPECT_TRUE(is_up(lab, "left", "eth0"));
}

TEST(Snapshot, PrintsAsTheToolsDo) {
  const Lab lab{pair()};
  const auto text = lab["left"].snapshot().to_string();
  EXPECT_THAT(text, AllOf(HasSubstr("$ ip link\n1: lo: <LOOPBACK,UP,LOWER_UP>"),
                          HasSubstr("$ ip address\n1: lo: <LOOPBACK,UP,LOWER_UP>"), HasSubstr("inet 10.0.0.1/24"),
                          HasSubstr("$ ip route\n10.0.0.0/24 dev eth0"), HasSubstr("net.ipv4.ip_forward = 0")));
}

TEST(Lab, TranslatesAddressesAsTheTopologySays) {
  Topology home;
  auto gw = home.router("gw");
  const auto web = home.host("web"), internet = home.host("internet");
  home.segment("lan", "192.168.1.0/24, fd19::/64").join(gw, {.name = "lan0"}).join(web);
  home.segment("wan", "203.0.113.0/24, 2001:db8::/64").join(gw, {.name = "wan0"}).join(internet);
  gw.masquerade("wan").forward_port("wan", traffic::tcp(8080), web, Port{80});
  const Lab lab{home};
  const auto served = lab[web].listen(traffic::tcp(80));
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    EXPECT_TRUE(lab[internet].probe(lab[gw].address("wan", family), traffic::tcp(8080)).answered());
  }
  const auto outside = lab[internet].listen(traffic::tcp(443));
  EXPECT_TRUE(lab[web].probe(lab[internet].address(), traffic::tcp(443)).answered());
  EXPECT_EQ(outside.last_peer()->address, lab[gw].address("wan"));
}

TEST(BranchOffice, SurvivesTheLossOfOneUplink) {
  Topology office;
  auto pc = office.host("pc"), server = office.host("server");
  auto a = office.router("a"), b = office.router("b");
  office.segment("lan", "10.1.0.0/24, fd01::/64").join(pc, a, b);
  office.link(a, server);
  office.link(b, server).metric(200);
  const Lab lab{office};
  EXPECT_TRUE(lab[pc].ping(lab[server]).complete());
  {
    const auto cut = lab.link(a, server).down();
    EXPECT_TRUE(lab[pc].ping(lab[server]).complete()) << lab[a].snapshot() << lab[b].snapshot();
  }
  EXPECT_TRUE(lab[pc].ping(lab[server]).complete());
  EXPECT_TRUE(lab[pc].ping(lab[server], AddressFamily::ipv6).complete());
}

TEST(Lab, KeepsDirectPathsWhereThereAreBackups) {
  Topology ring;
  const auto r1 = ring.router("r1"), r2 = ring.router("r2"), r3 = ring.router("r3");
  ring.link(r1, r2);
  ring.link(r2, r3);
  ring.link(r3, r1);
  const Lab lab{ring};
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    const auto direct = lab[r1].ping({.destination = lab[r2].address("r1-r2", family), .count = 1, .ttl = 1});
    EXPECT_TRUE(direct.complete()) << direct << lab[r1].snapshot();
  }
}

}  // namespace
}  // namespace netrig
