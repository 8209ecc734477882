// Labs that are alike in everything (names, addresses, MACs, ports, rules) never see one another.
#include <netrig/fixtures/lab_test.h>
#include <netrig/nft/frontend.h>
#include <netrig/suites/tools.h>

#include <array>
#include <barrier>
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace netrig {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kLabs = 64;
constexpr std::uint16_t kPort = 80;

/// A client behind a gateway that translates addresses, and a server beyond it. No bridge: the kernel holds up
/// everybody's network for 20 ms to take one away.
Topology twin() {
  Topology topology;
  auto gateway = topology.router("gateway");
  auto client = topology.host("client"), server = topology.host("server");
  topology.segment("lan", "10.0.0.0/24, fd00::/64").join(gateway, client);
  topology.segment("wan", "203.0.113.0/24, 2001:db8::/64").join(gateway, server);
  gateway.masquerade("wan");
  return topology;
}

/// Three hosts on a bridge.
Topology party() {
  Topology topology;
  auto client = topology.host("client"), other = topology.host("other"), third = topology.host("third");
  topology.segment("lan", "10.0.0.0/24, fd00::/64").join(client, other, third);
  return topology;
}

UniqueFd open_socket(int family, int type) {
  return UniqueFd{::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

sockaddr_in6 endpoint(const IpAddress& address) {
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(kPort);
  const auto bytes = address.bytes();
  if (address.is_v4()) {
    to.sin6_addr.s6_addr[10] = to.sin6_addr.s6_addr[11] = 0xff;  // RFC 4291, 2.5.5.2
    std::ranges::copy(bytes, to.sin6_addr.s6_addr + 12);
  } else {
    std::ranges::copy(bytes, to.sin6_addr.s6_addr);
  }
  return to;
}

template <class Call>
ssize_t patiently(int fd, short events, Call call) {
  pollfd ready{fd, events, 0};
  if (::poll(&ready, 1, 20'000) <= 0) return -1;
  return call();
}

/// Gives its lab's number to whoever asks, over TCP and UDP and both families, from the calling thread's network.
class TokenServer {
 public:
  explicit TokenServer(int token) : token_{std::to_string(token)} {
    for (UniqueFd* socket : {&tcp_, &udp_}) {
      *socket = open_socket(AF_INET6, socket == &tcp_ ? SOCK_STREAM : SOCK_DGRAM);
      const sockaddr_in6 any = endpoint(IpAddress{Ipv6Address{}});
      if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) {
        throw SetupError{Error::from_errno("bind the token's server", "", errno)};
      }
    }
    ::listen(tcp_.get(), 16);
  }

  void answer_tcp() const {
    const auto accept = [&] { return ::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC); };
    const UniqueFd peer{static_cast<int>(patiently(tcp_.get(), POLLIN, accept))};
    if (::send(peer.get(), token_.data(), token_.size(), MSG_NOSIGNAL) < 0) return;
  }

  void answer_udp() const {
    sockaddr_in6 from{};
    socklen_t size = sizeof from;
    char question = 0;
    const auto receive = [&] {
      return ::recvfrom(udp_.get(), &question, 1, 0, reinterpret_cast<sockaddr*>(&from), &size);
    };
    if (patiently(udp_.get(), POLLIN, receive) != 1) return;
    ::sendto(udp_.get(), token_.data(), token_.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
  }

 private:
  std::string token_;
  UniqueFd tcp_, udp_;
};

/// A lab, its server, and what its client's questions brought.
struct Twin {
  explicit Twin(int own_number) : Twin{own_number, own_number} {}
  Twin(int own_number, int token)
      : number{own_number}, lab{twin()}, server{lab["server"].run([token] { return TokenServer{token}; })} {}

  [[nodiscard]] std::string ask(int type, AddressFamily family) const {
    const auto to = endpoint(lab["server"].address(family));
    const auto question = lab["client"].run([type] { return open_socket(AF_INET6, type); });
    ::connect(question.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
    if (type == SOCK_DGRAM) {
      if (::send(question.get(), "?", 1, 0) != 1) return "not sent";
      server.answer_udp();
    } else {
      server.answer_tcp();
    }
    std::array<char, 16> answer{};
    const auto receive = [&] { return ::recv(question.get(), answer.data(), answer.size(), 0); };
    const auto got = patiently(question.get(), POLLIN, receive);
    return got < 0 ? "no answer" : std::string{answer.data(), static_cast<std::size_t>(got)};
  }

  /// What is wrong: nothing. From any thread.
  [[nodiscard]] std::string check() const {
    try {
      return check_all();
    } catch (const std::exception& error) {
      return "lab " + std::to_string(number) + ": " + error.what() + "; ";
    }
  }

  int number;
  Lab lab;
  TokenServer server;

 private:
  [[nodiscard]] std::string check_all() const {
    std::string wrong;
    for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
      for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        const auto answer = ask(type, family);
        if (answer != std::to_string(number)) wrong += "lab " + std::to_string(number) + " read " + answer + "; ";
      }
      const auto report = lab["client"].ping(lab["server"], family);
      if (report.received() == 0) wrong += report.to_string() + "; ";
    }
    return wrong;
  }
};

class IdenticalLabs : public LabTest {};

TEST_F(IdenticalLabs, AnswerEachWithTheirOwnTokenAllAtOnce) {
  std::list<Twin> twins;
  for (int i = 0; i < kLabs; ++i) twins.emplace_back(i);
  std::vector<std::string> wrong(kLabs, "never asked");
  {
    std::barrier all_there{kLabs};
    std::vector<std::jthread> askers;
    for (auto& twin : twins) {
      askers.emplace_back([&] {
        all_there.arrive_and_wait();
        wrong[static_cast<std::size_t>(twin.number)] = twin.check();
      });
    }
  }
  EXPECT_THAT(wrong, Each(""));
  std::set<netns::NetNsId> networks;
  for (const auto& twin : twins) {
    EXPECT_EQ(twin.lab["client"].plan(), twins.front().lab["client"].plan());
    for (const auto& node : twin.lab.nodes()) networks.insert(node.network().id());
  }
  EXPECT_EQ(networks.size(), twins.front().lab.nodes().size() * kLabs);
}

TEST_F(IdenticalLabs, WouldSeeAnotherLabsToken) {
  EXPECT_EQ((Twin{1, 2}.check()), "lab 1 read 2; lab 1 read 2; lab 1 read 2; lab 1 read 2; ");
}

/// Everything that comes in by any link of a node, from now on.
UniqueFd tap(const Node& node) {
  return node.run([] {
    return UniqueFd{::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(0x0003))};  // ETH_P_ALL
  });
}

bool heard(const UniqueFd& tap, std::string_view text) {
  std::string all;
  std::array<char, 2048> frame{};
  for (ssize_t size = 0; (size = ::recv(tap.get(), frame.data(), frame.size(), 0)) > 0;) {
    all.append(frame.data(), static_cast<std::size_t>(size));
  }
  return all.find(text) != std::string::npos;
}

void shout(const Node& node, std::string_view text) {
  const auto group = node.run([] { return open_socket(AF_INET, SOCK_DGRAM); });
  const int on = 1;
  ::setsockopt(group.get(), SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  ::setsockopt(group.get(), SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4);
  for (const std::uint32_t address : {0xffffffffU, 0xe0000001U}) {  // everybody on the link: broadcast, 224.0.0.1
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(kPort);
    to.sin_addr.s_addr = htonl(address);
    ASSERT_EQ(::sendto(group.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
              static_cast<ssize_t>(text.size()));
  }
}

TEST_F(IdenticalLabs, HearNoneOfEachOthersBroadcastsAndMulticasts) {
  std::list<Lab> labs;
  std::list<UniqueFd> taps;
  for (int i = 0; i < 8; ++i) {
    labs.emplace_back(party());
    for (const char* name : {"other", "third"}) taps.push_back(tap(labs.back()[name]));
  }
  shout(labs.front()["client"], "only for the first");
  // What was sent is delivered by now, in its own lab, and so it would be in others: ask each lab's stack once.
  for (auto& lab : labs) ASSERT_GT(lab["client"].ping(lab["other"]).received(), 0);
  std::vector<bool> all;
  for (const auto& each : taps) all.push_back(heard(each, "only for the first"));
  std::vector<bool> expected(all.size(), false);
  expected[0] = expected[1] = true;  // or the taps are deaf
  EXPECT_EQ(all, expected);
}

TEST_F(IdenticalLabs, InSeveralProcessesAnswerEachWithTheirOwnToken) {
  constexpr int kProcesses = 4;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    std::string wrong;
    try {
      std::list<Twin> twins;
      for (int j = 0; j < 4; ++j) twins.emplace_back(100 * i + j);
      for (auto& twin : twins) wrong += twin.check();
    } catch (const SetupError& error) {
      wrong = error.what();
    }
    if (!wrong.empty()) std::fprintf(stderr, "process %d: %s\n", i, wrong.c_str());
    ::_exit(wrong.empty() ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

// ---- Rules

/// What both twins have: a counter of what the gateway forwards.
constexpr std::string_view kCounting = R"(table inet counting {
  counter forwarded { }
  chain count { type filter hook forward priority 0; meta l4proto { icmp, ipv6-icmp } counter name forwarded; }
})";
/// What one twin has alone.
constexpr std::string_view kOnlyHere = R"(table inet only-here {
  set only-ports { type inet_service; elements = { 7777 }; }
  counter only-counted { }
  chain only-guard {
    type filter hook forward priority 10;
    tcp dport @only-ports drop
    meta l4proto { icmp, ipv6-icmp } counter name only-counted drop
  }
})";

/// What the rig and, where it is installed, nft(8) in the node list.
std::vector<std::string> listings(const Node& node) {
  std::vector<std::string> all{node.ruleset_text()};
  if (is_installed("nft")) all.push_back(node.exec({"nft", "list", "ruleset"}).out);
  return all;
}

constexpr AddressFamily kFamilies[] = {AddressFamily::ipv4, AddressFamily::ipv6};

constexpr const char* kNothingCounted = "counter forwarded {\n\t\tpackets 0 bytes 0\n";

TEST_F(IdenticalLabs, HaveRulesOfTheirOwn) {
  Lab& one = build(twin());
  Lab& two = build(twin());
  for (const Lab* lab : {&one, &two}) (*lab)["gateway"].load_ruleset_text(kCounting);
  one["gateway"].load_ruleset_text(kOnlyHere);
  for (const auto family : kFamilies) {
    EXPECT_THAT(one["client"], CannotReach(one["server"].address(family), icmp(), Because(Verdict::dropped)));
  }
  EXPECT_THAT(listings(one["gateway"]),
              Each(AllOf(HasSubstr("only-guard"), HasSubstr("only-ports"), Not(HasSubstr(kNothingCounted)))));
  EXPECT_THAT(listings(two["gateway"]), Each(AllOf(HasSubstr(kNothingCounted), Not(HasSubstr("only-")))));
  for (const auto family : kFamilies) {
    EXPECT_THAT(two["client"], CanReach(two["server"].address(family), icmp()));
  }
  EXPECT_THAT(listings(two["gateway"]), Each(Not(HasSubstr(kNothingCounted))));  // or it counts nothing
  auto outer = value_or_throw(nft::Frontend::open("the test program's own network"));
  EXPECT_EQ(value_or_throw(outer.list()), "");
}

TEST_F(IdenticalLabs, OfAnotherProcessHaveRulesOfTheirOwn) {
  Lab& one = build(twin());
  one["gateway"].load_ruleset_text(kOnlyHere);
  const pid_t child = ::fork();
  if (child == 0) {
    std::string wrong;
    try {
      const Twin other{7};
      wrong = other.check();
      for (const auto& text : listings(other.lab["gateway"])) {
        if (text.find("only-") != std::string::npos || text.find("masquerade") == std::string::npos) wrong += text;
      }
    } catch (const SetupError& error) {
      wrong = error.what();
    }
    if (!wrong.empty()) std::fprintf(stderr, "the other process: %s\n", wrong.c_str());
    ::_exit(wrong.empty() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(one["client"], CannotReach(one["server"], icmp(), Because(Verdict::dropped)));
}

// ---- What else two labs of one test share nothing of

TEST_F(IdenticalLabs, ShareNoProcesses) {
  Lab& one = build(twin());
  Lab& two = build(twin());
  const auto sleeper = two["client"].start(process::sh("echo ready; sleep 1234; true"), process::output_line("ready"));
  EXPECT_THAT(two["server"].exec(process::sh("cat /proc/[0-9]*/cmdline")).out, HasSubstr("1234"));
  EXPECT_THAT(one["client"].exec(process::sh("cat /proc/[0-9]*/cmdline")).out, Not(HasSubstr("1234")));
  EXPECT_EQ(one["client"].exec(process::sh("kill -KILL -1")).status.signal(), 0);  // all that it may signal
  EXPECT_TRUE(sleeper.running());
}

// Through /proc a node's program gets to its own lab's networks, as `nsenter` needs it, and to no other.
TEST_F(IdenticalLabs, FindOnlyTheirOwnNetworksInProc) {
  Lab& one = build(twin());
  Lab& two = build(twin());
  const auto networks = [](const Lab& lab) {
    const auto sleeper = lab["server"].start({"sleep", "infinity"});
    const auto lines = lines_of(lab["client"].exec(process::sh("readlink /proc/[0-9]*/ns/net")).out);
    return std::set<std::string>{lines.begin(), lines.end()};
  };
  const auto seen = networks(one);
  EXPECT_THAT(seen, ::testing::IsSupersetOf(
                        {one["client"].network().id().to_string(), one["server"].network().id().to_string()}));
  EXPECT_THAT(seen, Not(Contains(netns::NetNs::current().value().id().to_string())));
  for (const auto& network : networks(two)) EXPECT_THAT(seen, Not(Contains(network)));
}

TEST_F(IdenticalLabs, KnowOnlyTheirOwnNodesByName) {
  NETRIG_NEEDS_TOOL("ip");
  Lab& one = build(twin());
  Topology another;
  another.host("elsewhere");
  build(another);
  EXPECT_THAT(lines_of(one["client"].exec({"ip", "netns", "list"}).out), ::testing::SizeIs(one.nodes().size()));
  EXPECT_FALSE(one["client"].exec({"ip", "netns", "exec", "elsewhere", "true"}).status.success());
  EXPECT_TRUE(one["client"].exec({"ip", "netns", "exec", "server", "true"}).status.success());
}

TEST_F(IdenticalLabs, HaveAbstractSocketsOfTheirOwnInEachNode) {
  Lab& one = build(twin());
  Lab& two = build(twin());
  const auto bound = [](const Node& node) {
    return node.run([] {
      UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
      struct {
        sa_family_t family = AF_UNIX;
        char name[8] = {'\0', 'n', 'e', 't', 'r', 'i', 'g', '\0'};
      } const address;
      return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? std::move(socket)
                                                                                                    : UniqueFd{};
    });
  };
  const auto first = bound(one["client"]);
  EXPECT_TRUE(first.valid());
  EXPECT_FALSE(bound(one["client"]).valid());  // the same name twice in one network is refused
  EXPECT_TRUE(bound(one["server"]).valid());
  EXPECT_TRUE(bound(two["client"]).valid());
}

}  // namespace
}  // namespace netrig
