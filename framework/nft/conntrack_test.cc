#include <netrig/nft/conntrack.h>
#include <netrig/nft/fresh_network.h>
#include <netrig/nft/presets.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sstream>
#include <sys/socket.h>

namespace netrig::nft {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(ConntrackEntryTest, PrintsAsConntrackLists) {
  ConntrackEntry entry{.protocol = Protocol::tcp,
                       .original = {ip("10.0.0.2"), ip("10.9.0.1"), Port{40000}, Port{80}},
                       .reply = {ip("10.9.0.1"), ip("10.9.0.9"), Port{80}, Port{40000}, {}},
                       .tcp_state = "ESTABLISHED",
                       .timeout = 431999,
                       .seen_reply = true,
                       .assured = true};
  std::ostringstream out;
  out << entry;
  EXPECT_EQ(out.str(),
            "tcp      6 431999 ESTABLISHED src=10.0.0.2 dst=10.9.0.1 sport=40000 dport=80 "
            "src=10.9.0.1 dst=10.9.0.9 sport=80 dport=40000 [ASSURED] mark=0");
  entry = {.protocol = Protocol::icmpv6,
           .original = {ip("fd00::1"), ip("fd00::2"), {}, {}, ConntrackIcmp{128, 0, 7}},
           .reply = {ip("fd00::2"), ip("fd00::1"), {}, {}, ConntrackIcmp{129, 0, 7}},
           .timeout = 30,
           .mark = 5};
  EXPECT_EQ(to_string(entry),
            "icmpv6   58 30 src=fd00::1 dst=fd00::2 type=128 code=0 id=7 [UNREPLIED] "
            "src=fd00::2 dst=fd00::1 type=129 code=0 id=7 mark=5");
}

class ConntrackTest : public FreshNetworkTest {
 protected:
  // Connections are tracked only where a rule asks for it.
  void track(Ruleset ruleset = {}) {
    ruleset.add(output_policy(Policy::accept))
        .tables.back()
        .chains.back()
        .add(Rule{}.ct_state(CtState::new_connection).set_mark(0).counter());
    ASSERT_TRUE(apply(socket(), ruleset));
  }
  // The entry to this destination port; a test failure if there is none.
  ConntrackEntry to_port(std::uint16_t port) {
    const auto entries = list_conntrack(socket());
    if (!entries) ADD_FAILURE() << entries.error();
    for (const ConntrackEntry& entry : entries.value_or(std::vector<ConntrackEntry>{})) {
      if (entry.original.destination_port == Port{port}) return entry;
    }
    ADD_FAILURE() << "no connection to port " << port;
    return {};
  }
};

TEST_F(ConntrackTest, ListsUnansweredDatagramsOfBothFamilies) {
  track();
  for (const char* loopback : {"127.0.0.1", "::1"}) {
    const std::uint16_t port = loopback[0] == ':' ? 6006 : 6004;
    ASSERT_EQ(send_udp(loopback, port), 0);
    const ConntrackEntry entry = to_port(port);
    EXPECT_EQ(entry.protocol, Protocol::udp);
    EXPECT_EQ(entry.original.source, ip(loopback));
    EXPECT_EQ(entry.original.destination, ip(loopback));
    EXPECT_EQ(entry.reply.source_port, Port{port});
    EXPECT_EQ(entry.reply.destination_port, entry.original.source_port);
    EXPECT_FALSE(entry.seen_reply);
    EXPECT_FALSE(entry.natted());
  }
}

TEST_F(ConntrackTest, ShowsWhatWasTranslated) {
  Ruleset nat;
  nat.add(Table{.family = Family::inet, .name = "nat"})
      .add(Chain::base("output", ChainType::nat, Hook::output, priority::kDstnat))
      .add(Rule{}.daddr("127.0.0.1").udp_dport(7000).dnat("127.0.0.2", PortRange{7001}));
  track(nat);
  ASSERT_EQ(send_udp("127.0.0.1", 7000), 0);
  const ConntrackEntry entry = to_port(7000);
  EXPECT_TRUE(entry.destination_nat);
  EXPECT_FALSE(entry.source_nat);
  EXPECT_EQ(entry.reply.source, ip("127.0.0.2"));
  EXPECT_EQ(entry.reply.source_port, Port{7001});
}

TEST_F(ConntrackTest, FollowsATcpConnection) {
  track();
  const UniqueFd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(8000);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  ASSERT_EQ(bind(listener.get(), to, sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  const UniqueFd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(connect(client.get(), to, sizeof address), 0);
  const ConntrackEntry entry = to_port(8000);
  EXPECT_EQ(entry.tcp_state, "ESTABLISHED");
  EXPECT_TRUE(entry.assured);
  EXPECT_TRUE(entry.seen_reply);
  EXPECT_GT(entry.timeout.value_or(0), 0U);
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("conntrack -L -p tcp");
  ConntrackEntry untimed = entry;
  untimed.timeout.reset();
  EXPECT_THAT(witness, StartsWith("tcp      6 "));
  EXPECT_THAT(witness, HasSubstr(to_string(untimed).substr(std::string{"tcp      6 "}.size())));
}

TEST_F(ConntrackTest, ReadsTheIdentityOfAnEcho) {
  track();
  const UniqueFd socket4{::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)};
  ASSERT_TRUE(socket4) << describe_errno(errno);
  icmphdr echo{};
  echo.type = ICMP_ECHO;
  echo.un.echo.id = htons(77);
  echo.checksum = static_cast<std::uint16_t>(~(htons(0x0800) + htons(77)));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(sendto(socket4.get(), &echo, sizeof echo, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address),
            static_cast<ssize_t>(sizeof echo));
  const auto entries = list_conntrack(socket());
  ASSERT_TRUE(entries) << entries.error();
  ASSERT_EQ(entries->size(), 1U);
  const ConntrackEntry& entry = entries->front();
  EXPECT_EQ(entry.protocol, Protocol::icmp);
  EXPECT_EQ(entry.original.icmp, (ConntrackIcmp{8, 0, 77}));
  EXPECT_EQ(entry.reply.icmp, (ConntrackIcmp{0, 0, 77}));
  EXPECT_FALSE(entry.original.source_port);
}

}  // namespace
}  // namespace netrig::nft
