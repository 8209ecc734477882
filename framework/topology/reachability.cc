#include <netrig/topology/diagnosis.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/journey.h>
#include <netrig/topology/known_neighbours.h>
#include <netrig/topology/lab_trace.h>
#include <netrig/topology/legacy_verdicts.h>
#include <netrig/topology/plan.h>
#include <netrig/topology/question.h>
#include <netrig/topology/reachability.h>
#include <netrig/topology/retell.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <ostream>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

using namespace std::chrono_literals;
using Outcome = Attempt::Outcome;

// Within that time the trace must show that it listens.
constexpr std::chrono::milliseconds kVouchPatience{1000};
// After that long without a verdict the counters of iptables-legacy are looked at; then after twice that, and so on.
constexpr std::chrono::milliseconds kFirstLook{20};
// How often they are before what they leave open is asked again by itself.
constexpr int kLooks = 3;

// One cell's question that has no answer yet.
struct Open {
  std::size_t from, to, service;
  Question question;
};

std::vector<traffic::Listener> listeners(const std::vector<Node>& nodes,
                                         const std::vector<traffic::Service>& services) {
  std::vector<traffic::Listener> brought;
  for (const auto& node : nodes) {
    for (const auto& service : services) {
      if (service.is_icmp()) continue;
      try {
        brought.push_back(node.listen(service));
      } catch (const SetupError& error) {
        if (error.error().code != EADDRINUSE) throw;
      }
    }
  }
  return brought;
}

// Every packet of the services, in both directions.
std::vector<nft::Rule> packets_of(const std::vector<traffic::Service>& services, AddressFamily family) {
  std::vector<nft::Rule> packets;
  for (const auto& service : services) {
    if (service.is_icmp()) {
      if (family == AddressFamily::ipv4) {
        for (const auto type : {nft::IcmpType::echo_request, nft::IcmpType::echo_reply})
          packets.push_back(nft::Rule{}.icmp_type(type));
      } else {
        for (const auto type : {nft::Icmpv6Type::echo_request, nft::Icmpv6Type::echo_reply})
          packets.push_back(nft::Rule{}.icmpv6_type(type));
      }
      continue;
    }
    const auto protocol = service.is_tcp() ? nft::Protocol::tcp : nft::Protocol::udp;
    packets.push_back(nft::Rule{}.family(family).dport(protocol, *service.port()));
    packets.push_back(nft::Rule{}.family(family).sport(protocol, *service.port()));
  }
  return packets;
}

// Opens the sockets of all cells, one visit to a node's namespace for each.
std::vector<Open> questions(const std::vector<Node>& nodes, const std::vector<traffic::Service>& services,
                            AddressFamily family) {
  std::vector<Open> open;
  std::vector<IpAddress> addresses;
  for (const auto& node : nodes) addresses.push_back(node.address(family));
  for (std::size_t from = 0; from < nodes.size(); ++from) {
    std::vector<Question::Target> targets;
    for (std::size_t to = 0; to < nodes.size(); ++to) {
      for (std::size_t service = 0; service < services.size() && to != from; ++service)
        targets.push_back({addresses[to], services[service]});
    }
    auto asked = Question::of(nodes[from], targets);
    std::size_t next = 0;
    for (std::size_t to = 0; to < nodes.size(); ++to) {
      for (std::size_t service = 0; service < services.size() && to != from; ++service)
        open.push_back({from, to, service, std::move(asked[next++])});
    }
  }
  return open;
}

// What the trace tells of a question: where it, or the reply, was dropped; else whether it was delivered, and where.
struct Traced {
  std::optional<Visit> drop = {};
  struct Lost {
    std::size_t visit;  // the last one, after which nothing was seen
    bool asks;
  };
  std::vector<Lost> lost = {};
  bool delivered = false;
  bool replied = false;
  std::size_t at = 0;  // position of the node
};

Traced traced(const LabTrace& trace, const Journeys& journeys, const Node& from, const Question& question) {
  const auto& visits = journeys.visits();
  Traced seen;
  for (std::size_t start = 0; start < visits.size(); ++start) {
    if (visits[start].came != nft::Waypoint::sent || visits[start].bridged() ||
        trace.nodes()[visits[start].node] != from || !question.is_this(visits[start].first))
      continue;
    const auto last = journeys.follow(start).back();
    const Visit& end = visits[last];
    if (end.drop) return {.drop = end};
    if (end.reached != nft::Waypoint::delivered || end.bridged()) {
      seen.lost.push_back({last, true});
      continue;
    }
    seen.delivered = true;
    seen.at = end.node;
    for (std::size_t reply = 0; reply < visits.size(); ++reply) {
      if (visits[reply].came != nft::Waypoint::sent || visits[reply].bridged() || visits[reply].node != end.node ||
          !is_answer(visits[reply].first, end.last))
        continue;
      seen.replied = true;
      const auto last_back = journeys.follow(reply).back();
      const Visit& back = visits[last_back];
      if (back.drop) return {.drop = back, .delivered = true};
      seen.lost.push_back({last_back, false});
    }
  }
  return seen;
}

// Asks all at once, and finds out what became of each.
class Questions {
 public:
  Questions(Reachability& seen, const std::vector<Node>& nodes, const std::vector<traffic::Service>& services)
      : seen_{seen},
        open_{questions(nodes, services, seen.family)},
        trace_{nodes_to_trace(nodes.front()), packets_of(services, seen.family)},
        legacy_{trace_, seen.family} {}

  void ask(Deadline deadline) {
    auto quiet = kFirstLook;
    auto look = Deadline::after(quiet);
    for (auto wait = 0ms; !open_.empty(); wait = 10ms) {
      const auto before = open_.size();
      std::erase_if(open_, [&](Open& each) { return is_answered(each); });
      const Journeys journeys{trace_};
      std::erase_if(open_, [&](Open& each) { return is_dropped(each, journeys); });
      if (open_.empty() || deadline.passed()) break;
      if (open_.size() < before) {
        look = Deadline::after(quiet);
      } else if (legacy_.any() && look.passed()) {
        judge_by_legacy();
        look = Deadline::after(quiet *= 2);
      }
      trace_.wait(-1, 0, Deadline::after(wait));
    }
    judge_silent();
    judge_refused_and_dropped();
  }

  // What is to be asked again, each by itself, once this trace has ended.
  struct Again {
    std::size_t from, to, service;
  };
  [[nodiscard]] const std::vector<Again>& again() const { return again_; }

 private:
  [[nodiscard]] const Node& asking(const Open& each) const { return seen_.nodes[each.from]; }
  void judge(const Open& each, Verdict verdict) {
    seen_.verdicts[each.from][each.to][each.service] = verdict;
    seen_.cells[each.from][each.to][each.service] = verdict == Verdict::accepted;
  }

  bool is_answered(Open& each) {
    const auto outcome = each.question.ask(Deadline::after(0ms)).outcome;
    trace_.collect();
    if (outcome == Outcome::answered) judge(each, Verdict::accepted);
    if (outcome != Outcome::answered && outcome != Outcome::silent) refused_.push_back(std::move(each));
    return outcome != Outcome::silent;
  }

  bool is_dropped(Open& each, const Journeys& journeys) {
    auto drop = traced(trace_, journeys, asking(each), each.question).drop;
    if (!drop) return false;
    dropped_.emplace_back(std::move(each), *std::move(drop));
    return true;
  }

  // What rules of iptables-legacy ended. The counters first: what vanishes after that makes nothing certain. And a
  // trace that missed packets tells nothing of how many vanished.
  void judge_by_legacy() {
    legacy_.look();
    ++looks_;
    const bool vouched = trace_.vouch(Deadline::after(kVouchPatience));
    const Journeys journeys{trace_};
    const LegacyVerdicts verdicts{legacy_, journeys.visits()};
    std::erase_if(open_, [&](const Open& each) { return is_judged_by_legacy(each, journeys, verdicts, vouched); });
  }

  bool is_judged_by_legacy(const Open& each, const Journeys& journeys, const LegacyVerdicts& verdicts, bool vouched) {
    bool suspected = false;
    for (const auto& [visit, asks] : traced(trace_, journeys, asking(each), each.question).lost) {
      const auto end = verdicts.end(visit, asks);
      suspected |= end.suspected;
      if (!end.verdict || !vouched) continue;
      judge(each, *end.verdict);
      return true;
    }
    if (!suspected || looks_ < kLooks) return false;
    again_.push_back({each.from, each.to, each.service});
    return true;
  }

  // What routes, links and neighbours tell. Of the way back nothing where no reply was sent that another node than its
  // sender could have stopped.
  [[nodiscard]] std::optional<Verdict> diagnosed(const Open& each, const Traced& known) {
    if (!now_) now_ = gather(seen_.nodes.front());
    const auto to = seen_.nodes[each.to].address(seen_.family);
    const auto why = diagnose(asking(each), to, seen_.services[each.service], {}, *now_);
    const bool unsent = known.delivered && !known.replied && why.cause.starts_with(kOnTheWayBack) &&
                        trace_.nodes()[known.at].name() != why.node;
    return why.explains() && !why.suspected && !unsent ? std::optional{why.verdict} : std::nullopt;
  }

  // What is silent still, although nobody wants to wait on: the trace must vouch for what it did not see.
  void judge_silent() {
    if (open_.empty()) return;
    const bool vouched = trace_.vouch(Deadline::after(kVouchPatience));
    const Journeys journeys{trace_};
    std::erase_if(open_, [&](Open& each) { return is_dropped(each, journeys); });
    if (legacy_.any()) {
      looks_ = kLooks;
      judge_by_legacy();
    }
    for (const auto& each : open_) {
      const auto known = traced(trace_, journeys, asking(each), each.question);
      if (const auto verdict = diagnosed(each, known)) {
        judge(each, *verdict);
      } else if (vouched && known.delivered) {
        judge(each, Verdict::ignored);
      }
    }
  }

  // Those of `refused_` that never left who asked: its own rules made the kernel refuse to send.
  void judge_unsent() {
    const bool by_legacy = legacy_.any() && !refused_.empty();
    if (by_legacy) legacy_.look();
    looks_ = kLooks;
    trace_.collect();
    const bool vouched = by_legacy && trace_.vouch(Deadline::after(kVouchPatience));
    const Journeys journeys{trace_};
    const LegacyVerdicts verdicts{legacy_, journeys.visits()};
    std::erase_if(refused_, [&](Open& each) {
      const auto seen = traced(trace_, journeys, asking(each), each.question);
      if (seen.drop && !seen.delivered) return is_dropped(each, journeys);
      const bool unsent = std::ranges::any_of(seen.lost, [&](const auto& lost) {
        return lost.asks && journeys.visits()[lost.visit].came == nft::Waypoint::sent;
      });
      return unsent && is_judged_by_legacy(each, journeys, verdicts, vouched);
    });
  }

  // A rule's text tells whether it rejects; it can be read once the trace has stopped.
  void judge_refused_and_dropped() {
    judge_unsent();
    const Journeys journeys{trace_};
    for (const auto& each : refused_) {
      const auto seen = traced(trace_, journeys, asking(each), each.question);
      const auto known = seen.drop || seen.delivered ? std::nullopt : diagnosed(each, seen);
      judge(each, seen.delivered && !seen.drop ? Verdict::no_listener : known.value_or(Verdict::rejected));
    }
    trace_.stop();
    for (const auto& [each, visit] : dropped_) {
      const auto hop = retell(trace_, visit);
      const bool rejects = !hop.steps.empty() && hop.steps.back().decision && hop.steps.back().decision->rejects();
      judge(each, rejects ? Verdict::rejected : Verdict::dropped);
    }
  }

  Reachability& seen_;
  std::vector<Open> open_, refused_;
  std::vector<std::pair<Open, Visit>> dropped_;
  LabTrace trace_;
  LegacyEvidence legacy_;
  int looks_ = 0;
  std::vector<Again> again_;
  std::optional<Evidence> now_;
};

std::vector<Questions::Again> ask_at_once(Reachability& seen, Deadline deadline) {
  Questions all{seen, seen.nodes, seen.services};
  all.ask(deadline);
  return all.again();
}

}  // namespace

std::string cell_word(const traffic::Service& service) {
  return service.is_tcp() ? fmt::format("{}", service.port()->value()) : service.to_string();
}

bool Reachability::reached(const Node& from, const Node& to, const traffic::Service& service) const {
  const auto a = std::ranges::find(nodes, from), b = std::ranges::find(nodes, to);
  const auto s = std::ranges::find(services, service);
  if (a == nodes.end() || b == nodes.end() || s == services.end()) {
    throw SetupError{Error::invalid(fmt::format("look up {} to {} on {}", from.name(), to.name(), service.to_string()),
                                    "", "that was not asked")};
  }
  return cells[static_cast<std::size_t>(a - nodes.begin())][static_cast<std::size_t>(b - nodes.begin())]
              [static_cast<std::size_t>(s - services.begin())];
}

std::string Reachability::cell(std::size_t from, std::size_t to) const {
  if (from == to) return "-";
  const auto& seen = cells[from][to];
  if (std::ranges::none_of(seen, std::identity{})) return "none";
  if (std::ranges::all_of(seen, std::identity{})) return "all";
  std::string text;
  for (std::size_t service = 0; service < services.size(); ++service) {
    if (seen[service]) text += (text.empty() ? "" : " ") + cell_word(services[service]);
  }
  return text;
}

std::string Reachability::to_string() const {
  std::vector<std::vector<std::string>> table(nodes.size() + 1);
  table[0].emplace_back();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    table[0].push_back(nodes[i].name());
    table[i + 1].push_back(nodes[i].name());
    for (std::size_t to = 0; to < nodes.size(); ++to) table[i + 1].push_back(cell(i, to));
  }
  std::vector<std::size_t> widths(nodes.size() + 1);
  for (const auto& row : table) {
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  }
  std::string text;
  for (const auto& row : table) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      const bool last = column + 1 == row.size();
      text += last ? row[column] + "\n" : fmt::format("{:{}} | ", row[column], widths[column]);
    }
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Reachability& seen) { return out << seen.to_string(); }

Reachability reachability(const std::vector<Node>& nodes, const std::vector<traffic::Service>& services,
                          const ReachabilityOptions& options) {
  Reachability seen{.nodes = nodes, .services = services, .family = options.family};
  seen.cells.assign(nodes.size(), std::vector(nodes.size(), std::vector<bool>(services.size())));
  seen.verdicts.assign(nodes.size(), std::vector(nodes.size(), std::vector(services.size(), Verdict::unknown)));
  if (nodes.empty()) return seen;
  expect_neighbours(nodes, seen.family);
  const auto brought = listeners(nodes, services);
  for (const auto& [from, to, service] : ask_at_once(seen, Deadline::after(options.patience))) {
    const auto path =
        explain(nodes[from], nodes[to].address(seen.family), services[service], {.patience = options.patience});
    seen.verdicts[from][to][service] = path.verdict;
    seen.cells[from][to][service] = path.answered();
  }
  return seen;
}

}  // namespace topology
}  // namespace netrig
