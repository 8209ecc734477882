// What the fixtures record of a test.
#include <netrig/fixtures/two_hosts_test.h>

#include <gmock/gmock.h>

#include <map>
#include <string>

namespace netrig {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;

class FixtureRecordsTest : public TwoHostsTest {
 protected:
  static std::map<std::string, std::string> properties() {
    std::map<std::string, std::string> found;
    const auto& result = *testing::UnitTest::GetInstance()->current_test_info()->result();
    for (int i = 0; i < result.test_property_count(); ++i) {
      const auto& property = result.GetTestProperty(i);
      found[property.key()] = property.value();
    }
    return found;
  }
};

TEST_F(FixtureRecordsTest, EachLabOfATest) {
  Topology lonely;
  lonely.host("hermit");
  build(lonely);
  build(lonely);
  const auto found = properties();
  EXPECT_EQ(found.at("netrig.topology"), "2 hosts; left-right (10.0.0.0/24, fd00::/64): left right");
  EXPECT_EQ(found.at("netrig.topology.2"), "1 host");
  EXPECT_EQ(found.at("netrig.topology.3"), found.at("netrig.topology.2"));
  EXPECT_THAT(found, Contains(Key("netrig.setup_us.3")));
}

// They cost questions to the kernel, which nobody asked where no file is written.
TEST_F(FixtureRecordsTest, FingerprintsWhereAFileIsWritten) {
  const bool written = !GTEST_FLAG_GET(output).empty();
  for (const auto* key : {"netrig.fingerprint", "netrig.environment"}) {
    if (written) {
      EXPECT_THAT(properties(), Contains(Key(key)));
    } else {
      EXPECT_THAT(properties(), Not(Contains(Key(key))));
    }
  }
}

}  // namespace
}  // namespace netrig
