#include <netrig/topology/losses.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace netrig {
inline namespace topology {

namespace {

// What becomes of packets between prerouting and the next hook: net/ipv4/ip_input.c, route.c; net/ipv6/ip6_output.c.
constexpr std::array<std::string_view, 11> kShown{"TcpExtIPReversePathFilter",
                                                  "IpInAddrErrors",
                                                  "IpInDiscards",
                                                  "IpInHdrErrors",
                                                  "IpOutNoRoutes",
                                                  "IpExtInNoRoutes",
                                                  "Ip6InAddrErrors",
                                                  "Ip6InNoRoutes",
                                                  "Ip6InDiscards",
                                                  "Ip6InHdrErrors",
                                                  "Ip6OutNoRoutes"};

// How long an answer is waited for before the counts are looked at.
constexpr std::chrono::milliseconds kAnswerWait{10};

std::vector<std::string> split_words(const std::string& line) {
  std::istringstream words{line};
  return {std::istream_iterator<std::string>{words}, {}};
}

void add_count(LossCounts& counts, const std::string& name, const std::string& value) {
  if (std::ranges::find(kShown, name) == kShown.end()) return;
  std::uint64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  counts[name] = number;
}

// netstat, snmp: a line of names and a line of values, both headed `TcpExt:`.
void add_lines_of_names(LossCounts& counts, const char* path) {
  std::ifstream file{path};
  std::string names_line, values_line;
  while (std::getline(file, names_line) && std::getline(file, values_line)) {
    const auto names = split_words(names_line), values = split_words(values_line);
    if (names.empty() || names.size() != values.size()) continue;
    const auto head = names.front().substr(0, names.front().find(':'));
    for (std::size_t i = 1; i < names.size(); ++i) add_count(counts, head + names[i], values[i]);
  }
}

// snmp6: a name and a value a line.
void add_lines_of_one(LossCounts& counts, const char* path) {
  std::ifstream file{path};
  for (std::string name, value; file >> name >> value;) add_count(counts, name, value);
}

}  // namespace

LossCounts count_losses(const Node& node) {
  return node.run([] {
    LossCounts counts;
    add_lines_of_names(counts, "/proc/thread-self/net/netstat");
    add_lines_of_names(counts, "/proc/thread-self/net/snmp");
    add_lines_of_one(counts, "/proc/thread-self/net/snmp6");
    return counts;
  });
}

LossCounts losses_of_another(const Node& from, const Question::Target& target, const Node& at, Deadline deadline) {
  const auto before = count_losses(at);
  LossCounts grown;
  do {
    auto question = Question::of(from, target);
    question.ask(Deadline::after(kAnswerWait));
    for (const auto& [name, count] : count_losses(at)) {
      const auto known = before.find(name);
      if (known != before.end() && count > known->second) grown[name] = count - known->second;
    }
  } while (grown.empty() && !deadline.passed());
  return grown;
}

std::string losses_text(const Node& at, const LossCounts& grown) {
  std::string counts;
  for (const auto& [name, by] : grown) counts += fmt::format("{}{} +{}", counts.empty() ? "" : ", ", name, by);
  return fmt::format("\"{}\" counted another such probe: {}", at.name(), counts);
}

}  // namespace topology
}  // namespace netrig
