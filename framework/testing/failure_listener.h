// Ends each failed test's output with its seed and the command that repeats it, whatever assertion failed, and with
// what the machine did to it.
#pragma once

#include <netrig/testing/full_tables.h>

#include <gtest/gtest.h>

#include <iosfwd>
#include <string>
#include <utility>

namespace netrig {

/// netrig::main() installs it. It prints again_line() once a failed test, unless a failure's text has it already, and
/// records the seed as the test's property `netrig.seed`.
class FailureListener : public testing::EmptyTestEventListener {
 public:
  /// `tables`: how to ask for the machine's neighbour tables; those of the kernel, when not given.
  explicit FailureListener(std::ostream& out, FullTables tables = FullTables{})
      : out_{out}, tables_{std::move(tables)} {}
  void OnTestStart(const testing::TestInfo& test) override;
  void OnTestPartResult(const testing::TestPartResult& result) override;
  void OnTestEnd(const testing::TestInfo& test) override;
  /// What is printed of a test that failed.
  void tell_failure();

 private:
  std::ostream& out_;
  std::string line_;  ///< made when the test starts: GoogleTest holds its lock while it tells of a failure
  FullTables tables_;
  bool said_ = false;
};

}  // namespace netrig
