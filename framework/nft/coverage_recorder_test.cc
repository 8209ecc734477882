// Packets counted by rule, without a counter in any.
#include <netrig/nft/coverage_recorder.h>
#include <netrig/nft/fresh_network.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/reserved.h>
#include <netrig/nft/trace.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <cerrno>

namespace netrig::nft {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kRules = R"(table inet t {
  chain guests { udp dport 60 drop; udp dport 61 accept; }
  chain out {
    type filter hook output priority 0
    udp dport 53 accept
    meta l4proto udp jump guests
    ip6 daddr ::1 udp dport 70 accept
    udp dport 99 drop
  }
})";

class CoverageRecorderTest : public FreshNetworkTest {
 protected:
  void SetUp() override {
    FreshNetworkTest::SetUp();
    if (IsSkipped()) return;
    auto nft = Frontend::open("node");
    ASSERT_TRUE(nft) << nft.error();
    nft_ = std::make_unique<Frontend>(*std::move(nft));
    start();
  }
  void TearDown() override {
    recorder_.reset();
    nft_.reset();
    FreshNetworkTest::TearDown();
  }

  void start() {
    auto recorder = CoverageRecorder::start("node");
    ASSERT_TRUE(recorder) << recorder.error();
    recorder_ = std::make_unique<CoverageRecorder>(*std::move(recorder));
  }
  void load(const std::string& rules) {
    const auto loaded = nft_->load_text(rules);
    ASSERT_TRUE(loaded) << loaded.error();
    EXPECT_TRUE(recorder_->catch_up());
  }
  Listing rules() {
    auto text = nft_->list(Handles::show, Counts::hide);
    if (!text) ADD_FAILURE() << text.error();
    return Listing::parse(text.value_or(""));
  }
  static std::vector<std::uint64_t> hits(const Result<Coverage>& seen) {
    if (!seen) ADD_FAILURE() << seen.error();
    std::vector<std::uint64_t> counts;
    for (const auto& use : seen.value_or(Coverage{}).rules) counts.push_back(use.hits);
    return counts;
  }
  std::vector<std::uint64_t> hits() { return hits(recorder_->coverage(rules())); }

  std::unique_ptr<Frontend> nft_;
  std::unique_ptr<CoverageRecorder> recorder_;
};

TEST_F(CoverageRecorderTest, CountsPacketsOfBothFamiliesByRule) {
  load(kRules);
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{53, 53, 60, 61, 70}) send_udp("127.0.0.1", port);
  send_udp("::1", 70);
  const auto seen = recorder_->coverage(rules());
  ASSERT_TRUE(seen) << seen.error();
  EXPECT_TRUE(seen->complete);
  EXPECT_THAT(seen->nodes, ElementsAre("node"));
  EXPECT_THAT(hits(seen), ElementsAre(1, 1, 2, 4, 1, 0)) << *seen;
  EXPECT_EQ(seen->unused().front().rule.text, "udp dport 99 drop");
}

TEST_F(CoverageRecorderTest, TakesWhatIsNewAlone) {
  load(kRules);
  send_udp("127.0.0.1", 53);
  EXPECT_THAT(hits(recorder_->take(rules())), ElementsAre(0, 0, 1, 0, 0, 0));
  send_udp("127.0.0.1", 60);
  EXPECT_THAT(hits(recorder_->take(rules())), ElementsAre(1, 0, 0, 1, 0, 0));
  EXPECT_THAT(hits(), ElementsAre(1, 0, 1, 1, 0, 0));
}

TEST_F(CoverageRecorderTest, ATableThatIsMadeAgainStartsAnew) {
  load(kRules);
  send_udp("127.0.0.1", 53);
  EXPECT_TRUE(recorder_->catch_up());
  load(std::string{"flush ruleset; "} + kRules);
  send_udp("127.0.0.1", 60);
  EXPECT_THAT(hits(), ElementsAre(1, 0, 0, 1, 0, 0));
}

TEST_F(CoverageRecorderTest, ShowsInNoListing) {
  load(kRules);
  EXPECT_THAT(nft_->list().value(), Not(HasSubstr(kCoverageTable)));
  EXPECT_EQ(listing().tables.size(), 1U);
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("nft list ruleset");
  EXPECT_THAT(witness, HasSubstr(kCoverageTable));
  recorder_.reset();
  EXPECT_THAT(output_of("nft list ruleset").value_or(""), Not(HasSubstr(kCoverageTable)));
}

TEST_F(CoverageRecorderTest, RecordsWhileATraceRuns) {
  load(kRules);
  auto tracer = Tracer::open("node");
  ASSERT_TRUE(tracer) << tracer.error();
  ASSERT_TRUE(tracer->start({Rule{}.udp_dport(53)}));
  send_udp("127.0.0.1", 53);
  EXPECT_TRUE(tracer->listens(Deadline::after(10s)).value_or(false));
  EXPECT_THAT(hits(), ElementsAre(0, 0, 1, 0, 0, 0));
}

TEST_F(CoverageRecorderTest, OneRecordsAtATime) {
  const auto second = CoverageRecorder::start("node");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EBUSY);
  recorder_.reset();
  start();
}

TEST_F(CoverageRecorderTest, KeepsUpWithManyPackets) {
  load(kRules);
  for (int i = 0; i < 2'000; ++i) send_udp("127.0.0.1", 53);
  const auto seen = recorder_->coverage(rules());
  ASSERT_TRUE(seen) << seen.error();
  // A thread that is not let run loses some, and says so.
  if (seen->complete) {
    EXPECT_EQ(seen->rules[2].hits, 2'000U);
  } else {
    EXPECT_GT(seen->rules[2].hits, 0U);
  }
}

TEST_F(CoverageRecorderTest, WithoutLoopbackItVouchesForNothing) {
  if (!output_of("ip address delete 127.0.0.1/8 dev lo")) NETRIG_SKIP("tool-ip", "not installed: ip");
  const auto seen = recorder_->coverage(rules());
  ASSERT_TRUE(seen) << seen.error();
  EXPECT_FALSE(seen->complete);
}

// The kernel acts on a carrier when somebody asks for the device (linkwatch_sync_dev), else in its own time.
constexpr const char* kSettle = " && for device in v0 v1 br0; do ip link show dev $device; done";

TEST_F(CoverageRecorderTest, SeesWhatAsksForNeighbours) {
  load("table arp a { chain out { type filter hook output priority 0; arp operation request accept; }; }");
  const std::string up =
      "ip link add v0 type veth peer name v1 && ip link add br0 type bridge && ip link set v0 up && "
      "ip link set v1 up && ip address add 192.0.2.1/24 dev v0";
  if (!output_of(up + kSettle)) NETRIG_SKIP("tool-ip", "not installed: ip");
  send_udp("192.0.2.9", 53);
  EXPECT_THAT(hits(), ElementsAre(testing::Gt(0U)));
}

TEST_F(CoverageRecorderTest, SeesFramesOnABridge) {
  load("table bridge b { chain pre { type filter hook prerouting priority 0; ether type ip6 accept; }; }");
  const std::string up =
      "ip link add br0 type bridge && ip link add v0 type veth peer name v1 && ip link set v1 master br0 && "
      "ip link set br0 up && ip link set v1 up && ip link set v0 up && ip address add 2001:db8::1/64 dev v0 nodad";
  if (!output_of(up + kSettle)) NETRIG_SKIP("tool-ip", "not installed: ip");
  send_udp("2001:db8::9", 53);  // asks for its neighbour
  EXPECT_THAT(hits(), ElementsAre(testing::Gt(0U)));
}

TEST_F(CoverageRecorderTest, SeesRulesOfEgressAndNotOfIngress) {
  const std::string up =
      "ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && "
      "ip address add 192.0.2.1/24 dev v0 && ip neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev v0 && "
      "ip address add 2001:db8::1/64 dev v0 nodad && ip neighbour add 2001:db8::9 lladdr 02:00:00:00:00:09 dev v0";
  if (!output_of(up + " && for device in v0 v1; do ip link show dev $device; done"))
    NETRIG_SKIP("tool-ip", "not installed: ip");
  const auto in = nft_->load_text(
      "table netdev d { chain in { type filter hook ingress device v1 priority 0; meta l4proto udp counter; }; }");
  if (!in) NETRIG_SKIP("nft-ingress", "no rules at ingress here: " << in.error());
  const auto out = nft_->load_text(
      "table netdev d { chain out { type filter hook egress device v0 priority 0; meta l4proto udp counter; }; }");
  if (!out) NETRIG_SKIP("nft-egress", "no rules at egress here: " << out.error());
  EXPECT_TRUE(recorder_->catch_up());
  for (const char* to : {"192.0.2.9", "2001:db8::9"}) EXPECT_EQ(send_udp(to, 53), 0);
  const auto seen = recorder_->coverage(rules());
  ASSERT_TRUE(seen) << seen.error();
  ASSERT_EQ(seen->rules.size(), 2U);
  for (const auto& use : seen->rules) EXPECT_EQ(use.hits, use.rule.chain.name == "out" ? 2U : 0U) << use.rule;
  const auto counted = nft_->list().value_or("");
  EXPECT_EQ(counted.find("packets 0"), std::string::npos) << counted;  // both matched
}

}  // namespace
}  // namespace netrig::nft
