#include <netrig/net/literals.h>
#include <netrig/netlink/address.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/show.h>
#include <netrig/netlink/test_namespace.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace netrig::netlink {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Device kDevice{.index = 20};

class AddressTest : public testing::Test {
 protected:
  AddressTest() {
    Batch batch{socket()};
    batch.add_link({.name = "eth0"_interface, .index = 20}, Veth{.peer = {.name = "far"_interface, .index = 21}});
    // No link-local addresses: they would become ready in the middle of a comparison.
    batch.change_link({.device = kDevice, .up = true, .addr_gen_mode = AddrGenMode::none});
    batch.change_link({.device = {.index = 21}, .up = true, .addr_gen_mode = AddrGenMode::none});
    batch.settle_link(kDevice).settle_link({.index = 21});  // else the kernel may tell the state of before
    TestNamespace::send(batch);
  }
  Socket& socket() { return here_.socket(); }
  std::vector<Address> addresses(std::optional<AddressFamily> family = {}) {
    return dump_addresses(socket(), {.device = kDevice, .family = family}).value();
  }

  TestNamespace here_;
};

TEST_F(AddressTest, OfBothFamiliesAreAddedAndRemoved) {
  const Address v4{.device = kDevice, .local = "10.0.0.1/24"_ifaddr, .broadcast = "10.0.0.255"_ip, .label = "eth0:web"};
  const Address v6{.device = kDevice, .local = "fd00::1/64"_ifaddr, .no_dad = true};
  Batch batch{socket()};
  TestNamespace::send(batch.add(v4).add(v6));
  const auto seen4 = addresses(AddressFamily::ipv4);
  ASSERT_THAT(seen4, SizeIs(1));
  EXPECT_EQ(seen4[0].local, v4.local);
  EXPECT_EQ(seen4[0].broadcast, v4.broadcast);
  EXPECT_EQ(seen4[0].label, "eth0:web");
  EXPECT_EQ(seen4[0].device, (Device{20, "eth0"_interface}));
  EXPECT_THAT(addresses(AddressFamily::ipv6), testing::Contains(Field(&Address::local, v6.local)));

  TestNamespace::send(batch.remove(v4).remove(v6));
  EXPECT_THAT(addresses(AddressFamily::ipv4), IsEmpty());
  EXPECT_THAT(addresses(AddressFamily::ipv6), Not(testing::Contains(Field(&Address::local, v6.local))));
}

TEST_F(AddressTest, WithoutDuplicateDetectionAreReadyAtOnce) {
  Batch batch{socket()};
  TestNamespace::send(batch.add(Address{.device = kDevice, .local = "fd00::1/64"_ifaddr, .no_dad = true}));
  const auto seen = addresses(AddressFamily::ipv6);
  const auto found = std::ranges::find(seen, "fd00::1/64"_ifaddr, &Address::local);
  ASSERT_NE(found, seen.end());
  EXPECT_TRUE(found->no_dad);
  EXPECT_FALSE(found->tentative);
}

TEST_F(AddressTest, KeepThePeerOfAPointToPointLink) {
  const Address wanted{.device = kDevice, .local = "10.9.0.1/32"_ifaddr, .peer = "10.9.0.2"_ip};
  Batch batch{socket()};
  TestNamespace::send(batch.add(wanted));
  EXPECT_THAT(addresses(AddressFamily::ipv4), ElementsAre(Field(&Address::peer, "10.9.0.2"_ip)));
}

TEST_F(AddressTest, LifetimesChangeByReplacing) {
  Address address{.device = kDevice,
                  .local = "fd00::1/64"_ifaddr,
                  .valid = seconds{1000},
                  .preferred = seconds{500},
                  .no_dad = true};
  Batch batch{socket()};
  TestNamespace::send(batch.add(address));
  address.valid = std::nullopt;
  address.preferred = seconds{0};
  TestNamespace::send(batch.replace(address));
  const auto seen = addresses(AddressFamily::ipv6);
  const auto found = std::ranges::find(seen, address.local, &Address::local);
  ASSERT_NE(found, seen.end());
  EXPECT_FALSE(found->valid.has_value());
  EXPECT_TRUE(found->deprecated);
}

TEST_F(AddressTest, CanLeaveOutTheConnectedRoute) {
  Batch batch{socket()};
  TestNamespace::send(batch.add(Address{.device = kDevice, .local = "10.0.0.1/24"_ifaddr, .no_prefix_route = true}));
  NETRIG_NEEDS_TOOL("ip");
  EXPECT_EQ(here_.tool("ip route"), "");
}

TEST_F(AddressTest, AreListedAsIpListsThem) {
  NETRIG_NEEDS_TOOL("ip");
  Batch batch{socket()};
  batch.change_link({.device = {.index = 1}, .up = true}).change_link({.device = kDevice, .alias = "a b"});
  batch.add(Address{.device = kDevice, .local = "10.0.0.1/24"_ifaddr, .broadcast = "10.0.0.255"_ip, .label = "eth0"});
  batch.add(Address{.device = kDevice, .local = "10.4.0.2/24"_ifaddr, .scope = Scope::link});
  batch.add(Address{.device = kDevice, .local = "10.9.0.1/32"_ifaddr, .peer = "10.9.0.2"_ip});
  batch.add(Address{.device = kDevice, .local = "fd00::1/64"_ifaddr, .no_dad = true, .no_prefix_route = true});
  batch.add(Address{.device = kDevice, .local = "fd00::2/64"_ifaddr, .preferred = seconds{0}, .no_dad = true});
  TestNamespace::send(batch);
  const auto links = dump_links(socket()).value();
  const auto addresses = dump_addresses(socket()).value();
  EXPECT_EQ(show_addresses(links, addresses), here_.tool("ip address"));
  EXPECT_EQ(show_addresses_brief(links, addresses), here_.tool("ip -br address"));
}

TEST_F(AddressTest, LinksAreListedAsIpListsThem) {
  NETRIG_NEEDS_TOOL("ip");
  TestNamespace far{"far"};
  Batch batch{socket()};
  batch.add_link({.name = "br0"_interface}, Bridge{})
      .add_link({.name = "out"_interface, .group = 5}, Veth{.peer = {.name = "in"_interface, .netns = far.fd()}});
  TestNamespace::send(batch);
  TestNamespace::send(batch
                          .change_link({.device = {.index = 21},
                                        .up = false,
                                        .promiscuous = true,
                                        .master = Device{.name = "br0"_interface},
                                        .alias = "x"})
                          .settle_link(kDevice));
  std::string full, brief;
  for (const Link& link : value_or_throw(dump_links(socket()))) {
    full += link.to_string() + "\n";
    brief += link.brief() + "\n";
  }
  EXPECT_EQ(full, here_.tool("ip link"));
  EXPECT_EQ(brief, here_.tool("ip -br link"));
}

TEST_F(AddressTest, OfAnUnknownDeviceCannotBeListed) {
  const auto listed = dump_addresses(socket(), {.device = {.name = "ghost"_interface}});
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().message(), "list addresses dev ghost in \"test\": ENODEV (No such device)");
}

}  // namespace
}  // namespace netrig::netlink
