#include <netrig/sandbox/sandbox.h>
#include <netrig/testing/skip.h>
#include <netrig/topology/fingerprint.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

// Rules, a setting of its own, and an MTU.
Topology translated() {
  Topology topology;
  auto gateway = topology.router("gateway");
  const auto server = topology.host("server"), client = topology.host("client");
  topology.segment("lan", "192.168.1.0/24, fd19::/64").mtu(1400).join(gateway, {.name = "lan"}).join(server);
  topology.segment("wan", "203.0.113.0/24, 2001:db8:113::/64").join(gateway, {.name = "wan"}).join(client);
  gateway.masquerade("wan").forward_port("wan", traffic::tcp(8080), server, Port{80});
  gateway.sysctl("net.ipv4.tcp_ecn", "1");
  return topology;
}

class FingerprintTest : public testing::Test {
 protected:
  void SetUp() override { NETRIG_NEEDS_SANDBOX(); }
};

TEST_F(FingerprintTest, IsTheSameForTheSameNetwork) {
  const Lab one{test::office()}, other{test::office()};
  EXPECT_EQ(canonical_text(one), canonical_text(other));
  EXPECT_EQ(fingerprint(one), fingerprint(other));
}

TEST_F(FingerprintTest, IsAnotherForAnotherNetwork) {
  EXPECT_NE(fingerprint(Lab{test::office()}), fingerprint(Lab{test::pair()}));
  const Lab lab{test::pair()};
  const auto before = fingerprint(lab);
  lab["left"].set_sysctl("net.ipv4.ip_default_ttl", "63");
  EXPECT_NE(fingerprint(lab), before);
}

TEST_F(FingerprintTest, IsNotChangedByTraffic) {
  const Lab lab{test::office()};
  const auto before = canonical_text(lab);
  EXPECT_EQ(lab["pc"].ping(lab["server"]).received(), 3U);
  EXPECT_EQ(lab["pc"].ping(lab["printer"], AddressFamily::ipv6).received(), 3U);
  EXPECT_EQ(canonical_text(lab), before);
}

TEST_F(FingerprintTest, IsANameBasedUuid) {
  EXPECT_EQ(fingerprint_of(""), "c7aaf3c0-929b-57a4-96eb-bd9bdd21b7fe");
  EXPECT_THAT(fingerprint(Lab{test::pair()}),
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

// For ever: who reads one in an old report can compare. A change of these is a change for users: CHANGELOG.md.
TEST_F(FingerprintTest, StaysWhatItWas) {
  EXPECT_EQ(fingerprint(Lab{test::pair()}), "daa7435d-c8df-5930-a744-5e0f23094ad5")
      << canonical_text(Lab{test::pair()});
  EXPECT_EQ(fingerprint(Lab{test::office()}), "3f2b721b-4464-5a5c-a9e0-5a5ade766c1a")
      << canonical_text(Lab{test::office()});
  EXPECT_EQ(fingerprint(Lab{translated()}), "3e42e521-66a9-55c1-a6f9-16a518499a36")
      << canonical_text(Lab{translated()});
  EXPECT_EQ(fingerprint(Lab{Topology{}}), "c2d7eebe-396b-5e7f-aa49-44d6a520ea04") << canonical_text(Lab{Topology{}});
}

}  // namespace
}  // namespace netrig
