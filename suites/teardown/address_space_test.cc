// A program that loses its address space (RLIMIT_AS) in the middle of a lab's life: every mmap(2) and every thread is
// refused from then on. It is told, in one error, and nothing is left.
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gmock/gmock.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace netrig::teardown {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

class AddressSpaceTest : public TeardownTest {};

// Those of a whole life, the first of each name.
std::vector<std::string> moments() {
  std::istringstream lines{
      outcome_of({.program = program_beside("netrig_fault_victim"), .arguments = {"list"}}).output};
  std::vector<std::string> first;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with("#0")) first.push_back(line);
  }
  return first;
}

// AddressSanitizer's shadow needs more than any limit.
#ifndef __SANITIZE_ADDRESS__
TEST_F(AddressSpaceTest, LostAtAnyMomentOfALabsLifeIsToldAndLeavesNothing) {
  int told = 0;
  const auto all = moments();
  for (const auto& moment : all) {
    SCOPED_TRACE(moment);
    const auto [status, output] =
        outcome_of({.program = program_beside("netrig_fault_victim"), .arguments = {moment, "no-mmap"}});
    // What is free in the heap may do for the rest of the life.
    EXPECT_THAT(status, AnyOf(exited(0), exited(5), exited(6))) << output;
    if (status == exited(6)) {
      EXPECT_THAT(output, AnyOf(HasSubstr("ENOMEM (Cannot allocate memory)"),
                                AllOf(HasSubstr("EAGAIN (Resource temporarily"), HasSubstr("`ulimit -v` "))));
    }
    told += status == exited(0) ? 0 : 1;
    table_.add("no more address space (RLIMIT_AS)", HasFailure() ? 1 : 0);
  }
  EXPECT_GT(told, static_cast<int>(all.size()) / 3);
}
#endif

}  // namespace
}  // namespace netrig::teardown
