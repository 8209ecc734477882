#include <netrig/net/ip_prefix.h>
#include <netrig/topology/legacy_rules.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <sstream>

namespace netrig {
inline namespace topology {

namespace {

// Words as iptables-save writes them: those with special characters in quotation marks, with backslashes within.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::istringstream stream{std::string{text}};
  while (stream >> std::ws, stream.good()) {
    std::string word;
    if (stream.peek() != '"') {
      stream >> word;
    } else {
      stream.get();
      for (int next = stream.get(); next != '"' && stream.good(); next = stream.get()) {
        if (next == '\\') next = stream.get();
        word.push_back(static_cast<char>(next));
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

// The 12 of `[12:3456]`, packets and bytes.
std::uint64_t packets_of(std::string_view bracket) {
  std::uint64_t packets = 0;
  if (bracket.starts_with('[')) std::from_chars(bracket.data() + 1, bracket.data() + bracket.size(), packets);
  return packets;
}

// The word behind one of `options`, and whether it is negated.
struct Option {
  std::string value;
  bool negated = false;
};
std::optional<Option> option(const std::vector<std::string>& words, std::initializer_list<std::string_view> names) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (std::ranges::find(names, words[i]) == names.end()) continue;
    return Option{words[i + 1], i > 0 && words[i - 1] == "!"};
  }
  return std::nullopt;
}

LegacyRule rule_of(const std::string& table, std::string_view line, std::map<std::string, std::size_t>& positions) {
  LegacyRule rule{.table = table, .chain = {}};
  rule.packets = packets_of(line);
  line.remove_prefix(std::min(line.find("-A "), line.size()));
  line.remove_prefix(std::min<std::size_t>(3, line.size()));
  rule.chain = line.substr(0, line.find(' '));
  rule.text = line.substr(std::min(rule.chain.size() + 1, line.size()));
  rule.position = ++positions[rule.chain];
  const auto words = words_of(rule.text);
  if (const auto target = option(words, {"-j", "-g"})) rule.target = target->value;
  if (const auto comment = option(words, {"--comment"})) rule.comment = comment->value;
  return rule;
}

// `:FORWARD DROP [0:0]`; chains of the user's have none: `-`
std::optional<LegacyRule> policy_of(const std::string& table, std::string_view line) {
  const auto words = words_of(line.substr(1));
  if (words.size() < 3 || words[1] == "-") return std::nullopt;
  return LegacyRule{.table = table,
                    .chain = words[0],
                    .text = "policy " + words[1],
                    .target = words[1],
                    .packets = packets_of(words[2])};
}

bool same_place(const LegacyRule& a, const LegacyRule& b) {
  return a.table == b.table && a.chain == b.chain && a.position == b.position && a.text == b.text;
}

bool holds(const Option& wanted, bool equal) { return equal != wanted.negated; }

bool is_protocol(const std::string& name, nft::Protocol protocol) {
  static const std::map<std::string, nft::Protocol, std::less<>> names{{"tcp", nft::Protocol::tcp},
                                                                       {"udp", nft::Protocol::udp},
                                                                       {"icmp", nft::Protocol::icmp},
                                                                       {"icmpv6", nft::Protocol::icmpv6},
                                                                       {"ipv6-icmp", nft::Protocol::icmpv6}};
  const auto known = names.find(name);
  return known == names.end() ? name == std::to_string(static_cast<int>(protocol)) : known->second == protocol;
}

// `eth0`, or all that begin so: `eth+`
bool is_interface(const std::string& pattern, const std::string& name) {
  return pattern.ends_with('+') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
}

// `80`, `8000:8080`, or some of these with commas
bool has_port(std::string_view list, Port port) {
  while (!list.empty()) {
    const auto item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    unsigned low = 0, high = 65535;
    const auto colon = item.find(':');
    std::from_chars(item.data(), item.data() + item.size(), low);
    if (colon == std::string_view::npos) {
      high = low;
    } else if (colon + 1 < item.size()) {
      std::from_chars(item.data() + colon + 1, item.data() + item.size(), high);
    }
    if (low <= port.value() && port.value() <= high) return true;
  }
  return false;
}

bool may_hold_port(const std::vector<std::string>& words, std::initializer_list<std::string_view> names,
                   const std::optional<Port>& port) {
  const auto wanted = option(words, names);
  return !wanted || !port || holds(*wanted, has_port(wanted->value, *port));
}

bool may_hold_address(const std::vector<std::string>& words, std::string_view name, const IpAddress& address) {
  const auto wanted = option(words, {name});
  if (!wanted) return true;
  const auto prefix = IpPrefix::parse(wanted->value);
  return !prefix || holds(*wanted, prefix->contains(address));
}

bool may_hold_interface(const std::vector<std::string>& words, std::string_view name, const std::string& interface) {
  const auto wanted = option(words, {name});
  return !wanted || interface.empty() || holds(*wanted, is_interface(wanted->value, interface));
}

// What asks is of no connection yet.
bool may_ask(const std::vector<std::string>& words) {
  static const std::set<std::string, std::less<>> of_connections{"ESTABLISHED", "RELATED", "RELATED,ESTABLISHED"};
  const auto wanted = option(words, {"--ctstate", "--state"});
  return !wanted || holds(*wanted, !of_connections.contains(wanted->value));
}

}  // namespace

std::vector<LegacyRule> parse_legacy(std::string_view saved) {
  std::vector<LegacyRule> rules;
  std::string table;
  std::map<std::string, std::size_t> positions;
  std::istringstream lines{std::string{saved}};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('*')) {
      table = line.substr(1);
      positions.clear();
    } else if (line.starts_with(':')) {
      if (auto policy = policy_of(table, line)) rules.push_back(std::move(*policy));
    } else if (line.starts_with('[') && line.contains("-A ")) {
      rules.push_back(rule_of(table, line, positions));
    }
  }
  return rules;
}

std::vector<LegacyRule> counted_between(const std::vector<LegacyRule>& before, const std::vector<LegacyRule>& after) {
  std::vector<LegacyRule> counted;
  for (LegacyRule rule : after) {
    const auto earlier = std::ranges::find_if(before, [&](const auto& each) { return same_place(each, rule); });
    if (earlier != before.end() && earlier->packets <= rule.packets) rule.packets -= earlier->packets;
    if (rule.packets > 0) counted.push_back(std::move(rule));
  }
  return counted;
}

std::set<std::pair<std::string, std::string>> legacy_chains_at(const std::vector<LegacyRule>& rules,
                                                               const std::string& hook) {
  std::set<std::pair<std::string, std::string>> met;
  for (const auto& rule : rules) {
    if (rule.chain == hook) met.emplace(rule.table, hook);
  }
  for (bool more = true; std::exchange(more, false);) {
    for (const auto& rule : rules) {
      if (rule.position > 0 && met.contains({rule.table, rule.chain}))
        more |= met.emplace(rule.table, rule.target).second;
    }
  }
  return met;
}

bool may_match(const LegacyRule& rule, const LegacyPacket& packet) {
  const auto words = words_of(rule.text);
  const auto& headers = packet.headers;
  if (const auto protocol = option(words, {"-p"}); protocol && headers.protocol) {
    if (!holds(*protocol, is_protocol(protocol->value, *headers.protocol))) return false;
  }
  if (packet.first && !may_ask(words)) return false;
  if (!may_hold_interface(words, "-i", packet.incoming) || !may_hold_interface(words, "-o", packet.outgoing))
    return false;
  if (packet.translated) return true;
  return may_hold_address(words, "-s", headers.source) && may_hold_address(words, "-d", headers.destination) &&
         may_hold_port(words, {"--sport", "--sports"}, headers.source_port) &&
         may_hold_port(words, {"--dport", "--dports"}, headers.destination_port);
}

}  // namespace topology
}  // namespace netrig
