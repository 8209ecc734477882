#include <netrig/suites/teardown/fault_table.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <sstream>

namespace netrig::teardown {

void FaultTable::add(const std::string& fault, int residue) {
  auto& row = rows_[fault];
  ++row.runs;
  row.residue += residue;
}

void FaultTable::check(const std::string& name, int residue) { rows_[name].residue += residue; }

void FaultTable::add(const FaultTable& other) {
  for (const auto& [fault, row] : other.rows_) {
    rows_[fault].runs += row.runs;
    rows_[fault].residue += row.residue;
  }
}

int FaultTable::runs() const {
  int sum = 0;
  for (const auto& [fault, row] : rows_) sum += row.runs;
  return sum;
}

int FaultTable::residue() const {
  int sum = 0;
  for (const auto& [fault, row] : rows_) sum += row.residue;
  return sum;
}

std::string FaultTable::to_string() const {
  std::size_t width = 5;
  for (const auto& [fault, row] : rows_) width = std::max(width, fault.size());
  std::string text = fmt::format("{:<{}}  {:>6}  {:>7}\n", "fault", width, "runs", "residue");
  for (const auto& [fault, row] : rows_) {
    text += fmt::format("{:<{}}  {:>6}  {:>7}\n", fault, width, row.runs, row.residue);
  }
  return text + fmt::format("{:<{}}  {:>6}  {:>7}\n", "all", width, runs(), residue());
}

void FaultTable::record() const {
  std::cout << to_string();
  int number = 0;
  for (const auto& [fault, row] : rows_) {
    testing::Test::RecordProperty(fmt::format("netrig.fault.{}", ++number),
                                  fmt::format("{}|{}|{}", fault, row.runs, row.residue));
  }
}

std::string FaultTable::to_lines() const {
  std::string lines;
  for (const auto& [fault, row] : rows_) lines += fmt::format("{}\t{}\t{}\n", fault, row.runs, row.residue);
  return lines;
}

FaultTable FaultTable::from_lines(std::string_view lines) {
  FaultTable table;
  std::istringstream in{std::string{lines}};
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields{line};
    std::string fault;
    Row row;
    if (std::getline(fields, fault, '\t') && fields >> row.runs >> row.residue) table.rows_[fault] = row;
  }
  return table;
}

}  // namespace netrig::teardown
