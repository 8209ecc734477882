// Every way to end, of every process, at every step of a lab's life: building it, using it, letting it go. Nothing is
// left, and the caller sees the end that it would see without a sandbox.
#include <netrig/suites/teardown/observer.h>
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/sanitized.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/eventually.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <sstream>

namespace netrig::teardown {
namespace {

// What the program can do to itself, and what its caller then sees.
struct End {
  const char* what;
  std::string argument;
  int status;
};

std::vector<End> ends_of_the_program() {
  std::vector<End> ends{{"exit()", "exit", exited(3)},
                        {"_exit()", "_exit", exited(4)},
                        {"an exception that nobody catches", "throw", killed_by(SIGABRT)},
                        {"std::terminate()", "terminate", killed_by(SIGABRT)}};
  for (const int signal : {SIGKILL, SIGSEGV, SIGABRT, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    ends.push_back({::sigabbrev_np(signal), std::to_string(signal), killed_by(signal)});
  }
  // AddressSanitizer's stacks are not the program's own, and its shadow needs more than any limit of memory.
  if (kAddressSanitizer) return ends;
  ends.push_back({"a stack overflow", "overflow", killed_by(SIGSEGV)});
  ends.push_back({"no more memory", "memory", killed_by(SIGABRT)});
  return ends;
}

// `add-links#2` of the whole list: each moment with its number.
std::vector<std::string> all_moments() {
  const auto [status, output] = outcome_of({.program = program_beside("netrig_fault_victim"), .arguments = {"list"}});
  EXPECT_EQ(status, exited(0)) << output;
  std::vector<std::string> moments;
  std::istringstream lines{output};
  for (std::string line; std::getline(lines, line);) moments.push_back(line);
  return moments;
}

std::string name_of(const std::string& moment) { return moment.substr(0, moment.find('#')); }

// The first of each name: what comes again differs by the node alone, or, where an answer is awaited, by chance.
std::vector<std::string> first_moments() {
  auto moments = all_moments();
  std::erase_if(moments, [](const std::string& moment) { return !moment.ends_with("#0"); });
  return moments;
}

// Every end at every moment with NETRIG_THOROUGH in the environment; otherwise each third one, so that each end meets
// many moments and each moment many ends.
bool is_taken(std::size_t moment, std::size_t end) {
  return std::getenv("NETRIG_THOROUGH") != nullptr || (moment + end) % 3 == 0;
}

// A victim held at a moment, by a pipe that it reads from.
class Held {
 public:
  Held(Observer& observer, const std::string& moment, int output)
      : pipe_{make_pipe()}, victim_{options(observer, moment, output)} {
    EXPECT_EQ(victim_.letters(1), "H") << moment;
  }
  Victim& victim() { return victim_; }
  void release() const { EXPECT_EQ(::write(pipe_.in.get(), "g", 1), 1); }

  /// The processes below the program space's init, or that init itself: the lab's programs. Children of the sandbox's
  /// init that are not the test program.
  [[nodiscard]] std::vector<pid_t> space_inits() const {
    std::vector<pid_t> inits = children_of(victim_.init().value());
    std::erase(inits, victim_.program().value());
    return inits;
  }
  [[nodiscard]] std::vector<pid_t> lab_programs() const {
    std::vector<pid_t> programs = children_of(victim_.program().value());
    for (const pid_t init : space_inits()) {
      for (const pid_t child : children_of(init)) programs.push_back(child);
    }
    return programs;
  }

 private:
  struct Pipe {
    UniqueFd out, in;
  };
  // Inherited by the victim: not closed when it is executed.
  static Pipe make_pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    ::fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
  }
  [[nodiscard]] VictimOptions options(const Observer& observer, const std::string& moment, int output) const {
    VictimOptions options{.program = program_beside("netrig_fault_victim"),
                          .arguments = {moment, "hold"},
                          .environment = observer.environment(),
                          .output = output};
    options.environment.emplace_back(
        "ASAN_OPTIONS=handle_segv=0");  // a supervisor's end by SIGSEGV is to be seen as it is
    options.environment.push_back("NETRIG_VICTIM_GO=" + std::to_string(pipe_.out.get()));
    return options;
  }

  Pipe pipe_;
  Victim victim_;
};

class EveryEndTest : public TeardownTest {
 protected:
  UniqueFd silence_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
};

TEST_F(EveryEndTest, OfTheProgramAtEveryStepLeavesNothing) {
  const auto table = observe([this](Observer& observer) {
    std::size_t number = 0;
    for (const auto& moment : first_moments()) {
      std::size_t turn = 0;
      ++number;
      for (const auto& end : ends_of_the_program()) {
        if (!is_taken(number, ++turn)) continue;
        Victim victim{{.program = program_beside("netrig_fault_victim"),
                       .arguments = {moment, end.argument},
                       .environment = observer.environment(),
                       .output = silence_.get()}};
        // A LinkCut's destructor reports whatever fails in it, and lets the program live.
        const bool survives = end.argument == "memory" && moment == "restore-link#0";
        EXPECT_EQ(victim.wait_supervisor(), survives ? exited(0) : end.status) << end.what << " at " << moment;
        observer.note(std::string{end.what} + " in the program", victim);
      }
    }
  });
  if (!IsSkipped()) table.record();
}

// At every node's turn of every step, with one way to end each in turn.
TEST_F(EveryEndTest, OfTheProgramAtEveryNodesTurnLeavesNothing) {
  const auto table = observe([this](Observer& observer) {
    const auto ends = ends_of_the_program();
    std::size_t turn = 0;
    for (const auto& moment : all_moments()) {
      if (name_of(moment) == "await-echo-reply") continue;  // as often as it takes
      const auto& end = ends[turn++ % ends.size()];
      Victim victim{{.program = program_beside("netrig_fault_victim"),
                     .arguments = {moment, end.argument},
                     .environment = observer.environment(),
                     .output = silence_.get()}};
      EXPECT_EQ(victim.wait_supervisor(), end.status) << end.what << " at " << moment;
      observer.note(name_of(moment) + ": any end in the program", victim);
    }
  });
  if (!IsSkipped()) table.record();
}

// Where the exception leaves a thread or a destructor it ends the program itself.
TEST_F(EveryEndTest, OfADestructorDuringUnwindingLeavesNothing) {
  const End ends[] = {{"exit()", "unwind-exit", exited(3)},
                      {"_exit()", "unwind-_exit", exited(4)},
                      {"a second exception", "unwind-throw", killed_by(SIGABRT)}};
  const auto table = observe([&](Observer& observer) {
    std::size_t turn = 0;
    int unwound = 0;
    for (const auto& moment : first_moments()) {
      const auto& end = ends[turn++ % std::size(ends)];
      Victim victim{{.program = program_beside("netrig_fault_victim"),
                     .arguments = {moment, end.argument},
                     .environment = observer.environment(),
                     .output = silence_.get()}};
      const int status = victim.wait_supervisor();
      EXPECT_TRUE(status == end.status || status == killed_by(SIGABRT)) << moment << ": " << describe_end(status);
      if (status == exited(3) || status == exited(4)) ++unwound;
      observer.note(std::string{end.what} + " in a destructor during unwinding", victim);
    }
    EXPECT_GT(unwound, 5);  // of 23 moments
  });
  if (!IsSkipped()) table.record();
}

// What was done to processes from outside, and the ends of the supervisor that may follow.
struct Struck {
  std::size_t processes = 0;  ///< none: there is no such process at that moment
  std::set<int> ends;
};

struct Blow {
  std::string what;
  std::function<Struck(Held&)> strike;  ///< while the program is held at a moment
};

std::size_t hit(pid_t pid, int signal) {
  EXPECT_EQ(::kill(pid, signal), 0) << ::strsignal(signal) << " to " << pid << ": " << std::strerror(errno);
  return 1;
}

// The signal finds the process stopped, not merely about to stop.
std::size_t stop_and_kill(pid_t pid) {
  hit(pid, SIGSTOP);
  EXPECT_TRUE(eventually(kPatience, [pid] { return state_of(pid) == 'T'; })) << pid << " is " << state_of(pid);
  return hit(pid, SIGKILL);
}

// The supervisor stops when its program does, and goes on when it is told to.
std::size_t stop_and_kill_program(Held& held) {
  hit(held.victim().program().value(), SIGSTOP);
  EXPECT_EQ(held.victim().wait_stopped(), SIGSTOP);
  EXPECT_EQ(state_of(held.victim().program().value()), 'T');
  hit(held.victim().program().value(), SIGKILL);
  return hit(held.victim().supervisor(), SIGCONT);
}

// Its helpers gone, the program goes on to its end, whichever that is: it says what failed, or nothing did.
template <class Strike>
Struck strike_and_release(Held& held, const std::vector<pid_t>& helpers, Strike strike) {
  Struck struck{.ends = {exited(0)}};
  for (const pid_t helper : helpers) struck.processes += strike(helper);
  if (struck.processes > 0) struck.ends.insert(exited(6));
  held.release();
  return struck;
}

std::vector<Blow> blows() {
  std::vector<Blow> blows;
  for (const int signal : {SIGKILL, SIGSEGV, SIGABRT, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    blows.push_back({std::string{::sigabbrev_np(signal)} + " to the supervisor", [signal](Held& held) {
                       return Struck{hit(held.victim().supervisor(), signal), {killed_by(signal)}};
                     }});
  }
  blows.push_back({"stop, then KILL, to the supervisor",
                   [](Held& held) { return Struck{stop_and_kill(held.victim().supervisor()), {killed_by(SIGKILL)}}; }});
  blows.push_back({"KILL to the init",
                   [](Held& held) { return Struck{hit(held.victim().init().value(), SIGKILL), {exited(70)}}; }});
  blows.push_back({"stop, then KILL, to the init",
                   [](Held& held) { return Struck{stop_and_kill(held.victim().init().value()), {exited(70)}}; }});
  blows.push_back({"stop, then KILL, to the program",
                   [](Held& held) { return Struck{stop_and_kill_program(held), {killed_by(SIGKILL)}}; }});
  for (const int signal : {SIGKILL, SIGSEGV, SIGTERM}) {
    blows.push_back({std::string{::sigabbrev_np(signal)} + " to each program of the lab", [signal](Held& held) {
                       return strike_and_release(held, held.lab_programs(),
                                                 [signal](pid_t program) { return hit(program, signal); });
                     }});
  }
  blows.push_back({"KILL to the init of the lab's programs", [](Held& held) {
                     return strike_and_release(held, held.space_inits(), [](pid_t init) { return hit(init, SIGKILL); });
                   }});
  blows.push_back({"stop, then KILL, to the init of the lab's programs",
                   [](Held& held) { return strike_and_release(held, held.space_inits(), stop_and_kill); }});
  return blows;
}

TEST_F(EveryEndTest, OfEveryOtherProcessAtEveryStepLeavesNothing) {
  const auto table = observe([this](Observer& observer) {
    std::map<std::string, int> strikes;
    std::size_t number = 0;
    for (const auto& moment : first_moments()) {
      std::size_t turn = 0;
      ++number;
      for (const auto& blow : blows()) {
        if (!is_taken(number, ++turn)) continue;
        Held held{observer, moment, silence_.get()};
        const auto struck = blow.strike(held);
        const int status = held.victim().wait_supervisor();
        EXPECT_TRUE(struck.ends.contains(status)) << blow.what << " at " << moment << ": " << describe_end(status);
        strikes[blow.what] += struck.processes > 0 ? 1 : 0;
        if (struck.processes > 0) observer.note(blow.what, held.victim());
      }
    }
    EXPECT_EQ(strikes.size(), blows().size());
    for (const auto& [what, count] : strikes) EXPECT_GT(count, 0) << what << ": there was nobody at any moment";
  });
  if (!IsSkipped()) table.record();
}

// The moments tell of the whole life of a lab: when a step of it gets a new name, or none, this fails.
TEST_F(EveryEndTest, TheStepsAreThoseOfAWholeLife) {
  std::set<std::string> names;
  for (const auto& moment : first_moments()) names.insert(name_of(moment));
  const std::set<std::string> expected{
      "fresh-namespace",   "furnish-namespace",    "add-links",          "add-addresses",
      "set-up-links",      "settle-links",         "await-local-routes", "translate-addresses",
      "set-sysctls",       "await-spanning-trees", "make-program-space", "make-node-space",
      "mount-node-files",  "launch-program",       "await-readiness",    "listen",
      "send-echo-request", "await-echo-reply",     "await-connection",   "exchange-datagrams",
      "cut-link",          "restore-link",         "end-programs",       "let-go-of-namespace"};
  EXPECT_EQ(names, expected);
}

}  // namespace
}  // namespace netrig::teardown
