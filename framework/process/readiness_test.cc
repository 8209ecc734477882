#include <netrig/process/test_lab.h>

#include <arpa/inet.h>
#include <chrono>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>

namespace netrig::process {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ReadinessTest : public LabOfOneNode {
 protected:
  Result<Process> start_when(const Readiness& ready, const Command& command, Deadline deadline = soon()) {
    return programs_->start(*node_, command, ready, deadline);
  }
};

TEST(ReadinessText, SaysWhatIsWaitedFor) {
  EXPECT_EQ(ready_when(listening(Transport::tcp, Port{80}), listening(Transport::udp, Port{53}), output_line("up"),
                       output_matches("^up$"), file_exists("/run/x"))
                .to_string(),
            "listening on tcp/80 and listening on udp/53 and printing \"up\" and printing a line that matches \"^up$\" "
            "and making the file /run/x");
}

TEST_F(ReadinessTest, ReturnsWithTheLine) {
  auto process = start_when(output_line("ready"), sh("echo starting; echo ready >&2; read forever < /dev/zero"));
  ASSERT_TRUE(process) << process.error();
  EXPECT_EQ(process->stderr_text(), "ready\n");
}

TEST_F(ReadinessTest, ReturnsWithALineThatMatches) {
  auto process = start_when(output_matches("^port [0-9]+$"), sh("echo port; echo port 80; read forever < /dev/zero"));
  ASSERT_TRUE(process) << process.error();
}

TEST_F(ReadinessTest, FailsWithAMalformedPatternBeforeTheStart) {
  EXPECT_FALSE(start_when(output_matches("("), sh("touch /run/started")));
  EXPECT_EQ(output_of("ls /run"), "netns\nnetrig\n");
}

TEST_F(ReadinessTest, ReturnsWithTheFileInADirectoryThatIsStillToBeMade) {
  const auto script =
      "mkdir -p /run/a/b; echo x > /run/a/b/c.tmp; mv /run/a/b/c.tmp /run/a/b/c; read forever < /dev/zero";
  auto process = start_when(file_exists("/run/a/b/c"), sh(script));
  ASSERT_TRUE(process) << process.error();
  EXPECT_EQ(output_of("cat /run/a/b/c"), "x\n");
}

TEST_F(ReadinessTest, WaitsForAFileThatComesLate) {
  auto process = start_when(file_exists("/run/late"), sh("sleep 0.2; touch /run/late; read forever < /dev/zero"));
  ASSERT_TRUE(process) << process.error();
}

TEST_F(ReadinessTest, RefusesARelativePath) {
  const auto refused = start_when(file_exists("run/late"), {"true"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "wait for file \"run/late\": the path must be absolute");
}

TEST_F(ReadinessTest, ReturnsWithTheTcpListener) {
  output_of("ip link set lo up");
  auto server = start_when(listening(Transport::tcp, Port{8080}), {"nc", "-l", "-k", "127.0.0.1", "8080"});
  ASSERT_TRUE(server) << server.error();
  EXPECT_TRUE(run({"nc", "-z", "127.0.0.1", "8080"}).success());
}

TEST_F(ReadinessTest, ReturnsWithTheIpv6Listener) {
  output_of("ip link set lo up");
  auto server = start_when(listening(Transport::tcp, Port{8080}), {"nc", "-6", "-l", "-k", "::1", "8080"});
  ASSERT_TRUE(server) << server.error();
  EXPECT_TRUE(run({"nc", "-z", "::1", "8080"}).success());
}

TEST_F(ReadinessTest, ReturnsWithTheUdpSocket) {
  output_of("ip link set lo up");
  auto server = start_when(listening(Transport::udp, Port{5353}), {"nc", "-u", "-l", "127.0.0.1", "5353"});
  ASSERT_TRUE(server) << server.error();
}

TEST_F(ReadinessTest, AnOlderListenerIsNotTheOneWaitedFor) {
  const auto older = value_or_throw(network_->socket(AF_INET6, SOCK_STREAM, 0));
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(8080);
  ASSERT_EQ(::bind(older.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  ASSERT_EQ(::listen(older.get(), 1), 0);
  const auto refused = start_when(listening(Transport::tcp, Port{8080}), sh("echo in use; sleep 0.1; exit 1"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("it ended before it was ready"));
}

TEST_F(ReadinessTest, WaitsForAllConditions) {
  auto process = start_when(ready_when(output_line("a"), file_exists("/run/b")),
                            sh("touch /run/b; sleep 0.1; echo a; read forever < /dev/zero"));
  ASSERT_TRUE(process) << process.error();
  EXPECT_EQ(process->stdout_text(), "a\n");
}

TEST_F(ReadinessTest, SaysHowAProgramEndedBeforeItWasReady) {
  const auto failed = start_when(output_line("ready"), sh("echo cannot bind >&2; exit 3"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(
      failed.error().message(),
      "start \"echo cannot bind >&2; exit 3\" in \"server\": it ended before it was ready (printing \"ready\"): exit "
      "status 3; the last lines it printed:\n  | cannot bind");
}

TEST_F(ReadinessTest, SaysWhatIsMissingAtTheDeadlineAndKills) {
  const auto late = start_when(listening(Transport::tcp, Port{80}), sh("echo hm; sleep 1000"), Deadline::after(200ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ETIMEDOUT);
  EXPECT_THAT(late.error().message(), HasSubstr("not yet listening on tcp/80; the last lines it printed:\n  | hm"));
  // Killed with its parent, but reaped by its init: it may be seen dying.
  EXPECT_EQ(output_of("while cat /proc/[0-9]*/comm 2>/dev/null | grep -q sleep; do :; done; echo gone"), "gone\n");
}

TEST_F(ReadinessTest, ADaemonMayBeReadyWhenItsParentEnds) {
  auto daemon = start_when(file_exists("/run/daemon"), sh("setsid sleep 1000 & touch /run/daemon"));
  ASSERT_TRUE(daemon) << daemon.error();
}

}  // namespace
}  // namespace netrig::process
