#include <netrig/sandbox/ids.h>

#include <gtest/gtest.h>

#include <unistd.h>

namespace netrig::sandbox {
namespace {

TEST(IdentityMap, MapsTheWholeHostToItself) {
  EXPECT_EQ(identity_map("         0          0 4294967295\n"), "0 0 4294967295\n");
}

TEST(IdentityMap, KeepsTheExtentsOfARootlessContainer) {
  EXPECT_EQ(identity_map("         0       1000          1\n         1     100000      65536\n"), "0 0 1\n1 1 65536\n");
}

TEST(SubordinateRange, IsFoundByNameAndByNumber) {
  constexpr const char* kFile = "root:1:5\nalice:100000:65536\n1001:200000:70000\n";
  EXPECT_EQ(subordinate_range(kFile, "alice", 1000), (SubordinateRange{100000, 65536}));
  EXPECT_EQ(subordinate_range(kFile, "bob", 1001), (SubordinateRange{200000, 70000}));
  EXPECT_EQ(subordinate_range(kFile, "carol", 1002), std::nullopt);
}

TEST(SubordinateRange, IsTheLongestOfSeveral) {
  EXPECT_EQ(subordinate_range("alice:5:10\nalice:100:50\nalice:200:20", "alice", 1000), (SubordinateRange{100, 50}));
}

TEST(SubordinateRange, IgnoresMalformedLines) {
  constexpr const char* kFile = "\n#alice\nalice\nalice:1\nalice:x:1\nalice:1:y\nalice:1:0\nalice:1:99999999999\n:::\n";
  EXPECT_EQ(subordinate_range(kFile, "alice", 1000), std::nullopt);
  EXPECT_EQ(subordinate_range(kFile, "", 1000), std::nullopt);
}

TEST(PlanIds, MapsTheOwnIdToZeroWhereNothingElseWorks) {
  const IdPlan plan = plan_ids();
  EXPECT_EQ(plan.single_uid, "0 " + std::to_string(::geteuid()) + " 1");
  EXPECT_EQ(plan.single_gid, "0 " + std::to_string(::getegid()) + " 1");
}

}  // namespace
}  // namespace netrig::sandbox
