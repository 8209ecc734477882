#include <netrig/net/literals.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/fdb.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/mdb.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/netlink/neighbour_table.h>
#include <netrig/netlink/test_namespace.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

namespace netrig::netlink {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

constexpr Device kPort{20, InterfaceName{"port"}};
constexpr Device kFar{21, InterfaceName{"far"}};
constexpr Device kBridge{30, InterfaceName{"br0"}};

/// A bridge with one port, whose other end is in the same namespace.
class NeighbourTest : public testing::Test {
 protected:
  NeighbourTest() {
    Batch batch{socket()};
    batch.add_link({.name = kBridge.name, .index = 30, .mac = "02:00:00:00:00:30"_mac},
                   Bridge{.multicast_snooping = true});
    batch.change_link({.device = kBridge, .up = true, .addr_gen_mode = AddrGenMode::none});
    batch.add_link({.name = kPort.name, .index = 20, .mac = "02:00:00:00:00:20"_mac, .master = kBridge},
                   Veth{.peer = {.name = kFar.name, .index = 21}});
    batch.change_link({.device = kPort, .up = true, .addr_gen_mode = AddrGenMode::none});
    batch.change_link({.device = kFar, .up = true, .addr_gen_mode = AddrGenMode::none});
    TestNamespace::send(batch.settle_link(kPort).settle_link(kFar));
  }
  Socket& socket() { return here_.socket(); }

  TestNamespace here_;
};

TEST_F(NeighbourTest, AFlushLeavesOnlyWhatWasGiven) {
  Batch batch{socket()};
  const Neighbour given{.device = kFar, .address = "10.0.0.40"_ip, .mac = "02:00:00:00:00:40"_mac};
  batch.add(given);
  for (const IpAddress& address : {"10.0.0.50"_ip, "fd00::50"_ip}) {
    batch.add(
        Neighbour{.device = kFar, .address = address, .mac = "02:00:00:00:00:50"_mac, .state = NeighbourState::stale});
  }
  TestNamespace::send(batch);
  ASSERT_TRUE(flush_neighbours(socket()));
  const auto left = dump_neighbours(socket()).value();
  EXPECT_THAT(left, Contains(given));
  for (const auto& neighbour : left)
    EXPECT_TRUE(neighbour == given || neighbour.state == NeighbourState::noarp) << neighbour;
  EXPECT_TRUE(flush_neighbours(socket())) << "there is nothing to flush";
  ASSERT_TRUE(flush_neighbours(socket(), FlushedNeighbours::learned_and_noarp));
  EXPECT_THAT(dump_neighbours(socket()).value(), ElementsAre(given));
}

TEST_F(NeighbourTest, OfBothFamiliesAreAddedReplacedAndRemoved) {
  for (const IpAddress& address : {"10.0.0.50"_ip, "fd00::50"_ip}) {
    Neighbour neighbour{.device = kFar, .address = address, .mac = "02:00:00:00:00:50"_mac};
    const NeighbourFilter filter{.family = address.family(), .device = kFar};
    Batch batch{socket()};
    EXPECT_EQ(batch.change(neighbour).send().error().code, ENOENT);
    TestNamespace::send(batch.add(neighbour));
    EXPECT_EQ(batch.add(neighbour).send().error().code, EEXIST);
    EXPECT_THAT(dump_neighbours(socket(), filter).value(), Contains(neighbour));
    neighbour.mac = "02:00:00:00:00:51"_mac;
    neighbour.state = NeighbourState::reachable;
    TestNamespace::send(batch.replace(neighbour));
    EXPECT_THAT(dump_neighbours(socket(), filter).value(), Contains(neighbour));
    TestNamespace::send(batch.remove(neighbour));
    neighbour.state = NeighbourState::permanent;
    TestNamespace::send(batch.replace(neighbour));
    TestNamespace::send(batch.remove(neighbour));
  }
}

TEST_F(NeighbourTest, ProxiesAreAListOfTheirOwn) {
  const Neighbour v4{.device = kFar, .address = "10.0.0.51"_ip, .state = NeighbourState::none, .proxy = true};
  const Neighbour v6{.device = kFar, .address = "fd00::51"_ip, .state = NeighbourState::none, .proxy = true};
  Batch batch{socket()};
  TestNamespace::send(batch.add(v4).add(v6));
  EXPECT_THAT(dump_neighbours(socket(), {.proxy = true}).value(), ElementsAre(v4, v6));
  TestNamespace::send(batch.remove(v4).remove(v6));
  EXPECT_THAT(dump_neighbours(socket(), {.proxy = true}).value(), IsEmpty());
}

TEST_F(NeighbourTest, AreListedAsIpListsThem) {
  NETRIG_NEEDS_TOOL("ip");
  Batch batch{socket()};
  batch.add(Neighbour{.device = kFar, .address = "10.0.0.50"_ip, .mac = "02:00:00:00:00:50"_mac});
  batch.add(Neighbour{
      .device = kFar, .address = "10.0.0.52"_ip, .mac = "02:00:00:00:00:52"_mac, .state = NeighbourState::stale});
  batch.add(Neighbour{.device = kFar, .address = "fd00::50"_ip, .mac = "02:00:00:00:00:50"_mac, .router = true});
  batch.add(Neighbour{.device = kFar, .address = "10.0.0.51"_ip, .proxy = true});
  TestNamespace::send(batch);
  std::string all, proxies;
  for (const auto& each : value_or_throw(dump_neighbours(socket(), {.device = kFar}))) all += each.to_string() + "\n";
  for (const auto& each : value_or_throw(dump_neighbours(socket(), {.proxy = true})))
    proxies += each.to_string() + "\n";
  EXPECT_EQ(all, here_.tool("ip neighbour show nud all | grep 'dev far'"));
  EXPECT_EQ(proxies, here_.tool("ip neighbour show proxy"));
}

TEST_F(NeighbourTest, FdbEntriesAreAddedReplacedAndRemoved) {
  FdbEntry entry{.device = kPort, .mac = "02:00:00:00:00:99"_mac, .master = true, .bridge = kBridge};
  Batch batch{socket()};
  TestNamespace::send(batch.add(entry));
  EXPECT_EQ(batch.add(entry).send().error().message(),
            "add fdb 02:00:00:00:00:99 dev port master static in \"test\": EEXIST (File exists)");
  EXPECT_THAT(dump_fdb(socket(), {.bridge = kBridge}).value(), Contains(entry));
  entry.sticky = true;
  TestNamespace::send(batch.replace(entry));
  EXPECT_THAT(dump_fdb(socket(), {.port = kPort}).value(), Contains(entry));
  TestNamespace::send(batch.remove(entry));
  EXPECT_THAT(dump_fdb(socket()).value(), Not(Contains(testing::Field(&FdbEntry::mac, entry.mac))));
}

TEST_F(NeighbourTest, VxlanHasSeveralRemotesForOneAddress) {
  const Device vxlan{40, InterfaceName{"vx"}};
  Batch batch{socket()};
  batch.add_link({.name = vxlan.name, .index = 40}, Vxlan{.vni = 5, .local = "10.0.0.1"_ip});
  FdbEntry flood{.device = vxlan, .mac = {}, .self = true, .state = NeighbourState::permanent, .remote = "10.0.0.7"_ip};
  batch.append(flood);
  flood.remote = "10.0.0.8"_ip;
  flood.vni = 6;
  flood.remote_port = 4790;
  batch.append(flood);
  TestNamespace::send(batch);
  const auto entries = dump_fdb(socket(), {.port = vxlan}).value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].remote, "10.0.0.7"_ip);
  EXPECT_EQ(entries[1], flood);
}

TEST_F(NeighbourTest, FdbIsListedAsBridgeListsIt) {
  NETRIG_NEEDS_TOOL("bridge");
  Batch batch{socket()};
  batch.add(FdbEntry{.device = kPort, .mac = "02:00:00:00:00:99"_mac, .master = true});
  batch.add(
      FdbEntry{.device = kPort, .mac = "02:00:00:00:00:98"_mac, .self = true, .state = NeighbourState::permanent});
  batch.add(FdbEntry{.device = kPort,
                     .mac = "02:00:00:00:00:97"_mac,
                     .master = true,
                     .state = NeighbourState::reachable,
                     .external_learn = true});
  TestNamespace::send(batch);
  std::string text;
  for (const auto& each : value_or_throw(dump_fdb(socket()))) {
    // Without the multicast addresses, which come as the kernel joins groups.
    if (!each.mac.is_multicast()) text += each.to_string() + "\n";
  }
  EXPECT_EQ(text, here_.tool("bridge fdb | grep ^02:"));
}

TEST_F(NeighbourTest, MdbEntriesOfBothFamiliesAreAddedAndRemoved) {
  for (const IpAddress& group : {"239.1.1.1"_ip, "ff15::1"_ip}) {
    const MdbEntry entry{.bridge = kBridge, .port = kPort, .group = group};
    Batch batch{socket()};
    TestNamespace::send(batch.add(entry));
    EXPECT_EQ(batch.add(entry).send().error().code, EEXIST);
    EXPECT_THAT(dump_mdb(socket()).value(), Contains(entry));
    TestNamespace::send(batch.remove(entry));
    EXPECT_THAT(dump_mdb(socket()).value(), Not(Contains(entry)));
  }
}

TEST_F(NeighbourTest, MdbIsListedAsBridgeListsIt) {
  NETRIG_NEEDS_TOOL("bridge");
  Batch batch{socket()};
  batch.add(MdbEntry{.bridge = kBridge, .port = kPort, .group = "239.1.1.1"_ip});
  batch.add(MdbEntry{.bridge = kBridge, .port = kPort, .group = "239.1.1.2"_ip, .source = "10.0.0.5"_ip});
  batch.add(MdbEntry{.bridge = kBridge, .port = kPort, .group = "ff15::1"_ip, .permanent = false});
  TestNamespace::send(batch);
  std::string text;
  for (const auto& each : value_or_throw(dump_mdb(socket()))) {
    // The bridge joins groups of its own, when it sees fit.
    if (each.port == kPort) text += each.to_string() + "\n";
  }
  EXPECT_EQ(text, here_.tool("bridge mdb | grep 'port port'"));
}

// One a family, of the whole machine, told in any namespace.
TEST_F(NeighbourTest, TablesOfBothFamiliesTellTheirLimit) {
  const auto tables = dump_neighbour_tables(socket()).value();
  ASSERT_EQ(tables.size(), 2U);
  const auto of = [&](AddressFamily family) {
    const auto found = std::ranges::find(tables, family, &NeighbourTable::family);
    return found == tables.end() ? NeighbourTable{} : *found;
  };
  EXPECT_EQ(of(AddressFamily::ipv4).name, "arp_cache");
  EXPECT_EQ(of(AddressFamily::ipv6).name, "ndisc_cache");
  for (const auto& table : tables) EXPECT_GT(table.limit, 0U) << table.name;
}

}  // namespace
}  // namespace netrig::netlink
