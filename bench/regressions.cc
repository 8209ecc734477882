#include <netrig/bench/networks.h>
#include <netrig/bench/regressions.h>
#include <netrig/topology/goodput.h>
#include <netrig/topology/measure.h>

#include <fmt/format.h>

#include <cstdlib>
#include <sched.h>

namespace netrig::bench {

namespace {

using namespace std::chrono_literals;

constexpr unsigned kMbit = 100;
constexpr unsigned kSlowMbit = kMbit * 8 / 10;
constexpr std::uint64_t kBytes = 500'000;
constexpr std::uint64_t kRequests = 400;
constexpr double kQuick = 25;  // percentile
constexpr traffic::Repetition kShort{
    .confidence = 0.95, .width = 0.02, .warm_up = 1, .at_least = 8, .at_most = 20, .budget = 800ms};
// What its samples leave open, more of them may settle: other work on the machine spoils some, not all.
constexpr traffic::Repetition kLong{
    .confidence = 0.95, .width = 0.02, .warm_up = 1, .at_least = 20, .at_most = 60, .budget = 5s};

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

// How many round trips a quick one leaves room for in a second: other work on the machine only ever makes them slower.
traffic::Measure round_trips(const Node& from, const Node& to) {
  return [=]() -> Result<double> {
    const auto cpu = first_processor();
    const auto result = NETRIG_TRY(traffic::measure_latency(
        {.rate = 0, .count = kRequests, .run = {.destination = to.address(), .client_cpu = cpu, .server_cpu = cpu}},
        sides(from, to)));
    return 1e9 / static_cast<double>(result.times.percentile(kQuick).count());
  };
}

constexpr int kLongOnes = 3;

traffic::RepeatedPair measured(const RegressionCase& each) {
  auto pair = value_or_throw(traffic::compare_in_turn(each.before, each.after, kShort));
  for (int i = 0; i < kLongOnes && pair.comparison.change == traffic::Change::inconclusive; ++i)
    pair = value_or_throw(traffic::compare_in_turn(each.before, each.after, kLong));
  return pair;
}

void add(RegressionCount& count, const traffic::RepeatedPair& pair) {
  ++count.rounds;
  count.ratios += pair.comparison.ratio;
  switch (pair.comparison.change) {
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
      count.doubts.push_back(pair.to_string());
      break;
  }
}

}  // namespace

RegressionCases::RegressionCases()
    : link_{shaped(kMbit)},
      slow_link_{shaped(kSlowMbit)},
      cable_{pair()},
      one_router_{routed()},
      two_routers_{chain(2)} {
  const auto over_cable = round_trips(cable_["left"], cable_["right"]);
  const auto over_one = round_trips(one_router_["client"], one_router_["server"]);
  const auto over_two = round_trips(two_routers_["client"], two_routers_["server"]);
  all_ = {{"token bucket of 80% of the rate", goodput_over(link_), goodput_over(slow_link_), true},
          {"one router more: 0 to 1", over_cable, over_one, true},
          {"one router more: 1 to 2", over_one, over_two, true},
          {"no change: goodput", goodput_over(link_), goodput_over(link_)},
          {"no change: round trips", over_cable, over_cable}};
}

RegressionCount compare(const RegressionCase& each, int rounds) {
  RegressionCount count;
  for (int i = 0; i < rounds; ++i) add(count, measured(each));
  return count;
}

RegressionVerdict verdict(const RegressionCase& each, const RegressionCount& count) {
  if (!each.is_slower) return count.slower + count.faster == 0 ? RegressionVerdict::right : RegressionVerdict::wrong;
  if (count.same + count.faster > 0) return RegressionVerdict::wrong;
  return count.unknown > 0 ? RegressionVerdict::undecided : RegressionVerdict::right;
}

std::string table_head(int rounds) {
  return fmt::format("{:<34} {:>7} {:>7} {:>7} {:>7} {:>9}   of {} rounds\n", "", "ratio", "slower", "faster", "same",
                     "not known", rounds);
}

std::string table_row(const RegressionCase& each, const RegressionCount& count) {
  static constexpr const char* kWords[] = {"as it should", "WRONG", "NOT DECIDED"};
  auto row = fmt::format("{:<34} {:>6.2f}x {:>7} {:>7} {:>7} {:>9}   {}\n", each.what, count.ratios / count.rounds,
                         count.slower, count.faster, count.same, count.unknown,
                         kWords[static_cast<int>(verdict(each, count))]);
  for (const auto& doubt : count.doubts) row += doubt + '\n';
  return row;
}

}  // namespace netrig::bench
