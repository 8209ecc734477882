#include <netrig/testing/skip.h>
#include <netrig/topology/lab.h>
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

}  // namespace
}  // namespace netrig
