// Other people's packets, of the same nodes at the same time, explain nothing of a question's. A client, a gateway, a
// server; both families.
#include <netrig/base/unique_fd.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/test_topologies.h>
#include <netrig/traffic/ping.h>
#include <netrig/traffic/socket_address.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using traffic::icmp;
using traffic::SocketAddress;
using traffic::udp;

namespace in_others {  // the names are those of other tests of explain()

// For what nothing explains.
constexpr ExplainOptions kHasty{.patience = 200ms};
constexpr Port kAsked{7000}, kClosed{7001};

// Calls `act` with each packet that a socket receives, on a thread of its own.
class Whenever {
 public:
  template <class Act>
  Whenever(UniqueFd socket, Act act)
      : end_{::eventfd(0, EFD_CLOEXEC)}, thread_{[this, socket = std::move(socket), act = std::move(act)] {
          std::array<pollfd, 2> entries{{{socket.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
          std::array<char, 2048> bytes{};
          while (::poll(entries.data(), entries.size(), -1) >= 0 && entries[1].revents == 0) {
            const auto size = ::recv(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
            if (size < 0) continue;
            act(std::span{bytes}.first(static_cast<std::size_t>(size)));
            ++times_;
          }
        }} {}
  Whenever(const Whenever&) = delete;
  Whenever& operator=(const Whenever&) = delete;
  ~Whenever() {
    const std::uint64_t one = 1;
    (void)!::write(end_.get(), &one, sizeof one);
    thread_.join();
  }
  [[nodiscard]] int times() const { return times_; }

 private:
  UniqueFd end_;
  std::atomic<int> times_ = 0;
  std::thread thread_;
};

class ExplainOthersTest : public ::testing::TestWithParam<AddressFamily> {
 protected:
  [[nodiscard]] bool v4() const { return GetParam() == AddressFamily::ipv4; }
  [[nodiscard]] IpAddress to() const { return server_.address(GetParam()); }
  [[nodiscard]] UniqueFd socket_in(const Node& node, int type, int protocol = 0) const {
    return node.run([&] { return UniqueFd{::socket(v4() ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, protocol)}; });
  }
  [[nodiscard]] int icmp_protocol() const { return v4() ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6}; }
  // Until the question was heard: on a busy machine the listening thread may not have run while it was asked.
  [[nodiscard]] Path ask_until_heard(const traffic::Service& service, const Whenever& heard) const {
    const auto deadline = Deadline::after(30s);
    for (;;) {
      auto path = explain(client_, to(), service, kHasty);
      if (heard.times() > 0 || deadline.passed()) return path;
    }
  }
  void drop_at(const Node& node, const std::string& hook, const std::string& matches) const {
    node.load_ruleset_text("table inet t { chain guard { type filter hook " + hook + " priority 0; " + matches +
                           " drop; }; }");
  }

  const Lab lab_{test::behind_a_gateway()};
  const Node client_ = lab_["client"], gw_ = lab_["gw"], server_ = lab_["server"];
};

std::string family_name(const ::testing::TestParamInfo<AddressFamily>& family) {
  return family.param == AddressFamily::ipv4 ? "IPv4" : "IPv6";
}
INSTANTIATE_TEST_SUITE_P(Families, ExplainOthersTest, ::testing::Values(AddressFamily::ipv4, AddressFamily::ipv6),
                         family_name);

// The server takes the question in and keeps silent. While it does, another flow of the same hosts meets a closed port,
// and the server's own firewall keeps the ICMP error about that from going out.
TEST_P(ExplainOthersTest, AnIcmpErrorAboutAnotherFlowIsNoAnswer) {
  drop_at(server_, "output", std::string{v4() ? "icmp" : "icmpv6"} + " type destination-unreachable");
  auto silent = socket_in(server_, SOCK_DGRAM);
  const SocketAddress own{IpAddress::any(GetParam()), kAsked};
  ASSERT_EQ(::bind(silent.get(), own.get(), own.size), 0) << errno;
  const auto other = socket_in(client_, SOCK_DGRAM);
  const SocketAddress closed{to(), kClosed};
  const std::array<char, 100> bytes{};  // more than the question has
  const Whenever asked{std::move(silent), [&](std::span<char>) {
                         ::sendto(other.get(), bytes.data(), bytes.size(), 0, closed.get(), closed.size);
                       }};
  const auto path = ask_until_heard(udp(kAsked.value()), asked);
  EXPECT_GE(asked.times(), 1) << path;
  EXPECT_EQ(path.verdict, Verdict::ignored) << path;
  EXPECT_EQ(path.node, "server") << path;
  EXPECT_TRUE(path.back.empty() && path.answer.empty()) << path;
}

// The gateway lets the question pass, which the server ignores, and drops the pings of somebody else.
TEST_P(ExplainOthersTest, EchoRequestsOfOthersAreNotFollowed) {
  drop_at(gw_, "forward", "meta length > 500");
  server_.set_sysctl(v4() ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all", "1");
  auto pinger = client_.run(
      [&] { return traffic::Pinger::open({.destination = to(), .count = 1, .timeout = 0ns, .size = 600}); });
  ASSERT_TRUE(pinger) << pinger.error();
  const Whenever asked{socket_in(server_, SOCK_RAW, icmp_protocol()),
                       [&](std::span<char>) { EXPECT_TRUE(pinger->run(Deadline::after(1s))); }};
  const auto path = ask_until_heard(icmp(), asked);
  EXPECT_GE(asked.times(), 1) << path;
  EXPECT_EQ(path.verdict, Verdict::ignored) << path;
  EXPECT_EQ(path.node, "server") << path;
  EXPECT_THAT(to_string(path.there), Not(HasSubstr("drop"))) << path;
}

// The reply to an echo request, as its receiver's raw socket got it.
std::vector<char> reply_to(std::span<char> request, bool v4) {
  if (v4) request = request.subspan(static_cast<std::size_t>(request[0] & 0x0f) * 4);  // raw(7)
  std::vector<char> reply{request.begin(), request.end()};
  reply[0] = static_cast<char>(v4 ? 0 : 129);
  if (!v4) return reply;
  std::uint16_t sum = 0;  // RFC 1624; of IPv6 the kernel makes it
  std::memcpy(&sum, &reply[2], sizeof sum);
  const auto more = static_cast<std::uint32_t>(ntohs(sum)) + (8U << 8);
  sum = htons(static_cast<std::uint16_t>((more & 0xffff) + (more >> 16)));
  std::memcpy(&reply[2], &sum, sizeof sum);
  return reply;
}

// The server answers the first request only when it gets a further one.
TEST_P(ExplainOthersTest, ALateReplyBelongsToTheRequestItAnswers) {
  server_.set_sysctl(v4() ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all", "1");
  auto pinger = client_.run([&] { return traffic::Pinger::open({.destination = to(), .count = 1, .timeout = 0ns}); });
  ASSERT_TRUE(pinger) << pinger.error();
  const auto answering = socket_in(server_, SOCK_RAW, icmp_protocol());
  const SocketAddress client{client_.address(GetParam()), Port{}};
  std::vector<char> reply;
  const Whenever asked{socket_in(server_, SOCK_RAW, icmp_protocol()), [&, v4 = v4()](std::span<char> request) {
                         const auto type = static_cast<std::uint8_t>(request[v4 ? 20 : 0]);
                         if (type != (v4 ? 8 : 128)) return;
                         if (reply.empty()) {
                           reply = reply_to(request, v4);
                         } else {
                           ::sendto(answering.get(), reply.data(), reply.size(), 0, client.get(), client.size);
                         }
                       }};
  std::optional<traffic::PingReport> report;
  for (const auto deadline = Deadline::after(30s); !deadline.passed() && (!report || report->late.empty());)
    report = value_or_throw(pinger->run(deadline));
  ASSERT_TRUE(report && report->late.size() == 1);
  EXPECT_EQ(report->late.front().sequence, 1U);
  EXPECT_TRUE(report->replies.empty());
  EXPECT_FALSE(report->complete());
}

}  // namespace in_others
}  // namespace
}  // namespace netrig
