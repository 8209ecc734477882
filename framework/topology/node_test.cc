// Nodes of a running lab: what they do, see, and say when it cannot be done.
#include <netrig/netns/list.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fcntl.h>
#include <future>
#include <optional>
#include <sys/mount.h>
#include <thread>
#include <utility>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using test::error_of;
using test::pair;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Node, SaysThatItsLabHasEnded) {
  std::optional<Lab> lab{pair()};
  const Node left = (*lab)["left"];
  lab.reset();
  EXPECT_EQ(left.name(), "left");
  try {
    (void)left.snapshot();
    FAIL() << "did not throw";
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("\"left\""), HasSubstr("its lab has ended")));
  }
}

TEST(Node, RunsAFunctionInItsNetwork) {
  const Lab lab{pair()};
  const auto inside = lab["left"].run([] { return netns::NetNs::current().value().id(); });
  EXPECT_EQ(inside, lab["left"].network().id());
  EXPECT_NE(inside, lab["right"].network().id());
}

TEST(Node, RunsProgramsThatSeeItsNetwork) {
  const Lab lab{pair()};
  const auto shown = lab["left"].exec({"ip", "-br", "address", "show", "eth0"});
  EXPECT_TRUE(shown.success()) << shown;
  EXPECT_THAT(shown.out, HasSubstr("10.0.0.1/24"));
  const auto failed = lab["left"].exec(process::sh("echo sorry >&2; exit 3"));
  EXPECT_EQ(failed.status.code(), 3);
  EXPECT_EQ(failed.err, "sorry\n");
}

TEST(Node, SaysWhichProgramCannotBeStarted) {
  const Lab lab{pair()};
  try {
    (void)lab["left"].exec({"no-such-program"});
    FAIL() << "did not throw";
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("no-such-program"), HasSubstr("left"), HasSubstr("ENOENT")));
  }
}

TEST(Node, ProgramsAndTheirDaemonsDieWithTheLab) {
  std::optional<Lab> lab{pair()};
  const auto sleeper = (*lab)["left"].start({"sleep", "infinity"});
  (void)(*lab)["right"].exec(
      process::sh("setsid sh -c 'trap \"\" TERM HUP; sleep infinity & sleep infinity' > /dev/null 2>&1 &"));
  EXPECT_TRUE(sleeper.running());
  const auto home = (*lab)["right"].network().id();
  lab.reset();
  EXPECT_FALSE(sleeper.running());
  const auto left_over = netns::list();
  ASSERT_TRUE(left_over) << left_over.error();
  for (const auto& use : left_over->namespaces) EXPECT_NE(use.id, home) << use.to_string();
}

TEST(Node, ChangesAtRunTime) {
  const Lab lab{pair()};
  const auto left = lab["left"], right = lab["right"];
  const auto extra = InterfaceAddress::parse("192.0.2.1/32").value();
  right.add_address("lo", extra);
  netlink::Route route{.destination = IpPrefix::single(extra.address())};
  route.hops = {{.via = right.address()}};
  left.add_route(route);
  EXPECT_TRUE(left.ping(extra.address()).complete());
  left.remove_route(route);
  EXPECT_FALSE(left.ping({.destination = extra.address(), .count = 1, .timeout = 10ms}).complete());
  right.remove_address("lo", extra);
  EXPECT_THROW(right.remove_address("lo", extra), SetupError);
}

TEST(Node, SetsAndReadsSysctls) {
  const Lab lab{pair()};
  lab["left"].set_sysctl("net.ipv4.tcp_ecn", "1");
  EXPECT_EQ(lab["left"].sysctl("net.ipv4.tcp_ecn"), "1");
  EXPECT_THROW(lab["left"].set_sysctl("net.ipv4.no_such_setting", "1"), SetupError);
}

TEST(Node, SeesAddressesGivenAtRunTime) {
  Topology bare;
  const auto left = bare.host("left"), right = bare.host("right");
  bare.segment("wire", "none").join(left, right);
  const Lab lab{bare};
  EXPECT_FALSE(lab[right].has_address(AddressFamily::ipv4));
  lab[left].add_address("eth0", InterfaceAddress::parse("10.0.0.1/24").value());
  lab[right].add_address("eth0", InterfaceAddress::parse("10.0.0.2/24").value());
  EXPECT_TRUE(lab[left].ping(lab[right]).complete());
  EXPECT_EQ(lab[right].address("wire").to_string(), "10.0.0.2");
  lab.connect(lab[left], "extra0", lab[right], "extra0");
  lab[right].add_address("extra0", InterfaceAddress::parse("10.7.0.2/24").value());
  EXPECT_EQ(lab[right].address("extra0").to_string(), "10.7.0.2");
}

TEST(Node, SeesThatAnAddressWasTakenAwayButNotThatItsLinkIsDown) {
  const Lab lab{pair()};
  const auto right = lab["right"];
  {
    const auto cut = lab.link("left", "right").down();
    EXPECT_EQ(right.address(AddressFamily::ipv6).to_string(), "fd00::2");
  }
  right.remove_address("eth0", InterfaceAddress::parse("10.0.0.2/24").value());
  EXPECT_FALSE(right.has_address(AddressFamily::ipv4));
  right.add_address("eth0", InterfaceAddress::parse("10.0.0.9/24").value());
  EXPECT_TRUE(lab["left"].ping(right).complete());
}

TEST(Node, SetsItsNewDevicesUp) {
  const Lab lab{pair()};
  lab["left"].add_link({.name = value_or_throw(InterfaceName::parse("br7"))}, netlink::Bridge{});
  EXPECT_TRUE(lab["left"].snapshot().find_link("br7")->up());
}

// One file of /proc/sys of the node's, read-only while it lives.
class Unwritable {
 public:
  Unwritable(Node node, const char* file) : node_{std::move(node)}, file_{file} {
    EXPECT_TRUE(node_.run([&] {
      mount_attr read_only{};
      read_only.attr_set = MOUNT_ATTR_RDONLY;
      return ::mount(file_, file_, nullptr, MS_BIND, nullptr) == 0 &&
             ::mount_setattr(AT_FDCWD, file_, 0, &read_only, sizeof read_only) == 0;
    }));
  }
  Unwritable(const Unwritable&) = delete;
  Unwritable& operator=(const Unwritable&) = delete;
  ~Unwritable() {
    EXPECT_TRUE(node_.run([&] { return ::umount2(file_, MNT_DETACH) == 0; }));
  }

 private:
  Node node_;
  const char* file_;
};

TEST(Node, ForwardsBothFamiliesFromNowOnOrNone) {
  const Lab lab{pair()};
  const auto left = lab["left"];
  const auto forwards = [&] {
    return left.sysctl("net.ipv4.ip_forward") + left.sysctl("net.ipv6.conf.all.forwarding");
  };
  for (const char* file : {"/proc/sys/net/ipv6/conf/all/forwarding", "/proc/sys/net/ipv4/ip_forward"}) {
    const Unwritable refused{left, file};
    EXPECT_THAT(error_of([&] { left.set_forwarding(true); }), AllOf(HasSubstr("EROFS"), HasSubstr("in \"left\"")));
    EXPECT_EQ(forwards(), "00") << file;
  }
  left.set_forwarding(true);
  EXPECT_EQ(forwards(), "11");
  {
    const Unwritable refused{left, "/proc/sys/net/ipv4/ip_forward"};
    EXPECT_THAT(error_of([&] { left.set_forwarding(false); }), HasSubstr("EROFS"));
    EXPECT_EQ(forwards(), "11");
  }
  left.set_forwarding(false);
  EXPECT_EQ(forwards(), "00");
}

// It takes no node's turn while it has another's: two threads could wait for one another.
TEST(Node, ItsPeerIsFoundWhileAThirdNodeIsInUse) {
  auto net = pair();
  (void)net.host("third");
  const Lab lab{net};
  lab["third"].netlink([&](netlink::Socket&) {
    const auto peer = std::async(std::launch::async, [&] { return lab.peer_of(lab["left"], "eth0"); }).get();
    EXPECT_EQ(peer.node.name(), "right");
    EXPECT_EQ(peer.interface, lab.link("left", "right").b().interface);
  });
}

TEST(Node, IsNamedByItsErrors) {
  const Lab lab{pair()};
  const auto left = lab["left"];
  EXPECT_THAT(error_of([&] { left.set_sysctl("net.ipv4.no_such_setting", "1"); }), HasSubstr("in \"left\""));
  EXPECT_THAT(error_of([&] { (void)left.sysctl("net.ipv4.no_such_setting"); }), HasSubstr("in \"left\""));
  const auto first = left.listen(traffic::tcp(80));
  EXPECT_THAT(error_of([&] { (void)left.listen(traffic::tcp(80)); }),
              HasSubstr("listen on tcp/80 in \"left\": EADDRINUSE"));
  EXPECT_THAT(error_of([&] { (void)left.ping({.destination = lab["right"].address(), .count = 0}); }),
              HasSubstr("in \"left\""));
  EXPECT_THAT(error_of([&] { (void)left.probe({.service = traffic::icmp(), .destination = lab["right"].address()}); }),
              HasSubstr("in \"left\""));
}

TEST(Node, MayBeUsedWhileItsLabEnds) {
  for (int round = 0; round < 10; ++round) {
    std::optional<Lab> lab{pair()};
    const auto left = (*lab)["left"];
    std::atomic<int> looks = 0;
    std::jthread user{[&] {
      EXPECT_THAT(error_of([&] {
                    while (true) {
                      (void)left.snapshot();
                      (void)left.lab_nodes();
                      ++looks;
                      looks.notify_all();
                    }
                  }),
                  HasSubstr("its lab has ended"));
    }};
    looks.wait(0);
    lab.reset();
  }
}

}  // namespace
}  // namespace netrig
