#include <netrig/topology/lab.h>
#include <netrig/topology/measured_link.h>
#include <netrig/topology/offloads.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace netrig {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

TEST(MeasuredLinks, AreThoseOfTheRoute) {
  const Lab lab{test::office()};
  const auto gw = lab["gw"];
  for (const auto family : kAddressFamilies) {
    const auto link = measured_link(gw, lab["server"].address(family));
    EXPECT_EQ(link.node, "gw");
    EXPECT_EQ(link.interface, "eth1");
    EXPECT_EQ(link.kind, "veth");
    EXPECT_EQ(link.mtu, 1500U);
    EXPECT_EQ(link.qdisc, "noqueue");
  }
  EXPECT_EQ(measured_link(gw, gw.address()).interface, "lo");
}

TEST(MeasuredLinks, TellWhatIsSetThere) {
  const Lab lab{test::pair()};
  const auto left = lab["left"];
  left.set_sysctl("net.ipv4.tcp_congestion_control", "reno");
  set_offloads(left, "eth0", {.tso = false});
  set_queue_length(left, "eth0", 17);
  const auto link = measured_link(left, lab["right"].address());
  EXPECT_EQ(link.congestion_control, "reno");
  EXPECT_EQ(link.queue_length, 17U);
  const auto json = Json::parse(link.to_json());
  EXPECT_EQ(json.at("congestion_control"), "reno");
  EXPECT_EQ(json.at("offloads").at("tcp-segmentation-offload"), false);
  EXPECT_EQ(json.at("offloads").at("generic-receive-offload"), offloads(left, "eth0").gro.value());
  EXPECT_THAT(link.to_string(), HasSubstr("left:eth0 veth, mtu 1500, qdisc noqueue, queue length 17"));
}

TEST(MeasuredLinks, AreOfBothEndsInTheEnvironment) {
  const Lab lab{test::pair()};
  for (const auto family : kAddressFamilies) {
    const auto json = Json::parse(measured_environment(lab["left"], lab["right"],
                                                       {.destination = lab["right"].address(family), .server_cpu = 0}));
    EXPECT_TRUE(json.contains("kernel"));
    EXPECT_EQ(json.at("client").at("node"), "left");
    EXPECT_EQ(json.at("server").at("node"), "right");
    EXPECT_EQ(json.at("server_cpu"), 0);
    EXPECT_FALSE(json.contains("client_cpu"));
  }
}

TEST(MeasuredLinks, LeaveOutAnEndThatKnowsNoWayBack) {
  auto topology = test::pair();
  topology.host("elsewhere");
  const Lab lab{topology};
  const auto json =
      Json::parse(measured_environment(lab["left"], lab["elsewhere"], {.destination = lab["right"].address()}));
  EXPECT_TRUE(json.contains("client"));
  EXPECT_FALSE(json.contains("server"));
}

TEST(MeasuredLinks, NeedARoute) {
  const Lab lab{test::pair()};
  EXPECT_THAT(test::error_of([&] { (void)measured_link(lab["left"], *IpAddress::parse("203.0.113.1")); }),
              HasSubstr("left"));
}

}  // namespace
}  // namespace netrig
