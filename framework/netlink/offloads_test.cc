#include <netrig/net/literals.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/offloads.h>
#include <netrig/netlink/test_namespace.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace netrig::netlink {
namespace {

using testing::HasSubstr;

constexpr InterfaceName kLeft{"left"};

class OffloadsTest : public testing::Test {
 protected:
  OffloadsTest() {
    Batch batch{here_.socket()};
    TestNamespace::send(batch.add_link({.name = kLeft}, Veth{.peer = {.name = "right"_interface}}));
  }
  Offloads now() const {
    return here_.run([] { return value_or_throw(offloads(kLeft)); });
  }
  Result<void> change(const Offloads& wanted) const {
    return here_.run([&] { return set_offloads(kLeft, wanted); });
  }

  TestNamespace here_;
};

TEST_F(OffloadsTest, AreReadOfALink) {
  const auto found = now();
  EXPECT_EQ(found.tso, true);
  EXPECT_EQ(found.gso, true);
  EXPECT_EQ(found.tx_checksum, true);
  EXPECT_THAT(found.to_string(), HasSubstr("scatter-gather on, tso on, gso on, gro "));
}

TEST_F(OffloadsTest, AreSetEachByItself) {
  const auto before = now();
  for (const auto feature : {&Offloads::tso, &Offloads::gso, &Offloads::gro, &Offloads::tx_checksum}) {
    for (const bool on : {false, true}) {
      Offloads wanted;
      wanted.*feature = on;
      const auto changed = change(wanted);
      ASSERT_TRUE(changed) << changed.error();
      EXPECT_EQ(now().*feature, on);
    }
    ASSERT_TRUE(change(before));
    EXPECT_EQ(now(), before);
  }
}

TEST_F(OffloadsTest, AreSetTogether) {
  const Offloads plain{.tx_checksum = false, .scatter_gather = false, .tso = false, .gso = false, .gro = false};
  const auto changed = change(plain);
  ASSERT_TRUE(changed) << changed.error();
  EXPECT_EQ(now().tso, false);
  EXPECT_EQ(now().scatter_gather, false);
  ASSERT_TRUE(change({.tx_checksum = true, .scatter_gather = true, .tso = true, .gso = true, .gro = true}));
  EXPECT_EQ(now().tso, true);
}

TEST_F(OffloadsTest, AllOrNothing) {
  const auto before = now();
  const auto changed = change({.tx_checksum = false, .tso = true, .gro = !before.gro.value()});  // tso needs checksums
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message(), HasSubstr("turn tso on"));
  EXPECT_THAT(changed.error().message(), HasSubstr("left"));
  EXPECT_EQ(now(), before);
}

TEST_F(OffloadsTest, NameALinkThatThereIsNoneOf) {
  const auto found = here_.run([] { return offloads("none"_interface); });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ENODEV);
  EXPECT_THAT(found.error().message(), HasSubstr("none"));
  EXPECT_EQ(here_.run([] { return set_offloads("none"_interface, {.gro = true}); }).error().code, ENODEV);
}

TEST_F(OffloadsTest, AreAsEthtoolShowsThem) {
  NETRIG_NEEDS_TOOL("ethtool");
  ASSERT_TRUE(change({.tso = false, .gro = true}));
  const auto shown = here_.tool("ethtool -k left");
  EXPECT_THAT(shown, HasSubstr("tx-tcp-segmentation: off"));
  EXPECT_THAT(shown, HasSubstr("generic-receive-offload: on"));
  EXPECT_THAT(shown, HasSubstr("generic-segmentation-offload: on"));
}

}  // namespace
}  // namespace netrig::netlink
