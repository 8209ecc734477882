#include <netrig/testing/full_tables.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Tables that say what the test wants: to fill those of the machine would lose its neighbours' packets.
class FullTablesTest : public ::testing::Test {
 protected:
  std::vector<netlink::NeighbourTable> tables_ = {
      {.family = AddressFamily::ipv4, .name = "arp_cache", .entries = 3, .limit = 1024, .full = 70},
      {.family = AddressFamily::ipv6, .name = "ndisc_cache", .entries = 3, .limit = 2048, .full = 5}};
  FullTables full_{[this] { return FullTables::Tables{tables_}; }};
};

TEST_F(FullTablesTest, SayNothingOfWhatWasBefore) {
  full_.remember();
  EXPECT_EQ(full_.text(), "");
}

TEST_F(FullTablesTest, NameTheTableAndTheRemedy) {
  full_.remember();
  tables_.back().full += 12;
  EXPECT_THAT(full_.text(), AllOf(HasSubstr("ndisc_cache (2048 entries at most, for all namespaces) was full 12 times"),
                                  HasSubstr("net.ipv6.neigh.default.gc_thresh3=16384"), Not(HasSubstr("arp_cache"))));
}

TEST_F(FullTablesTest, SayNothingWhereNobodyCanTell) {
  FullTables blind{[]() -> FullTables::Tables { return fail(Error::invalid("list", "", "forbidden")); }};
  blind.remember();
  EXPECT_EQ(blind.text(), "");
}

}  // namespace
}  // namespace netrig
