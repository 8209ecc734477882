#include <netrig/net/literals.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/namespace_id.h>
#include <netrig/netlink/peer.h>
#include <netrig/netlink/test_namespace.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>

namespace netrig::netlink {
namespace {

using testing::HasSubstr;

class PeerTest : public testing::Test {
 protected:
  /// Two pairs with the same names and indexes, so that only the namespace tells the peers apart.
  PeerTest() {
    for (TestNamespace* each : {&right_, &wrong_}) {
      const auto name = each == &right_ ? "a"_interface : "b"_interface;
      Batch batch{home_.socket()};
      TestNamespace::send(batch.add_link({.name = name, .index = each == &right_ ? 10U : 11U},
                                         Veth{.peer = {.name = "eth0"_interface, .index = 5, .netns = each->fd()}}));
    }
  }

  TestNamespace home_{"home"}, right_{"right"}, wrong_{"wrong"};
  std::array<Socket*, 3> everywhere_{&home_.socket(), &wrong_.socket(), &right_.socket()};
};

TEST_F(PeerTest, IsFoundInItsNamespace) {
  const auto peer = find_peer(home_.socket(), {.name = "a"_interface}, everywhere_);
  ASSERT_TRUE(peer) << peer.error();
  EXPECT_EQ(peer->where->label(), "right");
  EXPECT_EQ(peer->link.name, "eth0"_interface);
  EXPECT_EQ(peer->link.index, 5U);
}

TEST_F(PeerTest, IsFoundFromTheOtherEnd) {
  const auto peer = find_peer(wrong_.socket(), {.index = 5}, everywhere_);
  ASSERT_TRUE(peer) << peer.error();
  EXPECT_EQ(peer->where->label(), "home");
  EXPECT_EQ(peer->link.name, "b"_interface);
}

TEST_F(PeerTest, IsFoundInTheSameNamespace) {
  Batch batch{home_.socket()};
  TestNamespace::send(batch.add_link({.name = "x"_interface}, Veth{.peer = {.name = "y"_interface}}));
  const auto peer = find_peer(home_.socket(), {.name = "x"_interface}, {});
  ASSERT_TRUE(peer) << peer.error();
  EXPECT_EQ(peer->where->label(), "home");
  EXPECT_EQ(peer->link.name, "y"_interface);
}

TEST_F(PeerTest, OutsideTheCandidatesIsAnError) {
  const std::array<Socket*, 1> candidates{&wrong_.socket()};
  const auto peer = find_peer(home_.socket(), {.name = "a"_interface}, candidates);
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().message(),
            "find the peer of link a in \"home\": ENODEV (No such device): link 5 of a namespace that is none of the 1 "
            "given");
}

TEST_F(PeerTest, OfALinkThatHasNoneIsAnError) {
  const auto peer = find_peer(home_.socket(), {.name = "lo"_interface}, everywhere_);
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().code, EINVAL);
  EXPECT_THAT(peer.error().detail, HasSubstr("it is no veth: lo"));
}

TEST_F(PeerTest, NamespaceIdsAreGivenOnce) {
  TestNamespace stranger{"stranger"};
  EXPECT_EQ(namespace_id(home_.socket(), stranger.fd()).value(), std::nullopt);
  Batch batch{home_.socket()};
  TestNamespace::send(batch.add(NamespaceId{.netns = stranger.fd(), .id = 42}));
  EXPECT_EQ(namespace_id(home_.socket(), stranger.fd()).value(), 42);
  const auto again = batch.add(NamespaceId{.netns = stranger.fd(), .id = 43}).send();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, EEXIST);
  EXPECT_THAT(again.error().operation, HasSubstr("namespace id 43 of fd"));
}

}  // namespace
}  // namespace netrig::netlink
