// netrig_regression_check [ROUNDS]: how often each case of regressions.h was called slower, 20 rounds each. Exit status
// 0 when that was every time where it is slower, and never where it is not.
#include <netrig/bench/regressions.h>
#include <netrig/sandbox/sandbox.h>

#include <cstdlib>
#include <iostream>

namespace netrig::bench {

namespace {

// All cases; whether each was found, or not found, as it should be.
bool check(int rounds) {
  const RegressionCases cases;
  std::cout << table_head(rounds);
  bool good = true;
  for (const auto& each : cases.all()) {
    const auto count = compare(each, rounds);
    std::cout << table_row(each, count) << std::flush;
    good = verdict(each, count) == RegressionVerdict::right && good;
  }
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
