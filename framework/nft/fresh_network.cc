#include <netrig/nft/fresh_network.h>
#include <netrig/testing/skip.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <regex>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <vector>

namespace netrig::nft {
namespace {

bool loopback_up() {
  const UniqueFd any{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ioctl(any.get(), SIOCSIFFLAGS, &request) == 0;
}

}  // namespace

void FreshNetworkTest::SetUp() {
  outside_ = UniqueFd{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (unshare(CLONE_NEWNET) != 0) NETRIG_SKIP("net-namespace", "no network namespace: " << describe_errno(errno));
  ASSERT_TRUE(loopback_up()) << describe_errno(errno);
  auto opened = NfSocket::open("node");
  ASSERT_TRUE(opened) << opened.error();
  socket_ = std::make_unique<NfSocket>(*std::move(opened));
}

void FreshNetworkTest::TearDown() {
  socket_.reset();
  ASSERT_EQ(setns(outside_.get(), CLONE_NEWNET), 0) << describe_errno(errno);
}

Ruleset FreshNetworkTest::listing() {
  auto ruleset = list(socket());
  if (!ruleset) ADD_FAILURE() << ruleset.error();
  return ruleset ? *std::move(ruleset) : Ruleset{};
}

std::optional<std::string> output_of(const std::string& command) {
  constexpr const char* kPath = "PATH=$PATH:/usr/sbin:/sbin; ";
  const std::string tool = command.substr(0, command.find(' '));
  if (std::system((kPath + ("command -v " + tool) + " >/dev/null").c_str()) != 0) return std::nullopt;
  FILE* pipe = popen((kPath + command).c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece{};
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), pipe)) text.append(piece.data(), size);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

std::string without_policies(const std::string& text) {
  return std::regex_replace(text, std::regex{"policy = \\{.*\\}"}, "policy");
}

int send_udp(const std::string& address, std::uint16_t port, std::size_t size) {
  const bool v6 = address.find(':') != std::string::npos;
  const UniqueFd sender{::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_in to4{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
  sockaddr_in6 to6{};
  to6.sin6_family = AF_INET6;
  to6.sin6_port = htons(port);
  inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), v6 ? static_cast<void*>(&to6.sin6_addr) : &to4.sin_addr);
  const auto* to = v6 ? reinterpret_cast<const sockaddr*>(&to6) : reinterpret_cast<const sockaddr*>(&to4);
  const std::vector<char> data(size);
  const ssize_t sent = sendto(sender.get(), data.data(), size, 0, to, v6 ? sizeof to6 : sizeof to4);
  return sent < 0 ? errno : 0;
}

}  // namespace netrig::nft
