#include <netrig/base/error.h>
#include <netrig/topology/losses.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <utility>
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

// Of connection tracking what tells of packets that it gave up, or of a table that is full.
constexpr std::array<std::string_view, 3> kTrackingShown{"drop", "insert_failed", "early_drop"};

// How long an answer is waited for before the counts are looked at.
constexpr std::chrono::milliseconds kAnswerWait{10};
// How often the same is asked again, at least, until something is counted.
constexpr std::uint64_t kFewest = 5;

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

// A kernel without it (no IPv6) has nothing to tell; any other failure is no answer.
std::ifstream opened(const char* path) {
  errno = 0;
  std::ifstream file{path};
  if (!file && errno != ENOENT && errno != EACCES)
    throw SetupError{Error::from_errno("read counts of lost packets", path, errno)};
  return file;
}

// netstat, snmp: a line of names and a line of values, both headed `TcpExt:`.
void add_lines_of_names(LossCounts& counts, const char* path) {
  auto file = opened(path);
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
  auto file = opened(path);
  for (std::string name, value; file >> name >> value;) add_count(counts, name, value);
}

// stat/nf_conntrack: a line of names, and a line of hexadecimal values for each processor.
void add_tracking(LossCounts& counts) {
  auto file = opened("/proc/thread-self/net/stat/nf_conntrack");
  std::string line;
  if (!std::getline(file, line)) return;
  const auto names = split_words(line);
  while (std::getline(file, line)) {
    const auto values = split_words(line);
    for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
      if (std::ranges::find(kTrackingShown, names[i]) == kTrackingShown.end()) continue;
      std::uint64_t number = 0;
      std::from_chars(values[i].data(), values[i].data() + values[i].size(), number, 16);
      counts[std::string{kTrackingLoss} + names[i]] += number;
    }
  }
}

bool is_of(const std::string& name, AddressFamily family) {
  return name.starts_with(kTrackingLoss) || name.starts_with("Ip6") == (family == AddressFamily::ipv6);
}

std::uint64_t count_of(const LossCounts& counts, const std::string& name) {
  const auto count = counts.find(name);
  return count == counts.end() ? 0 : count->second;
}

// A flow that clashes is counted twice, one that finds no room once.
std::uint64_t given_up_by_tracking(const LossCounts& counts) {
  return std::max(count_of(counts, "conntrack drop"), count_of(counts, "conntrack insert_failed"));
}

std::uint64_t wanted_count(const LossCounts& grown, std::string_view wanted) {
  if (wanted == kTrackingLoss) return given_up_by_tracking(grown);
  if (!wanted.empty()) return count_of(grown, std::string{wanted});
  return static_cast<std::uint64_t>(
      std::ranges::count_if(grown, [](const auto& count) { return !count.first.starts_with(kTrackingLoss); }));
}

// Counts of one family. IPv4 has TcpExtIPReversePathFilter and IpExt too.
LossCounts growth(const LossCounts& before, const LossCounts& after, AddressFamily family) {
  LossCounts grown;
  for (const auto& [name, count] : after) {
    if (!is_of(name, family)) continue;
    const auto known = before.find(name);
    if (known != before.end() && count > known->second) grown[name] = count - known->second;
  }
  return grown;
}

std::string counts_text(const LossCounts& grown) {
  std::string counts;
  for (const auto& [name, by] : grown) counts += fmt::format("{}{} +{}", counts.empty() ? "" : ", ", name, by);
  return counts;
}

}  // namespace

LossCounts count_losses(const Node& node) {
  return node.run([] {
    LossCounts counts;
    add_lines_of_names(counts, "/proc/thread-self/net/netstat");
    add_lines_of_names(counts, "/proc/thread-self/net/snmp");
    add_lines_of_one(counts, "/proc/thread-self/net/snmp6");
    add_tracking(counts);
    return counts;
  });
}

Losses losses_of_another(const Node& from, const Question::Target& target, const Node& at, const LossSearch& search) {
  const auto family = target.to.family();
  const auto wanted = [&](const LossCounts& grown) { return wanted_count(grown, search.wanted); };
  Losses seen;
  const auto before = count_losses(at);
  auto last = before;
  for (std::uint64_t asked = 0; !seen.found && (asked < kFewest || !search.deadline.passed()); ++asked) {
    auto question = Question::of(from, target);
    question.ask(Deadline::after(kAnswerWait));
    auto now = count_losses(at);
    seen.found = wanted(growth(last, now, family)) > 0;
    if (seen.found && search.alone) {
      const bool one = wanted(growth(last, now, family)) == 1;
      ::poll(nullptr, 0, static_cast<int>(kAnswerWait.count()));  // a look at what others do: no event tells of nothing
      auto later = count_losses(at);
      seen.found = one && wanted(growth(now, later, family)) == 0;
      now = std::move(later);
    }
    last = std::move(now);
  }
  seen.grown = growth(before, last, family);
  return seen;
}

std::string losses_text(const Node& at, const LossCounts& grown) {
  return fmt::format("\"{}\" counted another such probe: {}", at.name(), counts_text(grown));
}

// Its table is a likely cause, no certain one; a kernel may hide the limit from a user namespace.
static std::string why_dropped_by_tracking(const Node& at) {
  constexpr const char* kLimit = "net.netfilter.nf_conntrack_max";
  try {
    const auto held = at.sysctl("net.netfilter.nf_conntrack_count"), most = at.sysctl(kLimit);
    return fmt::format("its table holds {} connections of at most {} ({})", held, most, kLimit);
  } catch (const SetupError&) {
    return fmt::format("its table may be full ({})", kLimit);
  }
}

std::optional<TrackingLoss> tracking_loss(const Node& from, const Question::Target& target, const Node& at,
                                          Deadline deadline) {
  if (given_up_by_tracking(count_losses(at)) == 0) return std::nullopt;
  const auto [grown, found] =
      losses_of_another(from, target, at, {.wanted = kTrackingLoss, .alone = true, .deadline = deadline});
  if (given_up_by_tracking(grown) == 0) return std::nullopt;
  if (!found) return TrackingLoss{.text = losses_text(at, grown)};
  const auto why = grown.contains("conntrack insert_failed")
                       ? "a connection that it knows has these addresses and ports in one direction"
                       : why_dropped_by_tracking(at);
  return TrackingLoss{
      .text = fmt::format("dropped at \"{}\" by connection tracking: {}; it counted another such probe: {}", at.name(),
                          why, counts_text(grown)),
      .proven = true};
}

}  // namespace topology
}  // namespace netrig
