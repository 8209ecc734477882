// Interfaces in a file of iptables-save: the words of its rules, split as iptables-restore splits them.
#include <netrig/nft/interfaces.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace netrig::nft {
namespace {

struct Word {
  std::string text;
  bool quoted = false;  // then it is no option
};

// add_param_to_argv() in iptables' xshared.c: white space divides, quotation marks keep together, and between them a
// backslash takes the next character as it is.
std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> words;
  bool within = false, quotes = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char next = line[at];
    if (!quotes && (next == ' ' || next == '\t' || next == '\r')) {
      within = false;
      continue;
    }
    if (!std::exchange(within, true)) words.emplace_back();
    if (next == '"') {
      quotes = !quotes;
      words.back().quoted = true;
    } else if (quotes && next == '\\' && at + 1 < line.size()) {
      words.back().text += line[++at];
    } else {
      words.back().text += next;
    }
  }
  return words;
}

// Options whose argument is any text, also one that looks like an option.
constexpr std::array<std::string_view, 5> kTakeText{"--comment", "--log-prefix", "--nflog-prefix", "--string",
                                                    "--hex-string"};

// The interface that an option names by the words from `at` on: `-i eth0`, `-ieth0`, `--in-interface=eth0`, and the
// negation in either place.
std::string named_at(const std::vector<Word>& words, std::size_t at) {
  const auto& [option, quoted] = words[at];
  if (quoted) return {};
  const auto argument = [&]() -> std::string {
    const std::size_t negated = at + 1 < words.size() && words[at + 1].text == "!" ? 1 : 0;
    return at + 1 + negated < words.size() ? words[at + 1 + negated].text : std::string{};
  };
  for (const std::string_view name : {"--in-interface", "--out-interface", "--physdev-in", "--physdev-out"}) {
    if (option == name) return argument();
    if (option.starts_with(name) && option[name.size()] == '=') return option.substr(name.size() + 1);
  }
  if (option == "-i" || option == "-o") return argument();
  return option.starts_with("-i") || option.starts_with("-o") ? option.substr(2) : std::string{};
}

// `-A FORWARD ...`, with or without the counters before it (`[3:180] -A FORWARD ...`).
bool is_rule(const std::vector<Word>& words) {
  const std::size_t first = !words.empty() && words[0].text.starts_with('[') ? 1 : 0;
  return words.size() > first && words[first].text.starts_with('-');
}

}  // namespace

std::vector<NamedInterface> named_interfaces_of_iptables(std::string_view file) {
  std::vector<NamedInterface> found;
  for (std::size_t line = 1; !file.empty(); ++line) {
    const auto end = std::min(file.find('\n'), file.size());
    const auto words = words_of(file.substr(0, end));
    file.remove_prefix(std::min(end + 1, file.size()));
    if (!is_rule(words)) continue;
    for (std::size_t at = 0; at < words.size(); ++at) {
      if (at > 0 && std::ranges::find(kTakeText, words[at - 1].text) != kTakeText.end()) continue;
      auto name = named_at(words, at);
      if (!name.empty() && !name.ends_with('+')) found.push_back({std::move(name), fmt::format("line {}", line)});
    }
  }
  return found;
}

}  // namespace netrig::nft
