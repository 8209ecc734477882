#include <netrig/net/literals.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/socket.h>
#include <netrig/netlink/test_namespace.h>
#include <netrig/netlink/tun.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace netrig::netlink {
namespace {

using testing::HasSubstr;

TEST(SocketTest, OpensForConfiguringInTheSandbox) {
  const auto socket = Socket::open("here");
  ASSERT_TRUE(socket) << socket.error();
  EXPECT_EQ(socket->label(), "here");
  EXPECT_EQ(socket->access(), Access::configure);
}

TEST(SocketTest, StaysInTheNamespaceWhereItWasMade) {
  TestNamespace there{"there"};
  Batch batch{there.socket()};
  TestNamespace::send(batch.add_link({.name = "only-there"_interface}, Bridge{}));
  auto here = value_or_throw(Socket::open("here"));
  EXPECT_TRUE(find_device(there.socket(), "only-there"_interface));
  EXPECT_FALSE(find_device(here, "only-there"_interface));
}

TEST(TunTest, GivesThePacketsSentToIt) {
  if (access("/dev/net/tun", R_OK | W_OK) != 0) NETRIG_SKIP("tun", "/dev/net/tun is missing, or not for this user");
  TestNamespace here;
  for (const auto kind : {TunSpec::Kind::tun, TunSpec::Kind::tap}) {
    const auto fd = here.run([&] { return open_tun({.name = "tun0"_interface, .kind = kind}); });
    if (!fd && fd.error().code == EPERM) NETRIG_SKIP("tun", fd.error());
    ASSERT_TRUE(fd) << fd.error();
    EXPECT_EQ(value_or_throw(get_link(here.socket(), {.name = "tun0"_interface})).kind, "tun");
  }
  EXPECT_EQ(get_link(here.socket(), {.name = "tun0"_interface}).error().code, ENODEV);
}

TEST(TunTest, SaysWhyThereIsNone) {
  if (access("/dev/net/tun", R_OK | W_OK) == 0) NETRIG_SKIP("tun", "/dev/net/tun is open to this user");
  const auto fd = open_tun({.name = "tun0"_interface, .kind = TunSpec::Kind::tap});
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().operation, "add tuntap tun0 mode tap");
  EXPECT_THAT(fd.error().detail,
              testing::AnyOf(HasSubstr("/dev/net/tun is not for this user"), HasSubstr("no TUN driver")));
}

}  // namespace
}  // namespace netrig::netlink
