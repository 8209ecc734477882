#include <netrig/base/directory.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace netrig {
namespace {

TEST(Directory, IsListedWithoutItselfAndItsParent) {
  const auto names = names_in("/proc/self");
  ASSERT_TRUE(names) << names.error();
  EXPECT_THAT(*names, testing::IsSupersetOf({"fd", "ns", "status"}));
  EXPECT_THAT(*names, testing::Not(testing::Contains(testing::AnyOf(".", ".."))));
}

TEST(Directory, ThatIsNotThereIsNamed) {
  const auto names = names_in("/proc/nowhere");
  ASSERT_FALSE(names);
  EXPECT_EQ(names.error().code, ENOENT);
  EXPECT_THAT(names.error().message(), testing::HasSubstr("list /proc/nowhere"));
}

}  // namespace
}  // namespace netrig
