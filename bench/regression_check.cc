// netrig_regression_check [ROUNDS]: whether the comparison finds the slow-downs that there are, and none that there are
// not.
//
// Each round compares two networks in turn, some thirty milliseconds a measurement: a link against the same with a
// token bucket of 80% of its rate; a cable against a cable with one more router; and each against itself. Prints how
// often each was called slower; exit status 0 when that was every time, and never.
//
// The link's own rate is a token bucket's too, so that the link decides and not what else the machine does; the round
// trip is the median of a few hundred, with both sides on one processor.
#include <netrig/bench/networks.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/topology/goodput.h>
#include <netrig/topology/lab.h>
#include <netrig/topology/measure.h>

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <sched.h>
#include <string>
#include <vector>

namespace netrig::bench {

namespace {

using namespace std::chrono_literals;

constexpr unsigned kMbit = 400;
constexpr unsigned kSlowMbit = kMbit * 8 / 10;
constexpr std::uint64_t kBytes = 1'000'000;
constexpr std::uint64_t kRequests = 400;
constexpr traffic::Repetition kRepetition{
    .confidence = 0.95, .width = 0.02, .warm_up = 1, .at_least = 8, .at_most = 20, .budget = 800ms};

// Frames wait rather than be lost: the sender's congestion control is no part of the question.
Lab shaped(unsigned mbit) {
  Lab lab{pair()};
  const auto made = lab["left"].exec({"tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate",
                                      std::to_string(mbit) + "mbit", "burst", "64k", "limit", "4m"});
  if (!made.success())
    throw SetupError{Error::invalid(made.command, "left", made.both + " [netrig doctor: qdisc-tbf, tool-tc]")};
  return lab;
}

traffic::Measure goodput_over(const Lab& lab) {
  traffic::TcpLoad load;
  load.bytes = ByteCount{kBytes};
  return goodput_of(lab["left"], lab["right"], load);
}

unsigned first_processor() {
  cpu_set_t all;
  CPU_ZERO(&all);
  sched_getaffinity(0, sizeof all, &all);
  unsigned cpu = 0;
  while (cpu + 1 < CPU_SETSIZE && !CPU_ISSET(cpu, &all)) ++cpu;
  return cpu;
}

// How many round trips the median one leaves room for in a second.
traffic::Measure round_trips(const Node& from, const Node& to) {
  return [=]() -> Result<double> {
    const auto cpu = first_processor();
    const auto result = NETRIG_TRY(traffic::measure_latency(
        {.rate = 0, .count = kRequests, .run = {.destination = to.address(), .client_cpu = cpu, .server_cpu = cpu}},
        sides(from, to)));
    return 1e9 / static_cast<double>(result.times.percentile(50).count());
  };
}

struct Case {
  std::string what;
  traffic::Measure before, after;
  bool is_slower = false;  ///< what is to be found
};

struct Count {
  int slower = 0, faster = 0, same = 0, unknown = 0;
  double ratios = 0;
};

void add(Count& count, const traffic::Comparison& comparison) {
  count.ratios += comparison.ratio;
  switch (comparison.change) {
    case traffic::Change::lower:
      ++count.slower;
      break;
    case traffic::Change::higher:
      ++count.faster;
      break;
    case traffic::Change::none:
      ++count.same;
      break;
    case traffic::Change::inconclusive:
      ++count.unknown;
      break;
  }
}

// Whether all rounds found what is there.
bool run(const Case& each, int rounds) {
  Count count;
  for (int i = 0; i < rounds; ++i)
    add(count, value_or_throw(traffic::compare_in_turn(each.before, each.after, kRepetition)).comparison);
  const bool good = each.is_slower ? count.slower == rounds : count.slower + count.faster == 0;
  std::cout << fmt::format("{:<34} {:>6.2f}x {:>7} {:>7} {:>7} {:>9}   {}\n", each.what, count.ratios / rounds,
                           count.slower, count.faster, count.same, count.unknown, good ? "as it should" : "WRONG");
  return good;
}

// All cases; whether each was found, or not found, as it should be.
bool check(int rounds) {
  const Lab link = shaped(kMbit), slow_link = shaped(kSlowMbit);
  const Lab cable{pair()}, one_router{routed()}, two_routers{chain(2)};
  const auto over_cable = round_trips(cable["left"], cable["right"]);
  const auto over_one = round_trips(one_router["client"], one_router["server"]);
  const auto over_two = round_trips(two_routers["client"], two_routers["server"]);
  const std::vector<Case> cases{
      {"token bucket of 80% of the rate", goodput_over(link), goodput_over(slow_link), true},
      {"one router more: 0 to 1", over_cable, over_one, true},
      {"one router more: 1 to 2", over_one, over_two, true},
      {"no change: goodput", goodput_over(link), goodput_over(link)},
      {"no change: round trips", over_cable, over_cable},
  };
  std::cout << fmt::format("{:<34} {:>7} {:>7} {:>7} {:>7} {:>9}   of {} rounds\n", "", "ratio", "slower", "faster",
                           "same", "not known", rounds);
  bool good = true;
  for (const auto& each : cases) good = run(each, rounds) && good;
  return good;
}

// The program's exit status.
int run_checks(int rounds) {
  try {
    return check(rounds) ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const SetupError& error) {
    std::cerr << "netrig_regression_check: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace

}  // namespace netrig::bench

int main(int argc, char** argv) {
  netrig::sandbox::enter(argc, argv);
  constexpr int kUsual = 20;
  const int rounds = argc > 1 ? std::atoi(argv[1]) : kUsual;
  if (argc > 2 || rounds < 1) {
    std::cerr << "usage: netrig_regression_check [ROUNDS]\n";
    return EXIT_FAILURE;
  }
  if (!netrig::sandbox::inside()) {
    std::cerr << "netrig_regression_check: " << netrig::sandbox::why_not() << '\n';
    return EXIT_FAILURE;
  }
  return netrig::bench::run_checks(rounds);
}
