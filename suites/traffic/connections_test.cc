// Ten thousand connections at once, over a cable and through a NAT, and what is left of them.
#include <netrig/fixtures/nat_gateway_test.h>
#include <netrig/fixtures/two_hosts_test.h>
#include <netrig/testing/skip.h>
#include <netrig/topology/measure.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <sys/resource.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using traffic::ConnectionLoad;

constexpr std::uint64_t kMany = 10'000;
constexpr std::uint64_t kFilesBesides = 200;  // of the program, the lab and the measurement

ConnectionLoad many_held() {
  ConnectionLoad load;
  load.count = kMany;
  load.parallel = 100;
  load.hold = true;
  load.run.port = Port{5201};
  load.run.patience = 60s;
  return load;
}

std::string name_of(const ::testing::TestParamInfo<AddressFamily>& family) {
  return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6";
}

std::uint64_t most_files() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_max;
}

#define NEEDS_FILES_FOR_MANY()              \
  if (most_files() < kMany + kFilesBesides) \
  NETRIG_SKIP("limit-descriptors", "ten thousand connections need a hard limit of open files of 10,200")

template <class Use>
std::string refusal_of(const Use& use) {
  try {
    use();
    return "no error";
  } catch (const SetupError& error) {
    return error.what();
  }
}

std::size_t open_files() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class ManyConnections : public TwoHostsTest, public ::testing::WithParamInterface<AddressFamily> {};
INSTANTIATE_TEST_SUITE_P(BothFamilies, ManyConnections, ::testing::ValuesIn(kAddressFamilies), name_of);

TEST_P(ManyConnections, TenThousandAreHeldAtOnce) {
  NEEDS_FILES_FOR_MANY();
  const auto before = open_files();
  const auto result = measure(left(), right(), many_held(), GetParam());
  EXPECT_EQ(result.held, kMany);
  EXPECT_EQ(result.connections, kMany);
  EXPECT_EQ(result.connect_times.count(), kMany);
  EXPECT_EQ(open_files(), before);
  std::cout << result << '\n';
}

// The server's port and the client's ports are free again, and none is in TIME_WAIT.
TEST_P(ManyConnections, LeaveNothingBehind) {
  auto load = many_held();
  load.count = 500;
  left().set_sysctl("net.ipv4.ip_local_port_range", "40000 40599");
  const auto before = open_files();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(measure(left(), right(), load, GetParam()).held, load.count);
  EXPECT_EQ(open_files(), before);
}

// A rule for connections from the 300th on: one by itself goes before those that are counted.
std::string from_the_300th(std::string_view verdict) {
  return fmt::format(
      "table inet t {{ chain c {{ type filter hook input priority 0; tcp dport 5201 ct state new numgen inc mod 100000 "
      ">= "
      "300 {}\n}}\n}}\n",
      verdict);
}

TEST_P(ManyConnections, ThatAreGivenUpAreGone) {
  auto load = many_held();
  load.parallel = 1;
  std::stop_source source;
  load.run.stop = source.get_token();
  load.run.interval = 10ms;
  load.run.on_interval = [&, made = std::uint64_t{0}](const traffic::Interval& interval) mutable {
    made += interval.packets;
    if (made == 299) source.request_stop();
  };
  right().load_ruleset_text(from_the_300th("drop"));
  const auto before = open_files();
  EXPECT_THAT(refusal_of([&] { (void)measure(left(), right(), load, GetParam()); }), HasSubstr("ECANCELED"));
  EXPECT_EQ(open_files(), before);
  EXPECT_EQ(right().listen(traffic::tcp(5201)).port(), Port{5201});
}

TEST_P(ManyConnections, ThatAreRefusedHalfWayAreTold) {
  auto load = many_held();
  load.parallel = 1;
  right().load_ruleset_text(from_the_300th("reject with tcp reset"));
  EXPECT_THAT(
      refusal_of([&] { (void)measure(left(), right(), load, GetParam()); }),
      AllOf(HasSubstr("in \"left\": ECONNREFUSED"), ContainsRegex("after [0-9.]+ s, 299 of 10000 connections made")));
}

class ManyConnectionsThroughNat : public NatGatewayTest, public ::testing::WithParamInterface<AddressFamily> {};
INSTANTIATE_TEST_SUITE_P(BothFamilies, ManyConnectionsThroughNat, ::testing::ValuesIn(kAddressFamilies), name_of);

TEST_P(ManyConnectionsThroughNat, TenThousandAreHeldAtOnce) {
  NEEDS_FILES_FOR_MANY();
  gateway().set_sysctl("net.netfilter.nf_conntrack_tcp_timeout_close",
                       "600");  // all are in the table until they are counted
  const auto result = measure(inside(), outside(), many_held(), GetParam());
  EXPECT_EQ(result.held, kMany);
  EXPECT_GE(std::stoull(gateway().sysctl("net.netfilter.nf_conntrack_count")), kMany);
  std::cout << result << '\n';
}

}  // namespace
}  // namespace netrig
