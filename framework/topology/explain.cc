#include <netrig/nft/reserved.h>
#include <netrig/topology/diagnosis.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/journey.h>
#include <netrig/topology/lab_trace.h>
#include <netrig/topology/legacy_evidence.h>
#include <netrig/topology/losses.h>
#include <netrig/topology/plan.h>
#include <netrig/topology/question.h>
#include <netrig/topology/retell.h>
#include <netrig/topology/way_on.h>
#include <netrig/traffic/in_milliseconds.h>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

using namespace std::chrono_literals;
using nft::Waypoint;
using Outcome = Attempt::Outcome;

// After that long without a verdict of a rule's, the rest of the lab is looked at.
constexpr std::chrono::milliseconds kQuiet{20};
// Within that time the trace must show that it listens.
constexpr std::chrono::milliseconds kCanaryPatience{1000};
// Within that time the kernel must have counted a packet that it refused for what its settings and routes say, and one
// that nothing explains.
constexpr std::chrono::milliseconds kCountPatience{1000}, kGuessPatience{100};

class Explanation {
 public:
  Explanation(const Node& from, const Question::Target& target, Question::Width width)
      : from_{from},
        to_{target.to},
        service_{target.service},
        origin_{target.origin},
        question_{Question::of(from, target)},
        width_{width},
        trace_{nodes_to_trace(from), question_.packets(width)},
        legacy_{trace_, to_.family()} {}

  Path make(std::chrono::milliseconds patience) {
    const auto start = Deadline::Clock::now();
    ask(Deadline::after(patience));
    const auto asked = Deadline::Clock::now() - start;
    Path path;
    path.vouched = trace_.vouch(Deadline::after(kCanaryPatience));
    path.state = trace_.unseen();
    trace_.stop();
    question_.close();  // its like may be asked again to count losses
    path.probe = seen_.text;
    find_way();
    if (legacy_.any()) legacy_.look();
    for (const Visit& visit : there_) path.there.push_back(retell(trace_, visit));
    for (const Visit& visit : back_) path.back.push_back(retell(trace_, visit));
    path.translation = translations(path.there);
    path.delivered = delivered_to();
    if (!back_.empty()) path.answer = refusal(back_.front().first);
    if (legacy_.any()) tell_accepted_by_legacy(path);
    judge(path);
    path.elapsed = Deadline::Clock::now() - start;               // counting is part of deciding
    if (service_.is_icmp() && seen_.outcome == Outcome::silent)  // of many requests, each with a wait of its own
      path.probe = fmt::format("no answer from {} within {:.0f} ms", to_.to_string(), in_milliseconds(asked));
    if (path.proven && seen_.outcome == Outcome::silent) {
      path.probe = fmt::format("no answer from {} on {}; decided after {:.1f} ms", to_.to_string(),
                               service_.to_string(), in_milliseconds(path.elapsed));
    }
    return path;
  }

  // It left a node with both ports translated, so that no node after that one knew it.
  [[nodiscard]] bool has_lost_sight() const {
    return width_ == Question::Width::ports && !there_.empty() && there_.back().reached == Waypoint::left &&
           !question_.is_found(there_.back().last);
  }

 private:
  void ask(Deadline deadline) {
    const auto quiet = Deadline::after(kQuiet);
    bool looked = false;
    seen_ = question_.ask(Deadline::after(0ms));
    while (seen_.outcome == Outcome::silent) {
      trace_.collect();
      find_way();
      if (is_decided() || has_lost_sight() || deadline.passed()) return;
      if (!looked && quiet.passed()) {
        looked = true;
        if (is_decided_by_legacy()) return;
        if (const auto why = diagnosis(); why.rules_out() && !is_disproved(why)) return;
      }
      trace_.wait(question_.fd(), question_.events(), looked || deadline.at() < quiet.at() ? deadline : quiet);
      seen_ = question_.ask(Deadline::after(looked ? 10ms : 0ms));
    }
  }

  // The question's visits, and those of what answered it.
  void find_way() {
    const Journeys journeys{trace_};
    const auto& visits = journeys.visits();
    const auto gather_way = [&](std::optional<std::size_t> start, std::vector<Visit>& way) {
      way.clear();
      if (!start) return;
      for (const std::size_t visit : journeys.follow(*start)) way.push_back(visits[visit]);
    };
    gather_way(choose(visits,
                      [&](const Visit& visit) {
                        return trace_.nodes()[visit.node] == from_ && question_.is_this(visit.first);
                      }),
               there_);
    if (there_.empty()) return back_.clear();
    const Visit& last = there_.back();
    gather_way(choose(visits,
                      [&](const Visit& visit) { return visit.node == last.node && is_answer(visit.first, last.last); }),
               back_);
  }

  // A packet that was sent. Of a connection the first ones tell all; of echo requests without an answer the last.
  template <class Wanted>
  [[nodiscard]] std::optional<std::size_t> choose(const std::vector<Visit>& visits, const Wanted& wanted) const {
    std::optional<std::size_t> chosen;
    for (std::size_t i = 0; i < visits.size(); ++i) {
      if (visits[i].came != Waypoint::sent || visits[i].bridged() || !wanted(visits[i])) continue;
      if (!chosen || service_.is_icmp()) chosen = i;
    }
    return chosen;
  }

  [[nodiscard]] bool is_decided() const {
    return (!there_.empty() && there_.back().drop) || (!back_.empty() && back_.back().drop);
  }

  // Whether the trace saw the packet get past what settings and tables, read without its marks and rules for it, blame.
  [[nodiscard]] bool is_disproved(const Diagnosis& why) const {
    const bool answering = why.cause.starts_with(kOnTheWayBack);
    // No answer was sent that another node could have stopped.
    if (answering && back_.empty() && was_delivered() && trace_.nodes()[there_.back().node].name() != why.node)
      return true;
    const auto& way = answering ? back_ : there_;
    if (!way.empty() && way.back().reached == Waypoint::delivered && !way.back().bridged())
      return answering || (why.verdict != Verdict::ignored && why.verdict != Verdict::no_listener);
    const bool refused = why.verdict == Verdict::not_forwarded || why.verdict == Verdict::reverse_path;
    const bool unsent = why.verdict == Verdict::link_down || why.verdict == Verdict::no_neighbour;
    return std::ranges::any_of(way, [&](const Visit& visit) {
      if (visit.bridged() || trace_.nodes()[visit.node].name() != why.node) return false;
      const bool sent = visit.came == Waypoint::sent;  // of what a node sends itself it refuses no source
      const bool passed = !sent && (visit.reached == Waypoint::forwarded || visit.reached == Waypoint::left);
      return (refused && passed) || (why.verdict == Verdict::no_route && (sent || passed)) ||
             (unsent && visit.node != way.back().node);
    });
  }

  [[nodiscard]] Diagnosis diagnosis() const {
    return diagnose(from_, to_, service_, {}, gather(from_), seen_.outcome == Outcome::refused, origin_);
  }

  void judge(Path& path) const {
    if (seen_.outcome == Outcome::answered) {
      path.verdict = Verdict::accepted;
      path.reason = seen_.text;
      path.proven = true;
    } else if (!there_.empty() && there_.back().drop) {
      blame(path, path.there.back(), "");
    } else if (!back_.empty() && back_.back().drop) {
      blame(path, path.back.back(), kOnTheWayBack);
    } else if (!is_blamed_on_legacy(path, there_, path.there, "") &&
               !is_blamed_on_legacy(path, back_, path.back, kOnTheWayBack)) {
      judge_by_state(path);
      if (!is_blamed_on_tracking(path)) count(path);
    }
  }

  // Connection tracking gives packets up where no rule of a trace sees it, even after the last one.
  bool is_blamed_on_tracking(Path& path) const {
    const auto& way = back_.empty() ? there_ : back_;
    const bool open = path.verdict == Verdict::unknown || path.verdict == Verdict::ignored;
    if (!open || path.proven || seen_.outcome != Outcome::silent || way.empty() || way.back().bridged()) return false;
    const Node& at = trace_.nodes()[way.back().node];
    const auto loss = tracking_loss(from_, {to_, service_, origin_}, at, Deadline::after(kCountPatience));
    if (loss && !loss->proven) path.state.push_back(loss->text);
    if (!loss || !loss->proven) return false;
    path.verdict = Verdict::dropped;
    path.node = at.name();
    path.reason = (back_.empty() ? "" : std::string{kOnTheWayBack}) + loss->text;
    path.proven = true;
    return true;
  }

  // What vanished where a node decides about its way: the kernel counts what it gives up there. Settings of the
  // reverse-path filter prove nothing without that; a martian source it does not count.
  void count(Path& path) const {
    const bool by_filter = path.reason.contains(kReversePathFilter);
    const bool by_settings = std::exchange(path.proven, path.proven && !by_filter);
    const auto& way = back_.empty() ? there_ : back_;
    if (seen_.outcome != Outcome::silent || way.empty() || way.back().reached != Waypoint::routable ||
        way.back().bridged())
      return;
    const bool guessing = path.verdict == Verdict::unknown;
    if (!guessing && !by_filter && path.verdict != Verdict::not_forwarded) return;
    const Node& at = trace_.nodes()[way.back().node];
    if (!guessing && at.name() != path.node) return;
    const auto [grown, found] = losses_of_another(from_, {to_, service_, origin_}, at,
                                                  {.wanted = wanted_count(path.verdict),
                                                   .alone = guessing,
                                                   .deadline = Deadline::after(count_patience(guessing))});
    if (!grown.empty()) path.state.push_back(losses_text(at, grown));
    if (by_filter) path.proven = by_settings && found;
    if (guessing && found && to_.is_v4()) blame_filter(path, way.back());
  }

  static std::chrono::milliseconds count_patience(bool guessing) { return guessing ? kGuessPatience : kCountPatience; }

  // Of IPv6 nothing is guessed: it has no such filter.
  [[nodiscard]] std::string_view wanted_count(Verdict verdict) const {
    if (verdict == Verdict::not_forwarded) return {};
    return to_.is_v4() ? kReversePathCount : std::string_view{};
  }

  void blame_filter(Path& path, const Visit& last) const {
    path.verdict = Verdict::reverse_path;
    path.node = trace_.nodes()[last.node].name();
    path.reason = fmt::format("{}\"{}\" refuses the source {} {}: {} counted it", back_.empty() ? "" : kOnTheWayBack,
                              path.node, last.last.source.to_string(), kReversePathFilter, kReversePathCount);
    path.proven = true;
  }

  // The rule or policy that a way ended with.
  static void blame(Path& path, const PathHop& hop, std::string_view prefix) {
    path.node = hop.node;
    path.rule = hop.steps.back().decision;
    const bool rejected = path.rule->rejects();
    path.verdict = rejected ? Verdict::rejected : Verdict::dropped;
    path.reason =
        fmt::format("{}{} at \"{}\": {}", prefix, topology::to_string(path.verdict), hop.node, path.rule->to_string());
    path.proven = true;
  }

  // How many packets like it vanished where this one did.
  [[nodiscard]] std::size_t vanished(const Visit& like) const {
    const Journeys journeys{trace_};
    return static_cast<std::size_t>(std::ranges::count_if(journeys.visits(), [&](const Visit& visit) {
      return visit.node == like.node && visit.came == like.came && visit.reached == like.reached &&
             visit.last.flow() == like.last.flow();
    }));
  }

  // The rules of iptables-legacy of which one ended the way.
  [[nodiscard]] std::vector<PathDecision> ends_by_legacy(const std::vector<Visit>& way) const {
    if (!legacy_.any() || way.empty()) return {};
    const Visit& last = way.back();
    const bool asks = &way == &there_;
    const bool refused = asks && !back_.empty() && !refusal(back_.front().first).empty();
    return legacy_.ended(last, {.packets = vanished(last), .asks = asks, .refused = refused});
  }

  [[nodiscard]] bool is_decided_by_legacy() {
    if (!legacy_.any()) return false;
    legacy_.look();
    return !ends_by_legacy(there_).empty() || !ends_by_legacy(back_).empty();
  }

  // One rule that could have: it is named as others are. Several: none is.
  bool is_blamed_on_legacy(Path& path, const std::vector<Visit>& way, std::vector<PathHop>& hops,
                           std::string_view prefix) const {
    const auto suspects = ends_by_legacy(way);
    if (suspects.empty()) return false;
    if (suspects.size() == 1) {
      hops.back().steps.push_back({.decision = suspects.front()});
      blame(path, hops.back(), prefix);
      return true;
    }
    const auto rejecting = std::ranges::count_if(suspects, &PathDecision::rejects);
    path.node = hops.back().node;
    path.verdict = rejecting > 0 ? Verdict::rejected : Verdict::dropped;
    path.proven = rejecting == 0 || static_cast<std::size_t>(rejecting) == suspects.size();
    std::string names;
    for (const auto& suspect : suspects) names += (names.empty() ? "" : "; or ") + suspect.to_string();
    path.reason = fmt::format(R"({}{} at "{}", by one of the {} that counted: {})", prefix,
                              topology::to_string(path.verdict), path.node, suspects.size(), names);
    return true;
  }

  // What let it pass. Of several of one table that counted, each may have.
  void tell_accepted_by_legacy(Path& path) const {
    for (std::size_t i = 0; i < there_.size(); ++i) {
      if (auto note = legacy_.unread(there_[i]); !note.empty()) path.state.push_back(std::move(note));
      const auto accepted = legacy_.accepted(there_[i], true);
      for (const auto& rule : accepted) {
        path.state.push_back(fmt::format(R"(may have accepted at "{}": {})", path.there[i].node, rule.to_string()));
        const auto same_table = [&](const auto& other) { return other.rule.chain.table == rule.rule.chain.table; };
        if (std::ranges::count_if(accepted, same_table) > 1) continue;
        auto& steps = path.there[i].steps;
        steps.insert(there_[i].drop ? std::prev(steps.end()) : steps.end(), {.decision = rule});
      }
    }
  }

  // A frame that a bridge takes in has yet to be delivered.
  [[nodiscard]] bool was_delivered() const {
    return !there_.empty() && there_.back().reached == Waypoint::delivered && !there_.back().bridged();
  }

  [[nodiscard]] std::optional<traffic::Endpoint> delivered_to() const {
    if (!was_delivered()) return std::nullopt;
    const auto& last = there_.back().last;
    if (!last.destination_port) return std::nullopt;
    return traffic::Endpoint{last.destination, *last.destination_port};
  }

  // `tcp/80`, and what it was before it was translated.
  [[nodiscard]] std::string service_text(const Path& path) const {
    if (!path.delivered || path.delivered->port == service_.port()) return service_.to_string();
    return fmt::format("{} (asked for as {})", service_.with_port(path.delivered->port).to_string(),
                       service_.to_string());
  }

  // No rule decided, as far as the trace tells.
  void judge_by_state(Path& path) const {
    const bool delivered = was_delivered();
    if (!path.there.empty()) path.node = path.there.back().node;
    if (delivered && seen_.outcome == Outcome::refused) {
      path.verdict = Verdict::no_listener;
      path.reason = fmt::format("nothing listens on {} at \"{}\" (refused)", service_text(path), path.node);
      path.proven = true;
      return;
    }
    const auto why = diagnosis();
    std::ranges::copy(why.state, std::back_inserter(path.state));
    const bool contradicted = is_disproved(why) || (why.suspected && path.vouched);  // the trace would have shown it
    if (why.explains() && !contradicted) {
      path.verdict = why.verdict;
      path.reason = why.cause;
      if (path.node.empty()) path.node = why.node;  // nothing was sent
      if (why.cause.starts_with(kOnTheWayBack) && !path.back.empty()) path.node = path.back.back().node;
      path.proven = why.rules_out();
    } else if (seen_.outcome != Outcome::silent) {
      path.verdict = Verdict::rejected;
      path.reason = seen_.text;
      path.proven = true;
    } else if (delivered) {
      path.verdict = Verdict::ignored;
      path.reason = fmt::format("delivered at \"{}\", which did not answer", path.node);
    } else {
      path.reason = path.there.empty() ? "nothing was sent: " + seen_.text
                                       : fmt::format("lost after \"{}\", and nothing seen explains it", path.node);
    }
  }

  Node from_;
  IpAddress to_;
  traffic::Service service_;
  Origin origin_;
  Question question_;
  Question::Width width_;
  LabTrace trace_;
  LegacyEvidence legacy_;
  Attempt seen_;
  std::vector<Visit> there_, back_;
};

}  // namespace

Path explain(const Node& from, const IpAddress& to, const traffic::Service& service, const ExplainOptions& options) {
  const Question::Target target{to, service, options.origin};
  // Of a port that is given, connection tracking would know the flow already when it is asked for once more.
  if (options.origin.port.value() == 0) {
    Explanation narrow{from, target, Question::Width::ports};
    auto path = narrow.make(options.patience);
    if (!narrow.has_lost_sight()) return path;
  }
  // Rare, and dear where others speak the same protocol; so it is asked for once it is needed.
  return Explanation{from, target, Question::Width::protocol}.make(options.patience);
}

Path explain(const Node& from, const Node& to, const traffic::Service& service, const ExplainOptions& options) {
  const bool both_have_v4 = from.has_address(AddressFamily::ipv4) && to.has_address(AddressFamily::ipv4);
  return explain(from, to.address(both_have_v4 ? AddressFamily::ipv4 : AddressFamily::ipv6), service, options);
}

}  // namespace topology
}  // namespace netrig
