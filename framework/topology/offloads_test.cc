#include <netrig/netlink/link.h>
#include <netrig/testing/skip.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/measure.h>
#include <netrig/topology/offloads.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using testing::HasSubstr;

class NodeOffloadsTest : public testing::Test {
 protected:
  void SetUp() override { NETRIG_NEEDS_SANDBOX(); }
};

TEST_F(NodeOffloadsTest, AreOneEndsOwn) {
  const Lab lab{test::pair()};
  set_offloads(lab["left"], "eth0", {.tso = false, .gso = false});
  EXPECT_EQ(offloads(lab["left"], "eth0").tso, false);
  EXPECT_EQ(offloads(lab["right"], "eth0").tso, true);
  EXPECT_EQ(lab["left"].ping(lab["right"]).received(), 3U);
}

TEST_F(NodeOffloadsTest, NameNodeAndLinkInErrors) {
  const Lab lab{test::pair()};
  const auto message = test::error_of([&] { set_offloads(lab["left"], "eth7", {.tso = false}); });
  EXPECT_THAT(message, HasSubstr("left"));
  EXPECT_THAT(message, HasSubstr("eth7"));
  EXPECT_THAT(test::error_of([&] { (void)offloads(lab["left"], "a name too long for a link"); }),
              HasSubstr("too long"));
}

TEST_F(NodeOffloadsTest, QueuesHaveALength) {
  const Lab lab{test::pair()};
  set_queue_length(lab["left"], "eth0", 17);
  EXPECT_EQ(queue_length(lab["left"], "eth0"), 17U);
  EXPECT_NE(queue_length(lab["right"], "eth0"), 17U);
  EXPECT_THAT(test::error_of([&] { set_queue_length(lab["left"], "eth7", 17); }), HasSubstr("eth7"));
}

// With the packets that a BIG TCP sender makes: fewer than one for each 64 KiB.
TEST_F(NodeOffloadsTest, PacketsMayBeBig) {
  const Lab lab{test::pair()};
  const auto left = lab["left"], right = lab["right"];
  constexpr std::uint64_t kBytes = 64U << 20U;
  const auto packets = [&](AddressFamily family) {
    const auto sent = [&] {
      return left.netlink([](netlink::Socket& socket) {
        return value_or_throw(netlink::get_link(socket, {.name = value_or_throw(InterfaceName::parse("eth0"))}))
            .statistics.tx_packets;
      });
    };
    const auto before = sent();
    (void)measure(left, right, traffic::TcpLoad{.bytes = ByteCount{kBytes}}, family);
    return sent() - before;
  };
  EXPECT_EQ(gso_max_size(left, "eth0").value(), 65536U);
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) EXPECT_GE(packets(family), kBytes / 65536);
  set_gso_max_size(left, "eth0", ByteCount{524'280});
  EXPECT_EQ(gso_max_size(left, "eth0").value(), 524'280U);
  EXPECT_EQ(gso_max_size(right, "eth0").value(), 65536U);
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) EXPECT_LT(packets(family), kBytes / 65536);
}

TEST_F(NodeOffloadsTest, RefusePacketsThatAreTooBig) {
  const Lab lab{test::pair()};
  for (const auto size : {524'281ULL, 1ULL << 40U}) {
    const auto message = test::error_of([&] { set_gso_max_size(lab["left"], "eth0", ByteCount{size}); });
    EXPECT_THAT(message, HasSubstr("gso_max_size"));
    EXPECT_THAT(message, HasSubstr("left"));
  }
  EXPECT_EQ(gso_max_size(lab["left"], "eth0").value(), 65536U);
}

}  // namespace
}  // namespace netrig
