#include <netrig/sandbox/marker.h>

#include <gtest/gtest.h>

#include <string>

namespace netrig::sandbox {
namespace {

std::string formatted(const Marker& marker) {
  char buffer[kMarkerSize];
  format_marker(marker, buffer);
  return buffer;
}

TEST(Marker, ReadsBackAsWritten) {
  const Marker marker{4026532253,           4026532254, Mode::pid_namespace,
                      IdRange::subordinate, 7,          {ProcessLimit::Source::pid_namespace, 4096}};
  const std::string text = formatted(marker);
  ASSERT_TRUE(text.starts_with("NETRIG_INSIDE="));
  EXPECT_EQ(parse_marker(text.substr(text.find('=') + 1)), marker);
}

TEST(Marker, FitsItsBufferWithTheLargestNumbers) {
  const Marker marker{~std::uint64_t{0}, ~std::uint64_t{0},
                      Mode::in_place,    IdRange::helper_refused,
                      1 << 29,           {ProcessLimit::Source::user_limit, kGreatestProcessLimit}};
  EXPECT_LT(formatted(marker).size(), kMarkerSize);
}

TEST(Marker, WithoutARequestChannelSaysSo) {
  const std::string text = formatted({1, 2, Mode::in_place, IdRange::full, -1});
  EXPECT_EQ(text, "NETRIG_INSIDE=1 2 2 1 0 0 0");
  EXPECT_EQ(parse_marker("1 2 2 1 0 0 0")->spaces, -1);
}

TEST(Marker, RefusesMalformedText) {
  for (const char* text :
       {"", "1", "1 2 1 1 0 0", "1 2 1 1 0 0 0 ", "1 2 1 1 0 0 0 9", "1 2 3 1 0 0 0", "1 2 1 9 0 0 0", "a 2 1 1 0 0 0",
        "1  2 1 1 0 0 0", "-1 2 1 1 0 0 0", "99999999999999999999999 2 1 1 0 0 0", "1 2 1 1 4294967295 0 0",
        "1 2 1 1 0 3 0", "1 2 1 1 0 0 4194304"}) {
    EXPECT_EQ(parse_marker(text), std::nullopt) << text;
  }
}

TEST(NamespaceInode, IsZeroWhereThereIsNone) {
  EXPECT_NE(namespace_inode("/proc/self/ns/net"), 0U);
  EXPECT_EQ(namespace_inode("/proc/self/ns/no-such-kind"), 0U);
}

}  // namespace
}  // namespace netrig::sandbox
