#include <netrig/base/scope_exit.h>
#include <netrig/nft/reserved.h>
#include <netrig/suites/firewall/check.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/plan.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

namespace netrig::office {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPolicy = "policy";
constexpr auto kPatience = 30s;

std::string name_of(const nft::ListedRule& rule, bool is_policy) {
  return is_policy ? std::string{kPolicy} : rule.comment;
}

// The last rule that let the question through, and not one that only translated it.
std::string accepting_rule(const Path& path) {
  std::string name;
  for (const auto& hop : path.there) {
    for (const auto& step : hop.steps) {
      if (!step.decision || step.decision->verdict.kind != nft::Verdict::Kind::accept) continue;
      if (!step.decision->is_policy() && step.decision->rule.chain.table.name != "nat")
        name = step.decision->rule.comment;
    }
  }
  return name;
}

Seen seen_of(const Path& path) {
  Seen seen{.verdict = path.verdict, .answer = path.answer, .translation = path.translation, .text = path.to_string()};
  seen.by = path.rule ? name_of(path.rule->rule, path.rule->is_policy()) : accepting_rule(path);
  for (const auto* way : {&path.there, &path.back}) {
    for (const auto& hop : *way) {
      for (const auto& step : hop.steps) {
        if (step.decision && !step.decision->is_policy()) seen.met.insert(step.decision->rule.comment);
      }
    }
  }
  return seen;
}

IpAddress address(const std::string& text) { return value_or_throw(IpAddress::parse(text)); }

// The node that has an address.
std::string owner_of(const IpAddress& wanted) {
  static const Plan plan = value_or_throw(make_plan(topology()));
  for (const auto& node : plan.nodes) {
    for (const auto& interface : node.interfaces) {
      for (const auto& own : interface.addresses) {
        if (own.address() == wanted) return node.name;
      }
    }
  }
  throw SetupError{Error::invalid("find who has an address", wanted.to_string(), "nobody in the office has it")};
}

// The packet's source is all that the trace needs to know it by.
IpAddress source_of(const Packet& packet) {
  const bool v4 = packet[0] >> 4 == 4;
  return *IpAddress::from_bytes(std::span{packet}.subspan(v4 ? 12 : 8, v4 ? 4 : 16));
}

// What the gateway's rules do with the first packet from a source, event by event.
class Fate {
 public:
  explicit Fate(const IpAddress& source) : source_{source} {}

  void take(const nft::TraceEvent& event) {
    if (!packet_ && event.headers && event.headers->source == source_) packet_ = event.packet;
    if (packet_ != event.packet || is_known()) return;
    events_.push_back(event);
  }
  // It was dropped, or has come through.
  [[nodiscard]] bool is_known() const {
    if (events_.empty()) return false;
    const auto at = nft::waypoint(events_.back());
    return events_.back().drops() || at == nft::Waypoint::delivered || at == nft::Waypoint::left;
  }
  [[nodiscard]] Seen in_words(const nft::Listing& rules) const {
    Seen seen;
    for (const auto& event : events_) {
      seen.text += event.to_string() + "\n";
      if (!nft::is_reserved(event.chain.table) && event.verdict) add(seen, event, rules);
    }
    return seen;
  }

 private:
  static void add(Seen& seen, const nft::TraceEvent& event, const nft::Listing& rules) {
    const auto* rule = event.kind == nft::TraceEvent::Kind::rule ? rules.find(event.chain.table, event.rule) : nullptr;
    if (rule != nullptr) seen.met.insert(rule->comment);
    if (event.drops()) {
      seen.verdict = Verdict::dropped;
      seen.by = rule != nullptr ? rule->comment : std::string{kPolicy};
    } else if (event.verdict->kind == nft::Verdict::Kind::accept && rule != nullptr) {
      seen.verdict = Verdict::accepted;
      seen.by = rule->comment;
    }
  }

  IpAddress source_;
  std::optional<std::uint32_t> packet_;  // the kernel's number
  std::vector<nft::TraceEvent> events_;
};

Seen send_traced(Office& office, const std::string& from, const std::string& zone, const Packet& packet) {
  const auto deadline = Deadline::after(kPatience);
  auto& tracer = office.tracer();
  const auto source = source_of(packet);
  value_or_throw(tracer.start({nft::Rule{}.saddr(source)}));
  const ScopeExit stop{[&] { std::ignore = tracer.stop(); }};
  const auto gateway = office.gateway().plan().on(zone)->mac;
  send_frame(office[from], office[from].plan().on(zone)->index, gateway, packet);
  Fate fate{source};
  while (!fate.is_known() && value_or_throw(wait_readable(tracer.fd(), deadline))) {
    for (const auto& event : value_or_throw(tracer.take())) fate.take(event);
  }
  return fate.in_words(office.gateway().ruleset());
}

}  // namespace

Expected& Expected::translated(std::string text) {
  translation = std::move(text);
  return *this;
}

Expected& Expected::meeting(std::string comment) {
  meets.push_back(std::move(comment));
  return *this;
}

Expected& Expected::arriving(std::string comment) {
  arrives.push_back(std::move(comment));
  return *this;
}

Expected Expected::effects() const {
  auto without = *this;
  without.meets.clear();
  return without;
}

Expected accepted(std::string by) { return {.verdict = Verdict::accepted, .by = std::move(by)}; }
Expected dropped(std::string by) { return {.verdict = Verdict::dropped, .by = std::move(by)}; }
Expected rejected(std::string by, std::string answer) {
  return {.verdict = Verdict::rejected, .by = std::move(by), .answer = std::move(answer)};
}
Expected unserved(std::string by) { return {.verdict = Verdict::no_listener, .by = std::move(by)}; }

std::optional<std::string> contradiction(const Expected& expected, const Seen& seen) {
  const auto differs = [](std::string_view what, const auto& wanted, const auto& was) {
    return fmt::format("{}: {}, expected {}", what, was, wanted);
  };
  if (seen.verdict != expected.verdict)
    return differs("verdict", to_string(expected.verdict), to_string(seen.verdict)) + "\n" + seen.text;
  if (!expected.by.empty() && seen.by != expected.by)
    return differs("decided by", expected.by, seen.by) + "\n" + seen.text;
  if (!expected.answer.empty() && seen.answer != expected.answer)
    return differs("answer", expected.answer, seen.answer) + "\n" + seen.text;
  const bool untranslated = expected.translation == "none" && seen.translation.empty();
  if (!untranslated && !seen.translation.contains(expected.translation))
    return differs("translation", expected.translation, seen.translation) + "\n" + seen.text;
  for (const auto& rule : expected.meets) {
    if (!seen.met.contains(rule)) return fmt::format("rule \"{}\" was not met\n{}", rule, seen.text);
  }
  for (const auto& rule : expected.arrives) {
    if (!seen.met.contains(rule)) return fmt::format("no packet \"{}\"\n{}", rule, seen.text);
  }
  return std::nullopt;
}

Check flow(std::string behaviour, std::string from, std::string to, traffic::Service service, Expected expected,
           std::optional<Service> served) {
  Check check{.behaviour = std::move(behaviour),
              .name = fmt::format("{} to {} on {}", from, to, service.to_string()),
              .expected = std::move(expected)};
  const auto target = address(to);
  check.ask = [=](Office& office) { return seen_of(explain(office[from], target, service)); };
  const bool wants_one = !service.is_icmp() && check.expected.verdict != Verdict::no_listener;
  if (served) {
    check.served = std::move(served);
  } else if (wants_one) {
    check.served = Service{owner_of(target), service};
  }
  return check;
}

Check crafted(std::string behaviour, std::string name, const std::string& from, const std::string& zone,
              const Packet& packet, Expected expected) {
  return {.behaviour = std::move(behaviour),
          .name = fmt::format("{} from {}", name, from),
          .expected = std::move(expected),
          .ask = [=](Office& office) { return send_traced(office, from, zone, packet); }};
}

Check anew(Check check) {
  check.anew = true;
  return check;
}

Check repeated(Check check, int times) {
  check.anew = true;
  check.ask = [ask = check.ask, expected = check.expected, times](Office& office) {
    auto seen = ask(office);
    for (int left = times - 1; left > 0 && contradiction(expected, seen); --left) seen = ask(office);
    return seen;
  };
  check.name += fmt::format(", {} times", times);
  return check;
}

Check beside(Check check, const std::string& from, const std::string& to, traffic::Service service, int count) {
  check.anew = true;
  check.ask = [=, ask = check.ask, target = address(to)](Office& office) {
    std::vector<traffic::Probe> held;
    for (int i = 0; i < count; ++i) {
      held.push_back(value_or_throw(
          office[from].run([&] { return traffic::Probe::open({.service = service, .destination = target}); })));
      if (!held.back().run(Deadline::after(kPatience)))
        return Seen{.text = fmt::format("connection {} of {} was not made", i + 1, count)};
    }
    return ask(office);
  };
  check.name += fmt::format(", beside {} connections", count);
  return check;
}

std::set<Service> services(const std::vector<Check>& checks) {
  std::set<Service> all;
  for (const auto& check : checks) {
    if (check.served) all.insert(*check.served);
  }
  return all;
}

}  // namespace netrig::office
