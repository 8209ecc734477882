// Nodes of a running lab: what they do, see, and say when it cannot be done.
#include <netrig/netns/list.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

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
