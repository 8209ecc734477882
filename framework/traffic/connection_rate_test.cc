// Connections over loopback, in the sandbox's own network.
#include <netrig/traffic/connection_rate.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;

class Connections : public ::testing::TestWithParam<AddressFamily> {
 protected:
  ConnectionLoad load() const {
    ConnectionLoad load;
    load.run.destination = IpAddress::loopback(GetParam());
    load.run.patience = 60s;
    return load;
  }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, Connections, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

TEST_P(Connections, AreMadeOneAfterTheOtherAndManyAtOnce) {
  for (const unsigned parallel : {1U, 64U}) {
    auto some = load();
    some.parallel = parallel;
    const auto result = measure_connections(some, {});
    ASSERT_TRUE(result) << result.error();
    EXPECT_EQ(result->connections, 1000U);
    EXPECT_EQ(result->connect_times.count(), 1000U);
    EXPECT_EQ(result->held, 0U);
    EXPECT_GT(result->client.cpu, 0ns);
    EXPECT_GT(result->server.cpu, 0ns);
    EXPECT_GT(result->connection_rate(), 0);
  }
}

TEST_P(Connections, AreHeldAndAlive) {
  auto many = load();
  many.hold = true;
  const auto result = measure_connections(many, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->held, 1000U);
}

}  // namespace
}  // namespace netrig::traffic
