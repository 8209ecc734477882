#include <netrig/net/literals.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/test_namespace.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include <linux/ip.h>

namespace netrig::netlink {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

constexpr InterfaceName kDev0Name{"dev0"};
constexpr Device kDev0{.name = kDev0Name};

class LinkTest : public testing::Test {
 protected:
  Socket& socket() { return here_.socket(); }
  Link link(const Device& device = kDev0) { return get_link(socket(), device).value(); }
  void add(const LinkKind& kind, LinkSpec spec = {.name = kDev0Name}) {
    Batch batch{socket()};
    TestNamespace::send(batch.add_link(spec, kind));
  }
  void add_pair() {
    add(Veth{.peer = {.name = "far"_interface, .index = 21}}, {.name = "dev0"_interface, .index = 20});
  }
  void change(const LinkChange& wanted) {
    Batch batch{socket()};
    TestNamespace::send(batch.change_link(wanted));
  }

  TestNamespace here_;
};

TEST_F(LinkTest, BridgeKeepsItsOptions) {
  const Bridge wanted{.stp = true,
                      .forward_delay = milliseconds{4000},
                      .hello_time = milliseconds{1500},
                      .max_age = milliseconds{9000},
                      .ageing_time = milliseconds{60000},
                      .priority = 4096,
                      .group_forward_mask = 8,
                      .multicast_snooping = false,
                      .multicast_querier = true};
  add(wanted);
  EXPECT_EQ(link().kind, "bridge");
  Bridge made = std::get<Bridge>(*link().details);
  made.vlan_filtering = std::nullopt;  // reported by kernels that can filter
  made.vlan_default_pvid = std::nullopt;
  EXPECT_EQ(made, wanted);
}

TEST_F(LinkTest, BridgeFiltersVlans) {
  Batch batch{socket()};
  const auto sent = batch.add_link({.name = kDev0Name}, Bridge{.vlan_filtering = true, .vlan_default_pvid = 5}).send();
  if (!sent && sent.error().code == EOPNOTSUPP)
    NETRIG_SKIP("link-bridge-vlan", "this kernel's bridges do not filter VLANs");
  ASSERT_TRUE(sent) << sent.error();
  const auto bridge = std::get<Bridge>(*link().details);
  EXPECT_EQ(bridge.vlan_filtering, true);
  EXPECT_EQ(bridge.vlan_default_pvid, 5);
}

TEST_F(LinkTest, BridgeOptionsChangeWhileItExists) {
  add(Bridge{.multicast_snooping = false});
  change({.device = kDev0, .kind = Bridge{.ageing_time = milliseconds{0}, .multicast_snooping = true}});
  const auto bridge = std::get<Bridge>(*link().details);
  EXPECT_EQ(bridge.ageing_time, milliseconds{0});
  EXPECT_EQ(bridge.multicast_snooping, true);
}

TEST_F(LinkTest, MacvlanLiesOnItsLowerDevice) {
  add_pair();
  add(Macvlan{.lower = kDev0, .mode = Macvlan::Mode::vepa}, {.name = "mac0"_interface});
  const Link made = link({.name = "mac0"_interface});
  EXPECT_EQ(made.linked_index, 20U);
  EXPECT_EQ(std::get<Macvlan>(*made.details).mode, Macvlan::Mode::vepa);
}

TEST_F(LinkTest, VxlanKeepsItsOptionsForBothFamilies) {
  for (const IpAddress& remote : {"10.0.0.2"_ip, "fd00::2"_ip}) {
    const IpAddress local = remote.is_v4() ? "10.0.0.1"_ip : "fd00::1"_ip;
    add(Vxlan{.vni = 77, .remote = remote, .local = local, .destination_port = 4790, .ttl = 9, .learning = false});
    const auto made = std::get<Vxlan>(*link().details);
    EXPECT_EQ(made.vni, 77U);
    EXPECT_EQ(made.remote, remote);
    EXPECT_EQ(made.local, local);
    EXPECT_EQ(made.destination_port, 4790);
    EXPECT_EQ(made.ttl, 9);
    EXPECT_EQ(made.learning, false);
    Batch batch{socket()};
    TestNamespace::send(batch.remove_link(kDev0));
  }
}

struct OptionalKind {
  const char* name;
  LinkKind kind;
};

class OptionalKindTest : public LinkTest, public testing::WithParamInterface<OptionalKind> {};

TEST_P(OptionalKindTest, IsMadeWhereTheKernelHasIt) {
  NETRIG_NEEDS_LINKS(socket(), GetParam().name);
  add(Veth{.peer = {.name = "far"_interface}}, {.name = "low"_interface, .index = 50});
  add(GetParam().kind);
  EXPECT_EQ(link().kind, GetParam().name);
  EXPECT_EQ(link().details, GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(Kinds, OptionalKindTest,
                         testing::Values(OptionalKind{"ifb", Ifb{}}, OptionalKind{"dummy", Dummy{}},
                                         OptionalKind{"wireguard", Wireguard{}}, OptionalKind{"vrf", Vrf{.table = 10}},
                                         OptionalKind{"vlan", Vlan{.lower = {.index = 50}, .id = 12}},
                                         OptionalKind{"ipvlan", Ipvlan{.lower = {.index = 50}}}),
                         [](const auto& info) { return std::string{info.param.name}; });

TEST_F(LinkTest, ProbingAKindMakesNothing) {
  const auto before = dump_links(socket()).value().size();
  EXPECT_EQ(supports(socket(), "veth").value(), true);
  EXPECT_EQ(supports(socket(), "bridge").value(), true);
  EXPECT_EQ(supports(socket(), "vxlan").value(), true);
  EXPECT_EQ(supports(socket(), "no-such-kind").value(), false);
  EXPECT_THAT(dump_links(socket()).value(), SizeIs(before));
}

TEST_F(LinkTest, AttributesChange) {
  add_pair();
  change({.device = kDev0,
          .promiscuous = true,
          .arp = false,
          .name = "new0"_interface,
          .mac = "02:00:00:00:00:33"_mac,
          .mtu = 1300,
          .tx_queue_length = 55,
          .group = 4,
          .alias = "to the far end"});
  const Link changed = link({.index = 20});
  EXPECT_EQ(changed.name, "new0"_interface);
  EXPECT_EQ(changed.mac, "02:00:00:00:00:33"_mac);
  EXPECT_EQ(changed.mtu, 1300U);
  EXPECT_EQ(changed.tx_queue_length, 55U);
  EXPECT_EQ(changed.group, 4U);
  EXPECT_EQ(changed.alias, "to the far end");
  EXPECT_EQ(changed.promiscuity, 1U);
}

TEST_F(LinkTest, CarrierFollowsTheFarEnd) {
  add_pair();
  change({.device = kDev0, .up = true});
  EXPECT_FALSE(link().carrier);
  Batch batch{socket()};
  TestNamespace::send(batch.change_link({.device = {.name = "far"_interface}, .up = true}).settle_link(kDev0));
  EXPECT_TRUE(link().carrier);
  EXPECT_EQ(link().state, OperState::up);
}

TEST_F(LinkTest, PortOptionsAreSetWhileJoiningTheBridge) {
  add_pair();
  add(Bridge{}, {.name = "br0"_interface});
  change({.device = kDev0,
          .up = true,
          .master = Device{.name = "br0"_interface},
          .port = BridgePort{.cost = 7, .hairpin = true, .learning = false, .flood = false, .isolated = true}});
  const Link port = link();
  EXPECT_TRUE(port.up());
  EXPECT_EQ(port.master.name, "br0"_interface);
  ASSERT_TRUE(port.port);
  EXPECT_EQ(port.port->cost, 7U);
  EXPECT_EQ(port.port->hairpin, true);
  EXPECT_EQ(port.port->learning, false);
  EXPECT_EQ(port.port->flood, false);
  EXPECT_EQ(port.port->isolated, true);
  EXPECT_EQ(port.port->broadcast_flood, true);
  EXPECT_EQ(port.port->state, BridgePort::State::disabled);

  change({.device = kDev0, .master = Device{}});
  EXPECT_TRUE(link().master.empty());
}

TEST_F(LinkTest, DeviceSettingsHoldBeforeTheLinkComesUp) {
  add_pair();
  change({.device = kDev0,
          .up = true,
          .ipv4 = {{IPV4_DEVCONF_RP_FILTER, 2}, {IPV4_DEVCONF_FORWARDING, 1}},
          .addr_gen_mode = AddrGenMode::none});
  EXPECT_EQ(link().addr_gen_mode, AddrGenMode::none);
  EXPECT_EQ(here_.tool("cat /proc/sys/net/ipv4/conf/dev0/rp_filter /proc/sys/net/ipv4/conf/dev0/forwarding"), "2\n1\n");
  EXPECT_EQ(here_.tool("grep -c dev0 /proc/net/if_inet6"), "0\n");
}

TEST_F(LinkTest, MovesToAnotherNamespaceAndChangesThere) {
  TestNamespace there{"there"};
  add_pair();
  change({.device = kDev0,
          .up = true,
          .name = "moved"_interface,
          .addr_gen_mode = AddrGenMode::none,
          .netns = there.fd()});
  EXPECT_EQ(get_link(socket(), {.index = 20}).error().code, ENODEV);
  const Link moved = get_link(there.socket(), {.name = "moved"_interface}).value();
  EXPECT_TRUE(moved.up());
  EXPECT_EQ(moved.linked_index, 21U);
  EXPECT_TRUE(moved.linked_namespace.has_value());
}

TEST_F(LinkTest, DumpsAreFilteredByKindAndMaster) {
  add_pair();
  add(Bridge{}, {.name = "br0"_interface, .index = 30});
  change({.device = kDev0, .master = Device{.index = 30}});
  EXPECT_THAT(dump_links(socket(), {.kind = "bridge"}).value(), ElementsAre(Field(&Link::name, "br0"_interface)));
  EXPECT_THAT(dump_links(socket(), {.master = {.name = "br0"_interface}}).value(),
              ElementsAre(Field(&Link::name, kDev0Name)));
}

TEST_F(LinkTest, NamesTheLinkThatIsNotThere) {
  const auto missing = get_link(socket(), {.name = "ghost"_interface});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(), "get link ghost in \"test\": ENODEV (No such device)");
}

TEST_F(LinkTest, FindsDevicesByNameAndByIndex) {
  EXPECT_EQ(find_device(socket(), "lo"_interface).value(), (Device{1, "lo"_interface}));
  EXPECT_EQ(find_device(socket(), 1).value(), (Device{1, "lo"_interface}));
  EXPECT_EQ(find_device(socket(), "ghost"_interface).error().code, ENODEV);
  EXPECT_EQ(find_device(socket(), 99).error().message(), "find link 99 in \"test\": ENODEV (No such device)");
}

TEST_F(LinkTest, CountsPackets) {
  Batch batch{socket()};
  TestNamespace::send(batch.change_link({.device = {.index = 1}, .up = true}));
  const auto before = link({.index = 1}).statistics;
  std::ignore = here_.tool("ping -c 1 127.0.0.1 || echo > /dev/udp/127.0.0.1/9");
  const auto after = link({.index = 1}).statistics;
  EXPECT_EQ(after.rx_packets - before.rx_packets, after.tx_packets - before.tx_packets);
  EXPECT_EQ(after.rx_bytes, after.tx_bytes);
}

}  // namespace
}  // namespace netrig::netlink
