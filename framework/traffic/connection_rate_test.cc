// Connections over loopback, in the sandbox's own network.
#include <netrig/base/scope_exit.h>
#include <netrig/base/unique_fd.h>
#include <netrig/traffic/connection_rate.h>
#include <netrig/traffic/own_files.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <thread>

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

// A thousand at each end, where 1,500 files may be open: no number is wanted twice.
TEST_P(Connections, HaveTheWholeLimitOfOpenFilesAtEachEnd) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{1500, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const ScopeExit restore{[&] { ::setrlimit(RLIMIT_NOFILE, &before); }};
  auto many = load();
  many.hold = true;
  const auto result = measure_connections(many, {});
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->held, 1000U);
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, few.rlim_cur);
}

// What the accepting thread closes is open in every other.
TEST(OwnFiles, AreNobodyElses) {
  const UniqueFd kept{::eventfd(0, EFD_CLOEXEC)}, other{::eventfd(0, EFD_CLOEXEC)};
  const auto is_open = [](const UniqueFd& file) { return ::fcntl(file.get(), F_GETFD) >= 0; };
  std::thread{[&] {
    OwnFiles files;
    const std::array wanted{kept.get()};
    ASSERT_TRUE(files.open(wanted, "server"));
    EXPECT_TRUE(is_open(kept));
    EXPECT_FALSE(is_open(other));
  }}.join();
  EXPECT_TRUE(is_open(kept));
  EXPECT_TRUE(is_open(other));
}

}  // namespace
}  // namespace netrig::traffic
