#include <netrig/testing/reach.h>
#include <netrig/testing/rerun.h>
#include <netrig/topology/attempt.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/plan.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace netrig {

namespace {

using ::testing::MatchResultListener;

// How long a probe waits before the rig looks for evidence that waiting on is in vain.
constexpr std::chrono::milliseconds kFirstWait{50};

struct Target {
  std::optional<Node> node;  // none for a bare address
  std::vector<IpAddress> addresses;
};

// To so many places is somebody brought for one question: translation may lead to another one each time.
constexpr int kMostPlaces = 8;

// Listens there for as long as the matcher asks, unless somebody does already: who listens keeps the port. Whether
// that is new.
bool stand_in(const Node& node, const traffic::Service& service, std::vector<traffic::Listener>& brought) {
  try {
    brought.push_back(node.listen(service));
    return true;
  } catch (const SetupError& error) {
    if (error.error().code != EADDRINUSE) throw;
    return false;
  }
}

bool is_planned_at(const Node& node, const IpAddress& address) {
  return std::ranges::any_of(node.plan().interfaces, [&](const auto& interface) {
    return std::ranges::any_of(interface.addresses, [&](const auto& own) { return own.address() == address; });
  });
}

// Those that take in what is sent to the target, as the lab was planned.
std::vector<Node> owners(const Target& target, const Node& from) {
  if (target.node) return {*target.node};
  auto nodes = from.lab_nodes();
  std::erase_if(nodes, [&](const Node& node) {
    return std::ranges::none_of(target.addresses, [&](const auto& address) { return is_planned_at(node, address); });
  });
  return nodes;
}

class Reach : public ::testing::MatcherInterface<const Node&> {
 public:
  Reach(Target target, traffic::Service service, std::optional<Because> reason, bool wanted, Origin origin)
      : target_{std::move(target)}, service_{service}, reason_{std::move(reason)}, wanted_{wanted}, origin_{origin} {}

  bool MatchAndExplain(const Node& from, MatchResultListener* listener) const override {
    const auto addresses = common_addresses(from);
    if (addresses.empty()) {
      *listener << (origin_.address ? "but the destination has no address of the origin's family"
                                    : "which has no address of a family that the destination has");
      return false;
    }
    std::vector<traffic::Listener> brought;
    if (brings_listeners()) {
      for (const auto& node : owners(target_, from)) stand_in(node, service_, brought);
    }
    std::string told;
    const bool matches = std::ranges::all_of(addresses, [&](const auto& address) {
      if (is_asked_plainly() && !listener->IsInterested() && reaches_at_once(from, address)) return true;
      const auto path = asked(from, address, brought);
      const auto wrong = wanted_ ? contradiction(path) : doubt(path);
      if (wrong) told.clear();
      told += (told.empty() ? "" : "\n      and: ") + wrong.value_or("") + path.to_string();
      return !wrong;
    });
    if (listener->IsInterested()) *listener << told << again_line();
    return matches;
  }

  void DescribeTo(std::ostream* out) const override {
    *out << (wanted_ ? "can reach " : "cannot reach ") << destination();
    if (reason_) *out << ", because: " << reason_->to_string();
  }
  // Of several addresses one is enough, and so is another reason.
  void DescribeNegationTo(std::ostream* out) const override {
    *out << (wanted_ ? "cannot reach " : "can reach ") << destination();
    if (target_.addresses.size() > 1) *out << ", at one of them at least";
    if (!wanted_) *out << ", or nothing proves that it cannot";
    if (reason_) *out << ", or not because: " << reason_->to_string();
  }

 private:
  [[nodiscard]] std::string destination() const {
    std::string addresses;
    for (const auto& address : target_.addresses) addresses += (addresses.empty() ? "" : ", ") + address.to_string();
    const auto who = target_.node ? fmt::format("\"{}\" ({})", target_.node->name(), addresses) : addresses;
    return fmt::format("{} on {}{}", who, service_.to_string(), origin_.to_string());
  }

  [[nodiscard]] std::vector<IpAddress> common_addresses(const Node& from) const {
    if (!target_.node) return target_.addresses;
    std::vector<IpAddress> common;
    for (const auto& address : target_.addresses) {
      const bool fits = !origin_.address || origin_.address->family() == address.family();
      if (fits && from.has_address(address.family())) common.push_back(address);
    }
    return common;
  }

  [[nodiscard]] bool expects(Verdict verdict) const { return reason_ && reason_->verdict() == verdict; }

  // A closed port is no closed firewall; but what shall be reached must be there already, or a stand-in would answer in
  // place of a port forwarding that is missing.
  [[nodiscard]] bool brings_listeners() const {
    return !wanted_ && !service_.is_icmp() && !expects(Verdict::no_listener);
  }

  // Nothing but whether it is reached, from wherever.
  [[nodiscard]] bool is_asked_plainly() const { return wanted_ && !reason_ && origin_ == Origin{}; }

  [[nodiscard]] bool reaches_at_once(const Node& from, const IpAddress& to) const {
    return attempt(from, to, service_, kFirstWait).outcome == Attempt::Outcome::answered;
  }

  // Asks, and once more where somebody could be brought to listen at the place that the question came to.
  [[nodiscard]] Path asked(const Node& from, const IpAddress& to, std::vector<traffic::Listener>& brought) const {
    for (int places = 0;; ++places) {
      auto path = explain(from, to, service_, {.patience = wanted_ ? kPatience : kSilence, .origin = origin_});
      const bool closed = path.verdict == Verdict::no_listener && path.delivered;
      const bool wants_listener = brings_listeners() || (wanted_ && reason_ && reason_->names_place_of(path));
      if (!closed || !wants_listener || places == kMostPlaces || !brings_listener_to(path, from, brought)) return path;
    }
  }

  [[nodiscard]] bool brings_listener_to(const Path& path, const Node& from,
                                        std::vector<traffic::Listener>& brought) const {
    const auto nodes = from.lab_nodes();
    const auto there = std::ranges::find_if(nodes, [&](const Node& node) { return node.name() == path.node; });
    return there != nodes.end() && stand_in(*there, service_.with_port(path.delivered->port), brought);
  }

  // Why what was asked is no success of CannotReach(); empty text: it was answered.
  [[nodiscard]] std::optional<std::string> doubt(const Path& path) const {
    if (path.answered()) return "";
    if (path.verdict == Verdict::no_listener && !expects(Verdict::no_listener))
      return "it came through to a closed port, which proves nothing of what lies before it: ";
    if (is_taken_in_silently(path) && !expects(Verdict::ignored))
      return "it came through to somebody who keeps silent, which proves nothing of what lies before: ";
    const bool unknown = path.verdict == Verdict::unknown && !expects(Verdict::unknown);
    if (!path.proven && (unknown || !path.vouched)) return "nothing proves that: ";
    return contradiction(path);
  }

  // Of echo requests this is a setting of the node's, which keeps everybody out.
  [[nodiscard]] bool is_taken_in_silently(const Path& path) const {
    return path.verdict == Verdict::ignored && path.delivered && path.back.empty();
  }

  [[nodiscard]] std::optional<std::string> contradiction(const Path& path) const {
    if (wanted_ && !path.answered()) return "";
    const auto contradiction = reason_ ? reason_->contradiction(path) : std::nullopt;
    return contradiction ? std::optional{*contradiction + ": "} : std::nullopt;
  }

  Target target_;
  traffic::Service service_;
  std::optional<Because> reason_;
  bool wanted_;
  Origin origin_;
};

::testing::Matcher<const Node&> matcher(Target target, const traffic::Service& service,
                                        const std::optional<Because>& reason, bool wanted, const Origin& origin) {
  return ::testing::MakeMatcher(new Reach(std::move(target), service, reason, wanted, origin));
}

// Its address of each family that others know it by: the first.
Target target_of(const Node& to) {
  Target target{to, {}};
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    if (to.has_address(family)) target.addresses.push_back(to.address(family));
  }
  return target;
}

Target every_address_of(const Node& to) {
  Target target{to, {}};
  for (const auto& interface : to.plan().interfaces) {
    for (const auto& own : interface.addresses) target.addresses.push_back(own.address());
  }
  return target;
}

}  // namespace

::testing::Matcher<const Node&> CanReach(const Node& to, const traffic::Service& service,
                                         const std::optional<Because>& reason, const Origin& origin) {
  return matcher(target_of(to), service, reason, true, origin);
}
::testing::Matcher<const Node&> CanReach(const IpAddress& to, const traffic::Service& service,
                                         const std::optional<Because>& reason, const Origin& origin) {
  return matcher({{}, {to}}, service, reason, true, origin);
}
::testing::Matcher<const Node&> CannotReach(const Node& to, const traffic::Service& service,
                                            const std::optional<Because>& reason, const Origin& origin) {
  return matcher(every_address_of(to), service, reason, false, origin);
}
::testing::Matcher<const Node&> CannotReach(const IpAddress& to, const traffic::Service& service,
                                            const std::optional<Because>& reason, const Origin& origin) {
  return matcher({{}, {to}}, service, reason, false, origin);
}

}  // namespace netrig
