#include <netrig/sandbox/sandbox.h>
#include <netrig/topology/fingerprint.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

class FingerprintTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!sandbox::inside()) GTEST_SKIP() << sandbox::why_not();
  }
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
  EXPECT_EQ(fingerprint(Lab{test::pair()}), "f8542105-e9ba-57b8-a095-2c133ada217a")
      << canonical_text(Lab{test::pair()});
  EXPECT_EQ(fingerprint(Lab{test::office()}), "57961a49-3def-5516-9085-118e93d23089")
      << canonical_text(Lab{test::office()});
}

}  // namespace
}  // namespace netrig
