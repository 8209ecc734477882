#include <netrig/testing/reach_table.h>
#include <netrig/testing/rerun.h>
#include <netrig/topology/explain.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace netrig {

namespace {

using ::testing::MatchResultListener;

constexpr std::size_t kMostExplained = 10;
constexpr std::string_view kIndent = "    ";

std::string without_spaces_around(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(" \t") - first + 1)};
}

std::vector<std::string> split_row(std::string_view line) {
  std::vector<std::string> cells;
  for (;;) {
    const auto bar = line.find('|');
    cells.push_back(without_spaces_around(line.substr(0, bar)));
    if (bar == std::string_view::npos) return cells;
    line.remove_prefix(bar + 1);
  }
}

std::vector<std::vector<std::string>> rows_of(std::string_view table) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines{std::string{table}};
  for (std::string line; std::getline(lines, line);) {
    if (!without_spaces_around(line).empty()) rows.push_back(split_row(line));
  }
  return rows;
}

// What the cell says of each service, in their order; nothing where a word is no service that was asked about.
std::optional<std::vector<bool>> parse_cell(const std::string& cell, const std::vector<traffic::Service>& services) {
  if (cell == "all") return std::vector(services.size(), true);
  std::vector<bool> wanted(services.size());
  if (cell == "none") return wanted;
  std::istringstream words{cell};
  bool any = false;
  for (std::string word; words >> word; any = true) {
    const auto is_named = [&](const auto& service) {
      return cell_word(service) == word || service.to_string() == word;
    };
    const auto found = std::ranges::find_if(services, is_named);
    if (found == services.end()) return std::nullopt;
    wanted[static_cast<std::size_t>(found - services.begin())] = true;
  }
  return any ? std::optional{wanted} : std::nullopt;
}

struct Difference {
  std::size_t from, to, service;
};

// Reads the table against what was seen.
class Comparison {
 public:
  explicit Comparison(const Reachability& seen) : seen_{seen} {
    for (std::size_t i = 0; i < seen.nodes.size(); ++i) position_[seen.nodes[i].name()] = i;
  }

  // An error text where it is no table of these nodes and services.
  std::string read(const std::vector<std::vector<std::string>>& rows) {
    if (rows.size() != seen_.nodes.size() + 1)
      return fmt::format("the table needs a heading and {} rows, it has {}", seen_.nodes.size(), rows.size());
    const auto& heading = rows.front();
    std::set<std::string> asking, asked;
    for (std::size_t column = 1; column < heading.size(); ++column) {
      if (!asked.insert(heading[column]).second)
        return fmt::format("the table has two columns of \"{}\"", heading[column]);
    }
    for (std::size_t row = 1; row < rows.size(); ++row) {
      if (rows[row].size() != heading.size() || heading.size() != seen_.nodes.size() + 1)
        return fmt::format("row {} of the table has {} cells", row, rows[row].size() - 1);
      if (!asking.insert(rows[row].front()).second)
        return fmt::format("the table has two rows of \"{}\"", rows[row].front());
      for (std::size_t column = 1; column < heading.size(); ++column) {
        if (auto error = compare(rows[row].front(), heading[column], rows[row][column]); !error.empty()) return error;
      }
    }
    return {};
  }

  [[nodiscard]] const std::vector<Difference>& differences() const { return differences_; }

 private:
  std::string compare(const std::string& from, const std::string& to, const std::string& cell) {
    for (const auto& name : {from, to}) {
      if (!position_.contains(name)) return fmt::format("the table names \"{}\", which was not asked about", name);
    }
    const std::size_t a = position_.at(from), b = position_.at(to);
    if ((a == b) != (cell == "-")) return fmt::format(R"(the cell of "{}" to "{}" holds "{}")", from, to, cell);
    if (a == b) return {};
    const auto wanted = parse_cell(cell, seen_.services);
    if (!wanted)
      return fmt::format(R"(the cell of "{}" to "{}" holds "{}", which names no service that was asked for)", from, to,
                         cell);
    for (std::size_t service = 0; service < wanted->size(); ++service) {
      const bool unproven = seen_.verdicts[a][b][service] == Verdict::unknown;
      if ((*wanted)[service] != seen_.cells[a][b][service] || unproven) differences_.push_back({a, b, service});
    }
    return {};
  }

  const Reachability& seen_;
  std::map<std::string, std::size_t> position_;
  std::vector<Difference> differences_;
};

// The table as it was seen, in the order of the nodes. A cell that differs has a word with `!` for each service that
// does: `22!` was reached, `no 631!` was not, though the other was expected; of `icmp unproven!` nothing tells.
class MarkedTable {
 public:
  MarkedTable(const Reachability& seen, const std::vector<Difference>& differences)
      : seen_{seen}, rows_(seen.nodes.size() + 1), widths_(seen.nodes.size() + 1) {
    for (const auto& each : differences) differing_[{each.from, each.to}].insert(each.service);
    add(0, 0, "");
    for (std::size_t i = 0; i < seen.nodes.size(); ++i) {
      add(0, i + 1, seen.nodes[i].name());
      add(i + 1, 0, seen.nodes[i].name());
      for (std::size_t to = 0; to < seen.nodes.size(); ++to) add(i + 1, to + 1, cell(i, to));
    }
  }

  [[nodiscard]] std::size_t differing_cells() const { return differing_.size(); }

  /// Each line begins with `indent`, and with the end of the one before.
  [[nodiscard]] std::string to_string(std::string_view indent) const {
    std::string text;
    for (const auto& row : rows_) {
      std::string line;
      for (std::size_t column = 0; column < row.size(); ++column)
        line += fmt::format("{}{:{}}", column == 0 ? "" : " | ", row[column], widths_[column]);
      text += fmt::format("\n{}{}", indent, line.substr(0, line.find_last_not_of(' ') + 1));
    }
    return text;
  }

 private:
  void add(std::size_t row, std::size_t column, const std::string& text) {
    rows_[row].push_back(text);
    widths_[column] = std::max(widths_[column], text.size());
  }

  [[nodiscard]] std::string cell(std::size_t from, std::size_t to) const {
    const auto marks = differing_.find({from, to});
    if (marks == differing_.end()) return seen_.cell(from, to);
    std::string text;
    for (std::size_t service = 0; service < seen_.services.size(); ++service) {
      const bool reached = seen_.cells[from][to][service], marked = marks->second.contains(service);
      if (!reached && !marked) continue;
      const bool unproven = seen_.verdicts[from][to][service] == Verdict::unknown;
      text += fmt::format("{}{}{}{}", text.empty() ? "" : " ", reached || unproven ? "" : "no ",
                          cell_word(seen_.services[service]), marked ? (unproven ? " unproven!" : "!") : "");
    }
    return text;
  }

  const Reachability& seen_;
  std::map<std::pair<std::size_t, std::size_t>, std::set<std::size_t>> differing_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
};

// Asks again, with somebody who listens, as when the table was made.
Path ask_again(const Reachability& seen, const Difference& difference) {
  const auto& to = seen.nodes[difference.to];
  const auto& service = seen.services[difference.service];
  std::optional<traffic::Listener> listener;
  try {
    if (!service.is_icmp()) listener.emplace(to.listen(service));
  } catch (const SetupError& error) {
    if (error.error().code != EADDRINUSE) throw;  // somebody listens there
  }
  return explain(seen.nodes[difference.from], to.address(seen.family), service);
}

class Table : public ::testing::MatcherInterface<const Reachability&> {
 public:
  explicit Table(std::string_view text) : rows_{rows_of(text)} {}

  bool MatchAndExplain(const Reachability& seen, MatchResultListener* listener) const override {
    Comparison comparison{seen};
    if (const auto error = comparison.read(rows_); !error.empty()) {
      *listener << error << again_line();
      return false;
    }
    const auto& differences = comparison.differences();
    const MarkedTable table{seen, differences};
    if (differences.empty()) {
      *listener << "all as in the table:" << table.to_string(kIndent);
      return true;
    }
    const auto cells = table.differing_cells();
    *listener << cells << (cells == 1 ? " cell differs:" : " cells differ:") << table.to_string(kIndent);
    for (std::size_t i = 0; i < std::min(differences.size(), kMostExplained); ++i)
      tell(seen, differences[i], *listener);
    if (differences.size() > kMostExplained)
      *listener << "\n    and " << differences.size() - kMostExplained << " more";
    *listener << again_line();
    return false;
  }
  void DescribeTo(std::ostream* out) const override { *out << "matches the table"; }
  void DescribeNegationTo(std::ostream* out) const override { *out << "does not match the table"; }

 private:
  static std::string_view words(Verdict verdict) {
    if (verdict == Verdict::accepted) return "reached, expected not";
    return verdict == Verdict::unknown ? "not reached, and nothing proved why" : "not reached";
  }

  static void tell(const Reachability& seen, const Difference& difference, MatchResultListener& listener) {
    const auto verdict = seen.verdicts[difference.from][difference.to][difference.service];
    const auto path = ask_again(seen, difference);
    listener << fmt::format("\n    {} to {} on {}: {}; {}\n      path: {}", seen.nodes[difference.from].name(),
                            seen.nodes[difference.to].name(), cell_word(seen.services[difference.service]),
                            words(verdict), path.reason, topology::to_string(path.there));
  }

  std::vector<std::vector<std::string>> rows_;
};

}  // namespace

void PrintTo(const Reachability& seen, std::ostream* out) {
  *out << seen.nodes.size() << (seen.nodes.size() == 1 ? " node asked on" : " nodes asked on");
  for (const auto& service : seen.services) *out << ' ' << cell_word(service);
}

::testing::Matcher<const Reachability&> MatchesTable(std::string_view table) {
  return ::testing::MakeMatcher(new Table(table));
}

}  // namespace netrig
