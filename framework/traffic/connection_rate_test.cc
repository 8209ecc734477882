// Connections over loopback, in the sandbox's own network.
#include <netrig/base/scope_exit.h>
#include <netrig/base/unique_fd.h>
#include <netrig/traffic/connection_side.h>
#include <netrig/traffic/own_files.h>
#include <netrig/traffic/socket_address.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <deque>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace netrig::traffic {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;

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

// Opens sockets and takes memory, for as long as it is there.
class AnotherLoad {
 public:
  ~AnotherLoad() {
    stop_ = true;
    thread_.join();
  }

 private:
  void work() {
    std::deque<std::vector<char>> memory;
    std::deque<UniqueFd> sockets;
    while (!stop_) {
      memory.emplace_back(1 << 20, 'x');
      sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (memory.size() < 64) continue;
      memory.clear();
      sockets.clear();
    }
  }
  std::atomic<bool> stop_{false};
  std::thread thread_{[this] { work(); }};
};

TEST_P(Connections, TellTheMemoryOfTheirOwnWhateverElseGoesOn) {
  constexpr std::uint64_t kEnds = 2'000;
  auto many = load();
  many.hold = true;
  const auto quiet = measure_connections(many, {});
  ASSERT_TRUE(quiet) << quiet.error();
  const auto& memory = quiet->memory;
  ASSERT_TRUE(memory.sockets) << "/proc/net/protocols knows no TCP";
  EXPECT_THAT(memory.sockets->value(), AllOf(Ge(kEnds * 1'500), Le(kEnds * 4'096)));
  EXPECT_LE(memory.buffers.value(), kEnds * 1'024) << "all has arrived and was read";
  EXPECT_THAT(memory.files.value_or(ByteCount{kEnds * 1'000}).value(), AllOf(Ge(kEnds * 600), Le(kEnds * 2'048)));
  const AnotherLoad another;
  for (int i = 0; i < 2; ++i) {
    const auto loud = measure_connections(many, {});
    ASSERT_TRUE(loud) << loud.error();
    EXPECT_EQ(loud->memory.sockets, memory.sockets);
    EXPECT_EQ(loud->memory.files, memory.files);
    EXPECT_NEAR(static_cast<double>(loud->memory.total().value()), static_cast<double>(memory.total().value()),
                0.03 * static_cast<double>(memory.total().value()));
  }
}

// What is counted as a socket's is in its own buffer.
TEST(BufferedMemory, IsWhatWaitsInTheSocket) {
  const UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const SocketAddress anywhere{IpAddress::loopback(AddressFamily::ipv4), Port{}};
  ASSERT_EQ(::bind(socket.get(), anywhere.get(), anywhere.size), 0);
  sockaddr_storage self{};
  socklen_t size = sizeof self;
  ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&self), &size), 0);
  EXPECT_EQ(buffered(socket.get()), ByteCount{});
  std::array<char, 1000> bytes{};
  ASSERT_EQ(::sendto(socket.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&self), size), 1000);
  EXPECT_THAT(buffered(socket.get()).value(), AllOf(Ge(1'000U), Le(4'096U)));
  ASSERT_EQ(::recv(socket.get(), bytes.data(), bytes.size(), 0), 1000);
  EXPECT_EQ(buffered(socket.get()), ByteCount{});
}

TEST(HeldMemory, IsToldForEachConnectionByWhatIsKnown) {
  HeldMemory memory{.sockets = ByteCount{46'080}, .buffers = ByteCount{7'680}};
  EXPECT_EQ(memory.to_string(10), "5376 bytes each in the kernel (sockets 4608, files unknown, buffers 768)");
  memory.files = ByteCount{20'000};
  EXPECT_EQ(memory.total(), ByteCount{73'760});
  EXPECT_EQ(memory.to_string(10), "7376 bytes each in the kernel (sockets 4608, files 2000, buffers 768)");
  EXPECT_EQ(memory.to_string(0), "none");
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
