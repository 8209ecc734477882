// The life of a lab: moved, ended early, ended elsewhere, and what its handles say afterwards.
#include <netrig/base/directory.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/testing/eventually.h>
#include <netrig/testing/skip.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/measure.h>
#include <netrig/topology/test_topologies.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace netrig {
namespace {

using test::error_of;
using test::office;
using test::pair;
using ::testing::HasSubstr;

constexpr const char* kEnded = "its lab has ended";
constexpr const char* kMoved = "was moved from";

bool is_reachable(const Node& from, const IpAddress& to) {
  return from.ping({.destination = to, .count = 1}).complete();
}

class LabLife : public ::testing::Test {
 protected:
  void SetUp() override { NETRIG_NEEDS_SANDBOX(); }

  /// A row for ci/fault-table.
  static void record_fault(const std::string& fault, int runs) {
    RecordProperty("netrig.fault.0", fault + "|" + std::to_string(runs) + "|" + (HasFailure() ? "1" : "0"));
  }
};

// ---- moved

TEST_F(LabLife, GoesOnInTheLabThatItWasMovedTo) {
  Lab first{pair()};
  const Node left = first["left"];
  const auto web = first["right"].listen(traffic::tcp(80));
  const Lab second{std::move(first)};
  EXPECT_TRUE(left.ping(second["right"]).complete());
  EXPECT_TRUE(left.probe(second["right"].address(), traffic::tcp(80)).answered());
}

TEST_F(LabLife, EndsWhenAnotherIsMovedOverIt) {
  Lab lab{office()};
  const auto program = lab["pc"].start({"sleep", "1000"});
  const Node pc = lab["pc"];
  lab = Lab{pair()};
  EXPECT_FALSE(program.running());
  EXPECT_THAT(error_of([&] { (void)pc.snapshot(); }), HasSubstr(kEnded));
  EXPECT_TRUE(lab["left"].ping(lab["right"]).complete());
}

TEST_F(LabLife, SurvivesAMoveToItself) {
  Lab lab{pair()};
  auto& same = lab;
  lab = std::move(same);
  EXPECT_TRUE(lab["left"].ping(lab["right"]).complete());
}

// NOLINTBEGIN(bugprone-use-after-move): that is what these are about
TEST_F(LabLife, SaysSoWhenItWasMovedFrom) {
  Lab lab{pair()};
  const Node left = lab["left"];
  const Lab other{std::move(lab)};
  EXPECT_THAT(error_of([&] { (void)lab["left"]; }), HasSubstr(kMoved));
  EXPECT_THAT(error_of([&] { (void)lab.nodes(); }), HasSubstr(kMoved));
  EXPECT_THAT(error_of([&] { (void)lab.link("left", "right"); }), HasSubstr(kMoved));
  EXPECT_THAT(error_of([&] { (void)lab.peer_of(left, "eth0"); }), HasSubstr(kMoved));
  EXPECT_THAT(error_of([&] { (void)lab.plan(); }), HasSubstr(kMoved));
  EXPECT_THAT(error_of([&] { (void)lab.description(); }), HasSubstr(kMoved));
  EXPECT_THAT(error_of([&] { (void)lab.setup_time(); }), HasSubstr(kMoved));
}

TEST_F(LabLife, TakesANewNetworkAfterItWasMovedFrom) {
  Lab lab{pair()};
  const Lab other{std::move(lab)};
  lab = Lab{pair()};
  EXPECT_TRUE(lab["left"].ping(lab["right"]).complete());
}

TEST_F(LabLife, HandlesThatWereMovedFromSayIt) {
  const Lab lab{pair()};
  auto program = lab["left"].start({"sleep", "1000"});
  auto web = lab["right"].listen(traffic::tcp(80));
  const auto taken_program = std::move(program);
  const auto taken_web = std::move(web);
  EXPECT_THAT(error_of([&] { (void)program.running(); }), HasSubstr(kMoved));
  EXPECT_THAT(error_of([&] { (void)program.kill(); }), HasSubstr(kMoved));
  EXPECT_THAT(error_of([&] { (void)web.peers(); }), HasSubstr(kMoved));
  EXPECT_THAT(error_of([&] { web.close(); }), HasSubstr(kMoved));
}
// NOLINTEND(bugprone-use-after-move)

// ---- ended

TEST_F(LabLife, ItsNodesSayThatItHasEnded) {
  std::optional<Lab> lab{office()};
  const Node pc = (*lab)["pc"], gw = (*lab)["gw"];
  const auto server = (*lab)["server"].address();
  lab.reset();
  EXPECT_EQ(pc.name(), "pc");
  EXPECT_FALSE(pc.plan().interfaces.empty());
  EXPECT_THAT(error_of([&] { (void)pc.network(); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { (void)pc.address(); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { pc.run([] {}); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { (void)pc.exec({"true"}); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { (void)pc.start({"true"}); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { (void)pc.ping(server); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { (void)pc.probe(server, traffic::tcp(80)); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { (void)pc.listen(traffic::tcp(80)); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { pc.set_link_down("eth0"); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { gw.set_forwarding(true); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { (void)gw.rules(); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { (void)gw.snapshot(); }), HasSubstr(kEnded));
  EXPECT_THAT(error_of([&] { (void)gw.lab_nodes(); }), HasSubstr(kEnded));
}

TEST_F(LabLife, ItsProgramsEndWithItAndKeepTheirOutput) {
  std::optional<Lab> lab{pair()};
  auto program = (*lab)["left"].start(process::sh("echo started; exec sleep 1000"),
                                      process::ready_when(process::output_line("started")));
  lab.reset();
  EXPECT_FALSE(program.running());
  EXPECT_EQ(program.stdout_text(), "started\n");
  EXPECT_TRUE(program.wait(Deadline::after(std::chrono::seconds{10})));
  EXPECT_TRUE(program.kill());
  EXPECT_FALSE(program.write_stdin("more"));
}

TEST_F(LabLife, ItsListenersCloseWithItAndStillTellWhoCame) {
  std::optional<Lab> lab{pair()};
  const auto web = (*lab)["right"].listen(traffic::tcp(80));
  const auto echo = (*lab)["right"].listen(traffic::udp(53));
  ASSERT_TRUE((*lab)["left"].probe((*lab)["right"].address(), traffic::tcp(80)).answered());
  const auto left = (*lab)["left"].address();
  lab.reset();
  ASSERT_TRUE(web.last_peer());
  EXPECT_EQ(web.last_peer()->address, left);
  EXPECT_EQ(web.service(), traffic::tcp(80));
  EXPECT_FALSE(echo.wait_for_peer(Deadline::never()));
}

TEST_F(LabLife, ACutThatOutlivesItHasNothingLeftToDo) {
  std::optional<Lab> lab{pair()};
  const auto cable = lab->link("left", "right");
  auto cut = std::make_unique<LinkCut>(cable.down());
  auto restored = cable.down();
  lab.reset();
  EXPECT_EQ(cable.to_string(), "left:eth0 - right:eth0");
  EXPECT_THAT(error_of([&] { (void)cable.down(); }), HasSubstr(kEnded));
  restored.restore();  // the other one keeps the cable cut
  ::testing::internal::CaptureStderr();
  cut.reset();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(LabLife, ACutThatIsToBeRestoredAfterItSaysThatItHasEnded) {
  std::optional<Lab> lab{pair()};
  auto cut = lab->link("left", "right").down();
  lab.reset();
  EXPECT_THAT(error_of([&] { cut.restore(); }), HasSubstr(kEnded));
}

TEST_F(LabLife, ASnapshotIsAValueOfItsOwn) {
  std::optional<Lab> lab{pair()};
  const auto seen = (*lab)["left"].snapshot();
  lab.reset();
  EXPECT_THAT(seen.to_string(), HasSubstr("inet 10.0.0.1/24"));
}

TEST_F(LabLife, OneOfTwoEndsAndTheOtherLives) {
  std::optional<Lab> first{pair()};
  const Lab second{pair()};
  const auto doomed = (*first)["left"].start({"sleep", "1000"});
  const auto survivor = second["left"].start({"sleep", "1000"});
  const auto web = second["right"].listen(traffic::tcp(80));
  first.reset();
  EXPECT_FALSE(doomed.running());
  EXPECT_TRUE(survivor.running());
  EXPECT_TRUE(is_reachable(second["left"], second["right"].address()));
  EXPECT_TRUE(second["left"].probe(second["right"].address(), traffic::tcp(80)).answered());
}

std::string pid_namespace_of(const std::string& process) {
  std::error_code gone;
  return std::filesystem::read_symlink("/proc/" + process + "/ns/pid", gone);
}

/// SIGKILL to the init of the pid namespace that `program` is in: the first process that was there.
void kill_the_init_of(const process::Process& program) {
  const auto wanted = pid_namespace_of(std::to_string(program.pid()));
  std::optional<pid_t> init;
  for (const auto& name : value_or_throw(names_in("/proc"))) {
    if (name.find_first_not_of("0123456789") != std::string::npos || pid_namespace_of(name) != wanted) continue;
    init = std::min(init.value_or(std::stoi(name)), std::stoi(name));
  }
  ASSERT_TRUE(init && *init != program.pid());
  ASSERT_EQ(::kill(*init, SIGKILL), 0);
}

/// Two machines with a program, and traffic without a pause: what each round of it gave.
class BusyLab {
 public:
  BusyLab() {
    while (rounds_ == 0) std::this_thread::yield();
  }
  /// A whole round has begun since and ended well, all before it ended well, and the program answers.
  void expect_life() {
    const int before = rounds_;
    while (rounds_ < before + 2) std::this_thread::yield();
    EXPECT_TRUE(well_);
    ASSERT_TRUE(cat_.write_stdin("alive\n"));
    said_ += "alive\n";
    EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return cat_.stdout_text() == said_; }));
  }

 private:
  void make_traffic(const std::stop_token& over) {
    for (; !over.stop_requested(); ++rounds_) {
      const auto bulk =
          measure(lab_["left"], lab_["right"], traffic::TcpLoad{.bytes = ByteCount{1 << 20}, .verify = true});
      const bool pinged = lab_["left"].ping(lab_["right"], AddressFamily::ipv6).complete();
      if (!pinged || bulk.received != ByteCount{1 << 20}) well_ = false;
    }
  }

  const Lab lab_{pair()};
  process::Process cat_ = lab_["right"].start(process::Command{"cat"}.with_open_input());
  std::string said_;
  std::atomic<int> rounds_ = 0;
  std::atomic<bool> well_ = true;
  std::jthread traffic_{[this](const std::stop_token& over) { make_traffic(over); }};
};

TEST_F(LabLife, OneDiesAndItsNeighbourLives) {
  BusyLab neighbour;
  for (const bool is_killed : {false, true}) {
    std::optional<Lab> lab{office()};
    auto doomed = (*lab)["pc"].start({"sleep", "1000"});
    if (is_killed) {
      kill_the_init_of(doomed);
      EXPECT_TRUE(doomed.wait(Deadline::after(std::chrono::seconds{20})));
      neighbour.expect_life();
    }
    lab.reset();
    EXPECT_FALSE(doomed.running());
    neighbour.expect_life();
  }
  record_fault("one lab dies, its neighbour lives", 2);
}

TEST_F(LabLife, EndsWhileAnExceptionPassesThrough) {
  std::optional<Node> left;
  std::optional<process::Process> program;
  try {
    const Lab lab{office()};
    const auto cut = lab.link("gw", "server").down();
    left = lab["pc"];
    program = left->start({"sleep", "1000"});
    lab["gw"].run([] { throw std::runtime_error{"thrown in a node"}; });
    FAIL() << "did not throw";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "thrown in a node");
  }
  EXPECT_FALSE(program->running());
  EXPECT_THAT(error_of([&] { (void)left->address(); }), HasSubstr(kEnded));
}

TEST_F(LabLife, ANodeWorksOnAfterAnExceptionInIt) {
  const Lab lab{pair()};
  for (int i = 0; i < 3; ++i) EXPECT_THROW(lab["left"].run([] { throw 42; }), int);
  EXPECT_THROW(lab["left"].netlink([](netlink::Socket&) { throw std::logic_error{"in use"}; }), std::logic_error);
  EXPECT_TRUE(is_reachable(lab["left"], lab["right"].address()));
}

// ---- threads

TEST_F(LabLife, EndsInAnotherThreadThanItWasMadeIn) {
  std::optional<Lab> lab;
  std::optional<process::Process> program;
  std::thread{[&] {
    lab.emplace(office());
    program = (*lab)["pc"].start({"sleep", "1000"});
  }}.join();
  EXPECT_TRUE((*lab)["pc"].ping((*lab)["server"]).complete());
  EXPECT_TRUE(program->running());
  std::thread{[&] { lab.reset(); }}.join();
  EXPECT_FALSE(program->running());
}

/// Whether a process of this name lives in the node's lab.
bool lives(const Node& node, const std::string& name) {
  return node.exec(process::sh("grep -qx " + name + " /proc/[0-9]*/comm")).success();
}

TEST_F(LabLife, ProgramsOfALabMadeInAThreadThatEndedLiveUntilTheLabEnds) {
  std::optional<Lab> lab;
  std::optional<process::Process> program;
  std::thread{[&] {
    lab.emplace(office());
    program = (*lab)["pc"].start({"sleep", "1000"});
    (*lab)["server"].exec(process::sh("setsid tail -f /dev/null >/dev/null 2>&1 &"));
    EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return lives((*lab)["server"], "tail"); }));
  }}.join();
  const Node server = (*lab)["server"];
  EXPECT_TRUE(program->running());
  EXPECT_TRUE(lives(server, "tail"));
  std::thread{[&] { (void)server.exec({"true"}); }}.join();
  EXPECT_TRUE(program->running());
  EXPECT_TRUE(lives(server, "tail"));
  lab.reset();
  EXPECT_FALSE(program->running());
  record_fault("a lab made in a thread that ends", 1);
}

/// Uses a node, again and again, until that throws.
template <class Use>
std::string error_in_the_end(std::atomic<int>& started, const Use& use) {
  bool first = true;
  for (;;) {
    if (auto error = error_of(use); !error.empty()) return error;
    if (std::exchange(first, false)) ++started;
  }
}

TEST_F(LabLife, EndsWhileOthersUseItsNodes) {
  std::optional<Lab> lab{office()};
  const Node pc = (*lab)["pc"], gw = (*lab)["gw"], server = (*lab)["server"];
  const auto cable = lab->link("gw", "server");
  const auto target = gw.address();
  std::atomic<int> started = 0;
  std::vector<std::jthread> users;
  const auto user = [&](const auto& use) {
    users.emplace_back([&, use] { EXPECT_THAT(error_in_the_end(started, use), HasSubstr("ended")); });
  };
  user([=] { (void)pc.address(); });
  user([=] { pc.run([] {}); });
  user([=] { (void)server.exec({"true"}); });
  user([=] { (void)server.listen(traffic::udp(7)); });
  user([=] { (void)gw.snapshot(); });
  user([=] { auto cut = cable.down(); });
  user([=] { (void)pc.probe(target, traffic::tcp(9)); });
  user([=] { (void)gw.lab_nodes(); });
  while (started < 8) std::this_thread::yield();
  lab.reset();
}

TEST_F(LabLife, APortIsFreeAgainWhileProgramsStart) {
  const Lab lab{pair()};
  std::atomic<bool> over = false;
  std::jthread starts_programs{[&] {
    while (!over) (void)lab["right"].exec({"true"});
  }};
  for (int round = 0; round < 200; ++round) {
    for (const auto& service : {traffic::udp(7), traffic::tcp(7)}) {
      EXPECT_EQ(error_of([&] { (void)lab["left"].listen(service); }), "");
    }
  }
  over = true;
}

TEST_F(LabLife, WaitsOfOthersEndWithIt) {
  std::optional<Lab> lab{pair()};
  auto program = (*lab)["left"].start({"sleep", "1000"});
  const auto web = (*lab)["right"].listen(traffic::tcp(80));
  std::jthread waits_for_program{[&] { EXPECT_TRUE(program.wait(Deadline::never())); }};
  std::jthread waits_for_peer{[&] { EXPECT_FALSE(web.wait_for_peer(Deadline::never())); }};
  lab.reset();
}

}  // namespace
}  // namespace netrig
