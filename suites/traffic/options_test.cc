// Options of a load are what its sockets, its packets and its threads have: asked of the kernel beside the generator,
// while it runs.
#include <netrig/fixtures/two_hosts_test.h>
#include <netrig/net/literals.h>
#include <netrig/topology/measure.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <filesystem>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <regex>
#include <sched.h>
#include <stop_token>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include <linux/tcp.h>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::SizeIs;
using traffic::TcpLoad;
using traffic::UdpLoad;

constexpr std::uint16_t kPort = 5201;
constexpr std::uint64_t kNoPace = ~std::uint64_t{0};

// The names of what is in a folder of /proc, which are numbers.
std::vector<int> numbers_in(const char* folder) {
  std::vector<int> numbers;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const auto name = entry.path().filename().string();
    int number = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc{}) numbers.push_back(number);
  }
  return numbers;
}

// Zero where there is none.
template <class Get>
std::uint16_t port_by(Get get, int fd) {
  sockaddr_in6 address{};  // an IPv4 address has its port in the same place
  socklen_t size = sizeof address;
  return get(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? ntohs(address.sin6_port) : std::uint16_t{0};
}

// -1 of what is no socket.
int option_of(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

enum class End : std::uint8_t { client, server };

// This process's sockets of the measurement. A TCP socket that listens is none of it.
std::vector<int> sockets(End end) {
  std::vector<int> found;
  for (const int fd : numbers_in("/proc/self/fd")) {
    const auto family = option_of(fd, SO_DOMAIN);
    if (family != AF_INET && family != AF_INET6) continue;
    const auto own = port_by(::getsockname, fd), peers = port_by(::getpeername, fd);
    const bool is_servers = own == kPort && (peers != 0 || option_of(fd, SO_TYPE) == SOCK_DGRAM);
    if (end == End::server ? is_servers : peers == kPort) found.push_back(fd);
  }
  return found;
}

template <class Value = int>
std::vector<Value> values(End end, int level, int option) {
  std::vector<Value> all;
  for (const int fd : sockets(end)) {
    Value value{};
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(fd, level, option, &value, &size), 0);
    all.push_back(value);
  }
  return all;
}

std::vector<std::string> congestion_controls(End end) {
  std::vector<std::string> names;
  for (const auto& name : values<std::array<char, 16>>(end, IPPROTO_TCP, TCP_CONGESTION))
    names.emplace_back(name.data());
  return names;
}

// Processors that a thread of this process may run on, of those that may run on one only.
std::vector<int> pinned() {
  std::vector<int> cpus;
  for (const int thread : numbers_in("/proc/self/task")) {
    cpu_set_t allowed;
    if (::sched_getaffinity(thread, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) != 1) continue;
    int cpu = 0;
    while (!CPU_ISSET(cpu, &allowed)) ++cpu;
    cpus.push_back(cpu);
  }
  return cpus;
}

class Options : public TwoHostsTest, public ::testing::WithParamInterface<AddressFamily> {
 protected:
  /// Looks once, when something has arrived and so both ends are at work, and ends the measurement.
  template <class Load>
  void look_during(Load load, const std::function<void()>& look) {
    std::stop_source source;
    bool looked = false;
    load.run.port = Port{kPort};
    load.run.patience = 60s;
    load.duration = 60s;
    load.run.interval = 10ms;
    load.run.stop = source.get_token();
    load.run.on_interval = [&](const traffic::Interval& interval) {
      if (interval.received == ByteCount{} || std::exchange(looked, true)) return;
      look();
      source.request_stop();
    };
    try {
      (void)measure(left(), right(), load, GetParam());
      ADD_FAILURE() << "was not stopped";
    } catch (const SetupError& error) {
      EXPECT_THAT(error.what(), HasSubstr("ECANCELED"));
    }
    EXPECT_TRUE(looked);
  }
  /// Packets that rules at the receiver have seen, each with a counter; the last are those given.
  std::vector<std::uint64_t> seen_by(const std::string& rules, const std::function<void()>& traffic) {
    right().load_ruleset_text("table inet seen { chain in { type filter hook input priority 0; " + rules + "\n}\n}\n");
    traffic();
    const auto text = right().ruleset_text();
    const std::regex counter{"counter packets ([0-9]+)"};
    std::vector<std::uint64_t> packets;
    for (std::sregex_iterator at{text.begin(), text.end(), counter}, end; at != end; ++at)
      packets.push_back(std::stoull((*at)[1]));
    return packets;
  }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, Options, ::testing::ValuesIn(kAddressFamilies),
                         [](const auto& family) { return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6"; });

// The kernel doubles what it is told of buffers: socket(7).
TEST_P(Options, OfTcpAreThoseOfEachSocketAtBothEnds) {
  TcpLoad load;
  load.streams = 3;
  load.no_delay = true;
  load.congestion_control = "reno";
  load.send_buffer = ByteCount{100'000};
  load.receive_buffer = ByteCount{60'000};
  load.pace = 80_mbit;
  load.method = traffic::SendMethod::zero_copy;
  look_during(load, [] {
    for (const auto end : {End::client, End::server}) {
      EXPECT_THAT(values(end, IPPROTO_TCP, TCP_NODELAY), AllOf(SizeIs(3), Each(Ge(1))));
      EXPECT_THAT(congestion_controls(end), AllOf(SizeIs(3), Each("reno")));
      EXPECT_THAT(values(end, SOL_SOCKET, SO_SNDBUF), AllOf(SizeIs(3), Each(200'000)));
      EXPECT_THAT(values(end, SOL_SOCKET, SO_RCVBUF), AllOf(SizeIs(3), Each(120'000)));
      EXPECT_THAT(values<std::uint64_t>(end, SOL_SOCKET, SO_MAX_PACING_RATE), AllOf(SizeIs(3), Each(10'000'000U)));
      EXPECT_THAT(values(end, SOL_SOCKET, SO_ZEROCOPY), AllOf(SizeIs(3), Each(1)));
    }
  });
}

TEST_P(Options, OfTcpThatNobodyAskedForAreTheKernelsOwn) {
  const auto usual = left().sysctl("net.ipv4.tcp_congestion_control");
  look_during(TcpLoad{}, [&] {
    for (const auto end : {End::client, End::server}) {
      EXPECT_THAT(values(end, IPPROTO_TCP, TCP_NODELAY), AllOf(SizeIs(1), Each(0)));
      EXPECT_THAT(congestion_controls(end), AllOf(SizeIs(1), Each(usual)));
      EXPECT_THAT(values<std::uint64_t>(end, SOL_SOCKET, SO_MAX_PACING_RATE), AllOf(SizeIs(1), Each(kNoPace)));
      EXPECT_THAT(values(end, SOL_SOCKET, SO_ZEROCOPY), AllOf(SizeIs(1), Each(0)));
    }
  });
}

TEST_P(Options, OfTheSegmentSizeAndTheStreamsAreInTheFirstPackets) {
  TcpLoad load;
  load.streams = 5;
  load.bytes = ByteCount{1000};
  load.mss = 600;
  load.run.port = Port{kPort};
  const auto seen = seen_by(
      "tcp dport 5201 tcp flags & (syn | ack) == syn tcp option maxseg size 600 counter\n"
      "tcp dport 5201 tcp flags & (syn | ack) == syn counter",
      [&] { (void)measure(left(), right(), load, GetParam()); });
  EXPECT_EQ(seen.at(0), seen.at(1));
  EXPECT_GE(seen.at(0), 5U) << "or one was sent again";
}

TEST_P(Options, OfDatagramsAreThoseOfEachSocketAtBothEnds) {
  UdpLoad load;
  load.streams = 3;
  load.rate = 1_mbit;
  load.send_buffer = ByteCount{50'000};
  load.receive_buffer = ByteCount{60'000};
  look_during(load, [] {
    EXPECT_THAT(values(End::client, SOL_SOCKET, SO_SNDBUF), AllOf(SizeIs(3), Each(100'000)));
    EXPECT_THAT(values(End::server, SOL_SOCKET, SO_RCVBUF), AllOf(SizeIs(1), Each(120'000)));
  });
}

// On a veth they are never cut: a rule sees one packet of many.
TEST_P(Options, SegmentsOfDatagramsShareAPacket) {
  UdpLoad load;
  load.packets = 400;
  load.payload = 100;
  load.run.port = Port{kPort};
  for (const bool segmentation : {true, false}) {
    load.segmentation = segmentation;
    std::optional<traffic::UdpResult> result;
    const auto seen = seen_by("udp dport 5201 counter", [&] { result = measure(left(), right(), load, GetParam()); });
    EXPECT_EQ(result->sent, 400U);
    if (segmentation) {
      EXPECT_THAT(seen.back(), AllOf(Ge(1U), Lt(100U)));
    } else {
      EXPECT_EQ(seen.back(), 400U);
    }
  }
}

TEST_P(Options, PinEachSidesThread) {
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &allowed)) --last;
  UdpLoad load;
  load.rate = 1_mbit;
  const auto before = std::ranges::count(pinned(), last);
  const int also_the_client = CPU_COUNT(&allowed) == 1 ? 1 : 0;  // it has no choice either
  load.run.server_cpu = static_cast<unsigned>(last);
  look_during(load, [&] { EXPECT_EQ(std::ranges::count(pinned(), last), before + 1 + also_the_client); });
  load.run.client_cpu = static_cast<unsigned>(last);
  look_during(load, [&] { EXPECT_EQ(std::ranges::count(pinned(), last), before + 2); });
}

}  // namespace
}  // namespace netrig
