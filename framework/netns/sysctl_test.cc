#include <netrig/netns/sysctl.h>
#include <netrig/netns/test_support.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>

#include <linux/sockios.h>

namespace netrig::netns {
namespace {

using ::testing::HasSubstr;

TEST(SysctlPath, TakesNamesAsSysctlDoes) {
  EXPECT_EQ(sysctl_path("net.ipv4.ip_forward"), "net/ipv4/ip_forward");
  EXPECT_EQ(sysctl_path("net.ipv4.conf.eth0/1.forwarding"), "net/ipv4/conf/eth0.1/forwarding");
  EXPECT_EQ(sysctl_path("net/ipv4/conf/eth0.1/forwarding"), "net/ipv4/conf/eth0.1/forwarding");
}

TEST(SysctlPath, RefusesWhatLeadsElsewhere) {
  const auto why = [](std::string_view name) { return sysctl_path(name).error().message(); };
  EXPECT_EQ(why("kernel.hostname"),
            "parse sysctl name \"kernel.hostname\": only settings under net, such as net.ipv4.ip_forward, belong to a "
            "network namespace");
  EXPECT_THAT(why("net"), HasSubstr("only settings under net"));
  EXPECT_THAT(why("/net/ipv4/ip_forward"), HasSubstr("only settings under net"));
  EXPECT_THAT(why("net/../kernel/hostname"), HasSubstr("a part of it is empty, or is . or .."));
  EXPECT_THAT(why("net.//.kernel.hostname"), HasSubstr("a part of it is empty, or is . or .."));
  EXPECT_THAT(why("net.ipv4..ip_forward"), HasSubstr("a part of it is empty, or is . or .."));
  EXPECT_THAT(why("net.ipv4."), HasSubstr("it ends with a separator"));
  EXPECT_THAT(why("net."), HasSubstr("it ends with a separator"));
  EXPECT_THAT(why(std::string_view{"net.a\0b", 7}), HasSubstr("it has a zero byte in it"));
}

TEST(Sysctls, EachNamespaceHasItsOwn) {
  const auto one = value_or_throw(NetNs::create()), two = value_or_throw(NetNs::create());
  ASSERT_TRUE(Sysctls{one}.set("net.ipv4.ip_default_ttl", "77"));
  EXPECT_EQ(Sysctls{one}.get("net.ipv4.ip_default_ttl"), "77");
  EXPECT_EQ(Sysctls{two}.get("net.ipv4.ip_default_ttl"), "64");
  EXPECT_EQ(Sysctls::here().get("net.ipv4.ip_default_ttl"), "64");
}

TEST(Sysctls, HereIsWhereTheThreadIs) {
  const auto made = value_or_throw(NetNs::create());
  made.run([] { EXPECT_TRUE(Sysctls::here().set("net.ipv6.conf.all.hop_limit", "9")); });
  EXPECT_EQ(Sysctls{made}.get_int("net.ipv6.conf.all.hop_limit"), 9);
}

TEST(Sysctls, TypedOnesReadWhatTheyWrite) {
  const auto made = value_or_throw(NetNs::create());
  const Sysctls settings{made};
  for (const auto family : kAddressFamilies) {
    EXPECT_EQ(settings.get(sysctl::forward(family)), false);
    ASSERT_TRUE(settings.set(sysctl::forward(family), true));
    EXPECT_EQ(settings.get(sysctl::forward(family)), true);
  }
  ASSERT_TRUE(settings.set(sysctl::kDefaultTtl, 3));
  EXPECT_EQ(settings.get(sysctl::kDefaultTtl), 3);
  ASSERT_TRUE(settings.set(sysctl::kLocalPortRange, "2000 3000"));
  EXPECT_EQ(settings.get(sysctl::kLocalPortRange), "2000 3000") << "no tabs";
}

TEST(Sysctls, ManyAreSetInOrder) {
  const auto made = value_or_throw(NetNs::create());
  const Sysctls settings{made};
  ASSERT_TRUE(settings.set_all({{"net.ipv4.ip_default_ttl", "7"}, {"net.ipv4.ip_default_ttl", "8"}}));
  EXPECT_EQ(settings.get("net.ipv4.ip_default_ttl"), "8");
  const auto result =
      settings.set_all({{"net.ipv4.ip_default_ttl", "9"}, {"net.none", "1"}, {"net.ipv4.ip_forward", "1"}});
  EXPECT_EQ(result.error().code, ENOENT);
  EXPECT_EQ(settings.get("net.ipv4.ip_default_ttl"), "9");
  EXPECT_EQ(settings.get(sysctl::kIpForward), false) << "what comes after the error is not set";
}

TEST(Sysctls, AMalformedNameSetsNothing) {
  const auto made = value_or_throw(NetNs::create());
  EXPECT_FALSE(Sysctls{made}.set_all({{"net.ipv4.ip_default_ttl", "9"}, {"kernel.hostname", "x"}}));
  EXPECT_EQ(Sysctls{made}.get("net.ipv4.ip_default_ttl"), "64");
}

TEST(Sysctls, AnEmptyValueIsWritten) {
  const auto made = value_or_throw(NetNs::create());
  const Sysctls settings{made};
  ASSERT_TRUE(settings.set("net.ipv4.ip_local_reserved_ports", "80"));
  ASSERT_TRUE(settings.set("net.ipv4.ip_local_reserved_ports", ""));
  EXPECT_EQ(settings.get("net.ipv4.ip_local_reserved_ports"), "");
}

TEST(Sysctls, ErrorsReadLikeTheCommand) {
  const auto made = value_or_throw(NetNs::create());
  const Sysctls settings{made};
  const auto where = " in \"" + made.id().to_string() + "\": ";
  EXPECT_THAT(
      settings.get("net.ipv4.none").error().message(),
      HasSubstr("read setting net.ipv4.none" + where + "ENOENT (No such file or directory): no such setting is here"));
  EXPECT_THAT(
      settings.set("net.ipv4.ip_default_ttl", "900").error().message(),
      HasSubstr("set net.ipv4.ip_default_ttl to \"900\"" + where + "EINVAL (Invalid argument): the kernel does not"));
  EXPECT_THAT(settings.set("net.ipv4.tcp_available_congestion_control", "x").error().message(),
              HasSubstr("EACCES (Permission denied): the kernel keeps it from user namespaces"));
  EXPECT_EQ(settings.get_int("net.ipv4.tcp_congestion_control").error().code, 0);
  EXPECT_THAT(settings.get_int("net.ipv4.ip_local_port_range").error().message(), HasSubstr("\" is not one number"));
}

TEST(Sysctls, ReachInterfacesWithDotsInTheirNames) {
  const auto made = value_or_throw(NetNs::create());
  const auto socket = made.socket(AF_INET, SOCK_DGRAM, 0);
  if (ioctl(socket->get(), SIOCBRADDBR, "br.7") != 0) NETRIG_SKIP("link-bridge", "this kernel cannot make a bridge");
  const auto name = interface_sysctl(AddressFamily::ipv4, InterfaceName{"br.7"}, "rp_filter");
  EXPECT_EQ(name, "net.ipv4.conf.br/7.rp_filter");
  ASSERT_TRUE(Sysctls{made}.set(name, "2"));
  EXPECT_EQ(Sysctls{made}.get("net/ipv4/conf/br.7/rp_filter"), "2");
  EXPECT_EQ(Sysctls{made}.snapshot()->at(name), "2");
}

TEST(Sysctls, SnapshotHasWhatCanBeRead) {
  const auto made = value_or_throw(NetNs::create());
  const Sysctls settings{made};
  ASSERT_TRUE(settings.set("net.ipv4.ip_default_ttl", "99"));
  const auto values = value_or_throw(settings.snapshot());
  EXPECT_EQ(values.at("net.ipv4.ip_default_ttl"), "99");
  EXPECT_TRUE(values.contains("net.ipv6.conf.default.accept_dad"));
  EXPECT_FALSE(values.contains("net.ipv4.route.flush")) << "can only be written";
  EXPECT_GT(values.size(), 200U);
}

// Makes and removes bridges in a namespace, over and over, on a thread of its own.
class ComingAndGoing {
 public:
  explicit ComingAndGoing(const NetNs& netns) : socket_{value_or_throw(netns.socket(AF_INET, SOCK_DGRAM, 0))} {}
  ComingAndGoing(const ComingAndGoing&) = delete;
  ComingAndGoing& operator=(const ComingAndGoing&) = delete;
  ~ComingAndGoing() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] bool can() const { return change(SIOCBRADDBR) && change(SIOCBRDELBR); }
  void start() {
    thread_ = std::thread{[this] {
      while (!over_ && change(SIOCBRADDBR) && change(SIOCBRDELBR)) ++rounds_;
      over_ = true;
    }};
  }
  [[nodiscard]] int rounds() const { return rounds_; }
  [[nodiscard]] bool over() const { return over_; }

 private:
  [[nodiscard]] bool change(unsigned long how) const {
    constexpr std::array kNames{"br0", "br1", "br2", "br3", "br4", "br5", "br6", "br7"};
    return std::ranges::all_of(kNames, [&](const char* name) { return ::ioctl(socket_.get(), how, name) == 0; });
  }

  UniqueFd socket_;
  std::atomic<bool> over_ = false;
  std::atomic<int> rounds_ = 0;
  std::thread thread_;
};

TEST(Sysctls, SnapshotGoesOnWhereInterfacesComeAndGo) {
  const auto made = value_or_throw(NetNs::create());
  ComingAndGoing bridges{made};
  if (!bridges.can()) NETRIG_SKIP("link-bridge", "this kernel cannot make a bridge");
  const auto lasting = value_or_throw(Sysctls{made}.snapshot());
  bridges.start();
  do {
    const auto values = Sysctls{made}.snapshot();
    ASSERT_TRUE(values) << values.error();
    EXPECT_TRUE(std::ranges::all_of(lasting, [&](const auto& entry) { return values->contains(entry.first); }));
  } while (bridges.rounds() < 3 && !bridges.over());
  EXPECT_GE(bridges.rounds(), 3);
}

}  // namespace
}  // namespace netrig::netns
