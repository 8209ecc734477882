// What fault tests print and record: each fault, how often it was made to happen, and what was left afterwards.
//
//   fault                                     runs  residue
//   SIGKILL to the supervisor, while probing    12        0
//   all of the above: net namespaces             0        0
//
// ci/fault-table makes one table of those of a whole test run.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace netrig::teardown {

/// Rows by fault.
class FaultTable {
 public:
  /// One more run of `fault`, after which `residue` things were left (processes, namespaces, files, ...).
  void add(const std::string& fault, int residue);
  /// What was left after the faults of other rows, by a check that made none itself: a row without runs.
  void check(const std::string& name, int residue);
  /// Adds the rows of another table.
  void add(const FaultTable& other);
  [[nodiscard]] int runs() const;
  [[nodiscard]] int residue() const;
  /// The table as above, with a line of sums.
  [[nodiscard]] std::string to_string() const;
  /// Prints the table and records its rows as properties of the running test: `netrig.fault.N` = `fault|runs|residue`.
  void record() const;

  /// A line a row, `fault TAB runs TAB residue`, and back. What is no such line is passed over.
  [[nodiscard]] std::string to_lines() const;
  static FaultTable from_lines(std::string_view lines);

 private:
  struct Row {
    int runs = 0;
    int residue = 0;
  };
  std::map<std::string, Row> rows_;
};

}  // namespace netrig::teardown
