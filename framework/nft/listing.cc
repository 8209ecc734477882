#include <netrig/nft/listing.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <ostream>
#include <span>
#include <utility>

namespace netrig::nft {
namespace {

constexpr std::string_view kHandle = " # handle ";
constexpr std::string_view kComment = "comment \"";

// Takes `# handle 9` off the end of a line: the number, 0 where there is none.
std::uint64_t take_handle(std::string& line) {
  const std::size_t at = line.rfind(kHandle);
  if (at == std::string::npos) return 0;
  std::uint64_t handle = 0;
  const char* end = line.data() + line.size();
  const auto parsed = std::from_chars(line.data() + at + kHandle.size(), end, handle);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return 0;
  line.erase(at);
  return handle;
}

// nft writes a rule's comment last, and a comment holds no quotation mark.
std::string comment_of(std::string_view rule) {
  if (!rule.ends_with('"')) return {};
  rule.remove_suffix(1);
  const std::size_t quote = rule.rfind('"');
  if (quote == std::string_view::npos || !rule.substr(0, quote + 1).ends_with(kComment)) return {};
  return std::string{rule.substr(quote + 1)};
}

std::string trimmed(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t");
  return start == std::string_view::npos ? std::string{} : std::string{line.substr(start)};
}

// `table inet filter`
std::optional<TableName> table_of(std::string_view header) {
  const std::size_t space = header.find(' ', 6);
  if (!header.starts_with("table ") || space == std::string_view::npos) return std::nullopt;
  const auto family = parse_family(header.substr(6, space - 6));
  if (!family) return std::nullopt;
  return TableName{*family, std::string{header.substr(space + 1)}};
}

// What a chain says of itself before its rules; a rule that is its comment alone is not possible.
bool is_property(std::string_view line) {
  return (line.starts_with("type ") && line.contains(" hook ")) || line.starts_with("comment \"");
}

// Takes the number at `at` off the text.
void erase_number(std::string& text, std::size_t at) {
  text.erase(at, std::min(text.find_first_not_of("0123456789", at), text.size()) - at);
}

// Without the values of counters.
std::string without_counts(std::string line) {
  for (std::size_t at = 0; (at = line.find("packets ", at)) != std::string::npos; ++at) {
    erase_number(line, at + 8);
    if (line.compare(at + 8, 7, " bytes ") == 0) erase_number(line, at + 15);
  }
  return line;
}

// With what is in braces in alphabetical order: the kernel lists the elements of most sets in an order of chance.
std::string with_sorted_sets(std::string line) {
  for (std::size_t open = 0; (open = line.find("{ ", open)) != std::string::npos; ++open) {
    const std::size_t close = line.find(" }", open);
    if (close == std::string::npos) break;
    std::vector<std::string> elements;
    for (std::size_t at = open + 2; at < close;) {
      const std::size_t comma = std::min(line.find(", ", at), close);
      elements.push_back(line.substr(at, comma - at));
      at = comma + 2;
    }
    std::ranges::sort(elements);
    line.replace(open + 2, close - open - 2, fmt::format("{}", fmt::join(elements, ", ")));
  }
  return line;
}

std::string place(const ListedBlock& block) {
  return fmt::format("table {}{}{}", to_string(block.table), block.header.empty() ? "" : ", ", block.header);
}

std::vector<std::string> comparable(const ListedBlock& block) {
  std::vector<std::string> lines;
  lines.reserve(block.lines.size());
  for (const auto& line : block.lines) lines.push_back(with_sorted_sets(without_counts(line)));
  if (!block.header.starts_with("chain ")) std::ranges::sort(lines);
  return lines;
}

// `rule 4` of a line in a chain, whose properties come first.
std::string kind_of(const ListedBlock& block, std::size_t index) {
  if (!block.header.starts_with("chain ")) return {};
  const auto first = std::ranges::find_if_not(block.lines, [](const auto& line) { return is_property(line); });
  const auto properties = static_cast<std::size_t>(first - block.lines.begin());
  return index < properties ? "" : fmt::format("rule {}", index + 1 - properties);
}

std::string told(const ListedBlock& block, std::string_view verb, const std::string& line, std::size_t index) {
  const auto kind = kind_of(block, index);
  return fmt::format("{}: {}{}{}: {}", place(block), verb, kind.empty() ? "" : " ", kind, line);
}

// The length of the longest common subsequence from each pair of positions on; where that would take too much memory,
// none is looked for.
using Common = std::vector<std::vector<std::uint32_t>>;
Common common_lengths(std::span<const std::string> a, std::span<const std::string> b) {
  constexpr std::size_t kMostCells = 16'000'000;
  if (a.size() * b.size() > kMostCells) return {};
  Common common(a.size() + 1, std::vector<std::uint32_t>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  return common;
}

// What is common stayed, in order; the rest was removed or added.
void compare_lines(const ListedBlock& old_block, const ListedBlock& new_block, std::vector<std::string>& changes) {
  const auto a = comparable(old_block), b = comparable(new_block);
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  const auto rows = std::span{a}.subspan(head, a.size() - head - tail);
  const auto columns = std::span{b}.subspan(head, b.size() - head - tail);
  const Common common = common_lengths(rows, columns);
  for (std::size_t i = 0, j = 0; i < rows.size() || j < columns.size();) {
    const bool both = i < rows.size() && j < columns.size();
    if (both && !common.empty() && rows[i] == columns[j]) {
      ++i, ++j;
    } else if (!both ? i < rows.size() : common.empty() || common[i + 1][j] >= common[i][j + 1]) {
      changes.push_back(told(old_block, "removed", rows[i], head + i));
      ++i;
    } else {
      changes.push_back(told(new_block, "added", columns[j], head + j));
      ++j;
    }
  }
}

using BlockKey = std::pair<TableName, std::string>;
std::map<BlockKey, const ListedBlock*> by_name(const Listing& listing) {
  std::map<BlockKey, const ListedBlock*> named;
  for (const auto& block : listing.blocks()) named[{block.table, block.header}] = &block;
  return named;
}

// Follows the braces of a listing.
class Reader {
 public:
  Reader(std::vector<ListedRule>& rules, std::vector<ListedBlock>& blocks) : rules_{rules}, blocks_{blocks} {}

  void take(std::string line) {
    const std::uint64_t handle = take_handle(line);
    line = trimmed(line);
    if (line.empty()) return;
    if (in_elements_) return take_elements(line);
    if (line == "}") return close();
    if (depth_ < 2 && line.ends_with(" {")) return open(line.substr(0, line.size() - 2));
    if (line.starts_with("elements = {")) return take_elements(line.substr(12));
    if (depth_ > 0) add(std::move(line), handle);
  }

 private:
  void open(const std::string& header) {
    ++depth_;
    if (depth_ == 1) {
      table_ = table_of(header).value_or(TableName{});
      blocks_.push_back({table_, "", {}});
      return;
    }
    blocks_.push_back({table_, header, {}});
    position_ = 0;
  }

  void close() {
    if (depth_ > 0) --depth_;
  }

  void add(std::string line, std::uint64_t handle) {
    auto& block = blocks_.back();
    if (depth_ == 2 && block.header.starts_with("chain ") && !is_property(line)) {
      rules_.push_back({.chain = {table_, block.header.substr(6)},
                        .position = ++position_,
                        .handle = handle,
                        .text = line,
                        .comment = comment_of(line)});
    }
    block.lines.push_back(std::move(line));
  }

  void take_elements(std::string_view line) {
    in_elements_ = !line.ends_with('}');
    if (!in_elements_) line.remove_suffix(1);
    while (!line.empty()) {
      const std::size_t comma = line.find(',');
      auto element = trimmed(line.substr(0, comma));
      while (element.ends_with(' ')) element.pop_back();
      if (!element.empty()) blocks_.back().lines.push_back("element " + element);
      line = comma == std::string_view::npos ? std::string_view{} : line.substr(comma + 1);
    }
  }

  std::vector<ListedRule>& rules_;
  std::vector<ListedBlock>& blocks_;
  TableName table_;
  int depth_ = 0;
  std::size_t position_ = 0;
  bool in_elements_ = false;
};

std::string without_comment(const ListedRule& rule) {
  const std::string remark = fmt::format(" comment \"{}\"", rule.comment);
  const bool has = !rule.comment.empty() && rule.text.ends_with(remark);
  return has ? rule.text.substr(0, rule.text.size() - remark.size()) : rule.text;
}

}  // namespace

std::string ListedRule::to_string() const {
  return fmt::format("table {}, chain {}, rule {}{}{}: {}", nft::to_string(chain.table), chain.name, position,
                     handle == 0 ? "" : fmt::format(" (handle {})", handle),
                     comment.empty() ? "" : fmt::format(" \"{}\"", comment), without_comment(*this));
}

std::ostream& operator<<(std::ostream& out, const ListedRule& rule) { return out << rule.to_string(); }

std::string comparable_text(const ListedRule& rule) { return with_sorted_sets(without_counts(rule.text)); }

Listing Listing::parse(std::string text) {
  Listing listing;
  listing.text_ = std::move(text);
  Reader reader{listing.rules_, listing.blocks_};
  const std::string& whole = listing.text_;
  for (std::size_t start = 0; start < whole.size();) {
    const std::size_t end = std::min(whole.find('\n', start), whole.size());
    reader.take(whole.substr(start, end - start));
    start = end + 1;
  }
  return listing;
}

const ListedRule* Listing::find_comment(std::string_view comment) const {
  const auto found = std::ranges::find(rules_, comment, &ListedRule::comment);
  return found == rules_.end() ? nullptr : &*found;
}

const ListedRule* Listing::find(const TableName& table, std::uint64_t handle) const {
  const auto found = std::ranges::find_if(
      rules_, [&](const ListedRule& rule) { return rule.handle == handle && rule.chain.table == table; });
  return found == rules_.end() || handle == 0 ? nullptr : &*found;
}

std::vector<std::string> differences(const Listing& before, const Listing& after) {
  std::vector<std::string> changes;
  const auto older = by_name(before), newer = by_name(after);
  for (const auto& block : before.blocks()) {
    if (!newer.contains({block.table, block.header})) {
      changes.push_back("removed " + place(block));
    }
  }
  for (const auto& block : after.blocks()) {
    const auto was = older.find({block.table, block.header});
    if (was == older.end()) {
      changes.push_back("added " + place(block));
      compare_lines({block.table, block.header, {}}, block, changes);
    } else {
      compare_lines(*was->second, block, changes);
    }
  }
  return changes;
}

}  // namespace netrig::nft
