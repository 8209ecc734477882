#include <netrig/net/literals.h>
#include <netrig/netlink/codec/address_codec.h>
#include <netrig/netlink/codec/describe.h>
#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/codec/mdb_codec.h>
#include <netrig/netlink/codec/namespace_id_codec.h>
#include <netrig/netlink/codec/neighbour_codec.h>
#include <netrig/netlink/codec/recorded.h>
#include <netrig/netlink/codec/route_codec.h>
#include <netrig/netlink/codec/rule_codec.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace netrig::netlink::codec {
namespace {

using recorded::Message;
using testing::ElementsAre;

TEST(AnswerTest, LinkThatIsABridgePort) {
  const auto link = decode_link(Message{recorded::kPortLink}.get());
  ASSERT_TRUE(link);
  EXPECT_EQ(link->name, "veth1"_interface);
  EXPECT_EQ(link->kind, "veth");
  EXPECT_EQ(link->mac, "02:00:00:00:00:11"_mac);
  EXPECT_EQ(link->state, OperState::up);
  EXPECT_TRUE(link->carrier);
  EXPECT_EQ(link->linked_index, 3U);
  EXPECT_FALSE(link->linked_namespace.has_value());
  EXPECT_EQ(link->master.index, 4U);
  ASSERT_TRUE(link->port);
  EXPECT_EQ(link->port->hairpin, true);
  EXPECT_EQ(link->port->cost, 2U);
  EXPECT_EQ(link->qdisc, "noqueue");
  EXPECT_EQ(link->addr_gen_mode, AddrGenMode::eui64);
}

TEST(AnswerTest, LinkThatIsABridge) {
  const auto link = decode_link(Message{recorded::kBridgeLink}.get());
  ASSERT_TRUE(link);
  ASSERT_TRUE(link->details);
  const auto bridge = std::get<Bridge>(*link->details);
  EXPECT_EQ(bridge.stp, true);
  EXPECT_EQ(bridge.forward_delay, std::chrono::seconds{15});
  EXPECT_EQ(bridge.ageing_time, std::chrono::seconds{300});
  EXPECT_EQ(bridge.priority, 0x8000);
}

TEST(AnswerTest, AddressesOfBothFamilies) {
  const auto v4 = decode_address(Message{recorded::kAddress4}.get());
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->local, "10.0.0.1/24"_ifaddr);
  EXPECT_EQ(v4->to_string(), "inet 10.0.0.1/24 scope global veth0\n   valid_lft forever preferred_lft forever");
  const auto v6 = decode_address(Message{recorded::kAddress6}.get());
  ASSERT_TRUE(v6);
  EXPECT_TRUE(v6->tentative);
  EXPECT_EQ(v6->to_string(),
            "inet6 fe80::e827:14ff:fe73:9dc/64 scope link tentative\n   valid_lft forever preferred_lft forever");
}

TEST(AnswerTest, Routes) {
  const auto multipath = decode_route(Message{recorded::kMultipathRoute}.get());
  ASSERT_TRUE(multipath);
  EXPECT_EQ(multipath->to_string(),
            "10.7.0.0/16\n\tnexthop via 10.0.0.7 dev if3 weight 2\n\tnexthop via 10.0.0.8 dev if3 weight 1 onlink");
  auto fallback = decode_route(Message{recorded::kDefaultRoute6}.get());
  ASSERT_TRUE(fallback);
  EXPECT_EQ(fallback->to_string(), "default via fd00::9 dev if3 metric 1024 pref medium");
  fallback->expires = 1798;
  EXPECT_EQ(fallback->to_string(), "default via fd00::9 dev if3 metric 1024 expires 1798sec pref medium");
}

TEST(AnswerTest, RulesAndNeighbours) {
  EXPECT_EQ(decode_rule(Message{recorded::kRule}.get())->to_string(), "100:\tfrom 10.1.0.0/24 lookup 7");
  EXPECT_EQ(decode_neighbour(Message{recorded::kNeighbour}.get())->to_string(),
            "10.0.0.50 dev if3 lladdr 02:00:00:00:00:50 PERMANENT");
}

TEST(AnswerTest, ForwardingAndMulticastDatabases) {
  EXPECT_EQ(decode_fdb(Message{recorded::kFdbEntry}.get())->to_string(), "02:00:00:00:00:99 dev if2 master if4 static");
  const auto entries = decode_mdb(Message{recorded::kMdb}.get());
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].to_string(), "dev if4 port if2 grp 239.1.1.1 permanent");
}

/// Lets every decoder see a message; none may read beyond its end (which the sanitizers watch) or throw.
void decode_by_all(const nlmsghdr* message) {
  DeviceNames names{-1};
  (void)decode_link(message);
  (void)decode_address(message);
  (void)decode_route(message);
  (void)decode_rule(message);
  (void)decode_neighbour(message);
  (void)decode_fdb(message);
  (void)decode_mdb(message);
  (void)decode_namespace_id(message);
  (void)describe(message, names);
  (void)error_code(message);
  (void)extended_text(message);
}

constexpr std::string_view kAll[] = {recorded::kPortLink, recorded::kBridgeLink,     recorded::kAddress4,
                                     recorded::kAddress6, recorded::kMultipathRoute, recorded::kDefaultRoute6,
                                     recorded::kRule,     recorded::kNeighbour,      recorded::kFdbEntry,
                                     recorded::kMdb,      recorded::kNoSuchKind};

TEST(AnswerTest, CutShortAnywhereIsSurvived) {
  for (const std::string_view hexadecimal : kAll) {
    for (std::size_t size = sizeof(nlmsghdr); size * 2 < hexadecimal.size(); ++size) {
      Message message{hexadecimal.substr(0, size * 2)};
      reinterpret_cast<nlmsghdr*>(message.bytes().data())->nlmsg_len = static_cast<std::uint32_t>(size);
      EXPECT_NO_THROW(decode_by_all(message.get())) << size;
    }
  }
}

TEST(AnswerTest, WithAnyBytesChangedIsSurvived) {
  std::mt19937 random{7141};
  std::vector<std::string_view> seeds{std::begin(kAll), std::end(kAll)};
  for (const auto& request : recorded::kRequests) seeds.push_back(request.bytes);
  for (const std::string_view hexadecimal : seeds) {
    for (int round = 0; round < 300; ++round) {
      Message message{hexadecimal};
      for (int change = 0; change < 3; ++change) {
        // The length of the whole is the transport's to check.
        const std::size_t place = 4 + random() % (message.bytes().size() - 4);
        message.bytes()[place] = static_cast<std::byte>(random());
      }
      EXPECT_NO_THROW(decode_by_all(message.get())) << round;
    }
  }
}

}  // namespace
}  // namespace netrig::netlink::codec
