#include <netrig/net/literals.h>
#include <netrig/netlink/address.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/route.h>
#include <netrig/netlink/test_namespace.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace netrig::netlink {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Device kLoopback{.index = 1};

class BatchTest : public testing::Test {
 protected:
  Socket& socket() { return here_.socket(); }

  TestNamespace here_{"client"};
};

TEST_F(BatchTest, SendsNothingWhenEmpty) {
  Batch batch{socket()};
  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(batch.send());
}

TEST_F(BatchTest, MakesBothEndsOfAPairInTheirNamespaces) {
  TestNamespace far{"far"};
  Batch batch{socket()};
  batch.add_link(
      {.name = "veth0"_interface, .index = 10, .mac = "02:00:00:00:00:01"_mac, .up = true},
      Veth{.peer = {.name = "eth0"_interface, .index = 7, .mac = "02:00:00:00:00:02"_mac, .netns = far.fd()}});
  TestNamespace::send(batch);

  const Link near_end = get_link(socket(), {.name = "veth0"_interface}).value();
  const Link far_end = get_link(far.socket(), {.name = "eth0"_interface}).value();
  EXPECT_EQ(near_end.index, 10U);
  EXPECT_EQ(near_end.mac, "02:00:00:00:00:01"_mac);
  EXPECT_EQ(near_end.linked_index, 7U);
  EXPECT_TRUE(near_end.up());
  EXPECT_EQ(near_end.tx_queues, 1U);
  EXPECT_EQ(far_end.index, 7U);
  EXPECT_EQ(far_end.mac, "02:00:00:00:00:02"_mac);
  EXPECT_EQ(far_end.rx_queues, 1U);
  EXPECT_FALSE(far_end.up());
}

TEST_F(BatchTest, NamesTheFailedRequestAsIpWouldBeTold) {
  Batch batch{socket()};
  batch.add(Route{.destination = "10.0.2.0/24"_net, .hops = {{.via = "10.0.1.1"_ip}}});
  const auto sent = batch.send();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message(),
            "add route 10.0.2.0/24 via 10.0.1.1 in \"client\": ENETUNREACH (Network is unreachable): "
            "Nexthop has invalid gateway");
}

TEST_F(BatchTest, NamesDevicesThatRequestsKnowByIndexOnly) {
  Batch batch{socket()};
  const Address twice{.device = kLoopback, .local = "10.0.0.1/24"_ifaddr};
  const auto sent = batch.add(twice).add(twice).send();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, EEXIST);
  EXPECT_EQ(sent.error().operation, "add address 10.0.0.1/24 dev lo");
}

TEST_F(BatchTest, ReportsEveryFailureInOrderAndTriesTheRest) {
  Batch batch{socket()};
  batch.remove_link({.index = 77}).remove_link({.name = "ghost"_interface});
  batch.change_link({.device = kLoopback, .up = true});
  const auto sent = batch.send();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().operation, "delete link if77");
  EXPECT_THAT(sent.error().detail,
              HasSubstr("1 more of the batch failed, the next: delete link ghost in \"client\": ENODEV"));
  EXPECT_THAT(batch.failures(), SizeIs(2));
  EXPECT_TRUE(value_or_throw(get_link(socket(), kLoopback)).up());
}

TEST_F(BatchTest, CanBeUsedAgainAfterAFailure) {
  Batch batch{socket()};
  EXPECT_FALSE(batch.remove_link({.index = 77}).send());
  EXPECT_TRUE(batch.change_link({.device = kLoopback, .up = true}).send());
  EXPECT_THAT(batch.failures(), IsEmpty());
}

TEST_F(BatchTest, LooksUpNamesOfDevicesThatExist) {
  Batch batch{socket()};
  batch.add(Address{.device = {.name = "lo"_interface}, .local = "fd00::1/64"_ifaddr, .no_dad = true});
  TestNamespace::send(batch);
  EXPECT_THAT(dump_addresses(socket(), {.device = kLoopback}).value(), SizeIs(1));
}

TEST_F(BatchTest, LooksUpNamesOfDevicesThatItAddsItself) {
  Batch batch{socket()};
  batch.add_link({.name = "a"_interface, .index = 5}, Veth{.peer = {.name = "b"_interface, .index = 6}});
  batch.add(Address{.device = {.name = "a"_interface}, .local = "10.0.0.1/24"_ifaddr});
  batch.add(Address{.device = {.name = "b"_interface}, .local = "10.1.0.1/24"_ifaddr});
  TestNamespace::send(batch);
  EXPECT_EQ(dump_addresses(socket()).value().at(1).device, (Device{6, "b"_interface}));
}

TEST_F(BatchTest, SendsNothingWhenADeviceIsUnknown) {
  Batch batch{socket()};
  batch.change_link({.device = kLoopback, .up = true});
  batch.add(Address{.device = {.name = "eth9"_interface}, .local = "10.0.0.1/24"_ifaddr});
  const auto sent = batch.send();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message(),
            "add address 10.0.0.1/24 dev eth9 in \"client\": ENODEV (No such device): "
            "no link \"eth9\" here; one that the same batch adds needs an index of your choosing");
  EXPECT_FALSE(value_or_throw(get_link(socket(), kLoopback)).up());
}

TEST_F(BatchTest, RefusesAPeerThatIsToBeUp) {
  Batch batch{socket()};
  const auto sent = batch.add_link({.name = "a"_interface}, Veth{.peer = {.name = "b"_interface, .up = true}}).send();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, EINVAL);
  EXPECT_EQ(sent.error().operation, "add link a type veth peer name b");
  EXPECT_THAT(sent.error().detail, HasSubstr("change_link()"));
}

TEST_F(BatchTest, RefusesAPeerIndexThatTheKernelWouldIgnore) {
  Batch batch{socket()};
  const auto sent = batch.add_link({.name = "a"_interface}, Veth{.peer = {.name = "b"_interface, .index = 5}}).send();
  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().detail, HasSubstr("only when the veth itself is given one"));
}

TEST_F(BatchTest, RefusesRequestsAboutNoLink) {
  Batch batch{socket()};
  EXPECT_FALSE(batch.change_link({.device = {}, .up = true}).remove_link({}).settle_link({}).send());
  ASSERT_THAT(batch.failures(), SizeIs(3));
  for (const Error& failure : batch.failures()) EXPECT_EQ(failure.detail, "it names no link");
}

TEST_F(BatchTest, RefusesLinksWithoutAName) {
  Batch batch{socket()};
  batch.add_link({}, Bridge{}).add_link({.name = "a"_interface}, Veth{.peer = {}});
  EXPECT_FALSE(batch.send());
  ASSERT_THAT(batch.failures(), SizeIs(2));
  for (const Error& failure : batch.failures()) EXPECT_EQ(failure.detail, "a link needs a name");
}

TEST_F(BatchTest, SaysWhichKindOfLinkTheKernelLacks) {
  if (supports(socket(), "dummy").value()) NETRIG_SKIP("link-dummy", "this kernel has dummy links");
  const auto sent = Batch{socket()}.add_link({.name = "d"_interface}, Dummy{}).send();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, EOPNOTSUPP);
  EXPECT_THAT(sent.error().detail, HasSubstr("this kernel has no dummy links"));
}

TEST_F(BatchTest, ReadsEveryAnswerToAThousandRequestsThatAllFail) {
  Batch batch{socket()};
  for (std::uint32_t index = 0; index < 1000; ++index) batch.remove_link({.index = 1000 + index});
  EXPECT_EQ(batch.size(), 1000U);
  EXPECT_FALSE(batch.send());
  ASSERT_THAT(batch.failures(), SizeIs(1000));
  EXPECT_EQ(batch.failures().back().operation, "delete link if1999");
}

TEST_F(BatchTest, SettlesManyLinksAmongOtherRequests) {
  Batch batch{socket()};
  for (int count = 0; count < 300; ++count) batch.settle_link(kLoopback);
  batch.change_link({.device = kLoopback, .up = true});
  TestNamespace::send(batch);
  EXPECT_TRUE(value_or_throw(get_link(socket(), kLoopback)).up());
}

TEST_F(BatchTest, MakesFiveHundredPairsAndRemovesThemAsAGroup) {
  TestNamespace far{"far"};
  Batch batch{socket()};
  batch.add_link({.name = "br0"_interface, .index = 9999, .up = true}, Bridge{.multicast_snooping = false});
  for (std::uint32_t i = 0; i < 500; ++i) {
    const auto name = InterfaceName::parse("v" + std::to_string(i)).value();
    batch.add_link({.name = name, .index = 10 + i, .group = 7, .up = true, .master = {.index = 9999}},
                   Veth{.peer = {.name = name, .netns = far.fd()}});
  }
  TestNamespace::send(batch);
  EXPECT_THAT(dump_links(socket(), {.master = {.index = 9999}}).value(), SizeIs(500));
  EXPECT_THAT(dump_links(far.socket(), {.kind = "veth"}).value(), SizeIs(500));

  EXPECT_TRUE(batch.remove_link_group(7).send());
  EXPECT_THAT(dump_links(far.socket(), {.kind = "veth"}).value(), IsEmpty());
}

TEST_F(BatchTest, RefusesToConfigureThroughAReadOnlySocket) {
  auto reader = here_.run([] { return Socket::open("client", Access::read_only); });
  const auto sent = Batch{*reader}.change_link({.device = kLoopback, .up = true}).send();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message(),
            "set link lo up in \"client\": EPERM (Operation not permitted): the socket was opened read-only");
}

}  // namespace
}  // namespace netrig::netlink
