#include <netrig/testing/reach.h>
#include <netrig/testing/rerun.h>
#include <netrig/topology/attempt.h>
#include <netrig/topology/explain.h>
#include <netrig/topology/plan.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
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

// Somebody who listens, where the reason wants that and nobody does. Whoever listens already keeps the port.
std::optional<traffic::Listener> stand_in(const Target& target, const traffic::Service& service,
                                          const std::optional<Because>& reason) {
  if (!target.node || service.is_icmp() || !reason || reason->verdict() == Verdict::no_listener) return std::nullopt;
  try {
    return target.node->listen(service);
  } catch (const SetupError& error) {
    if (error.error().code == EADDRINUSE) return std::nullopt;
    throw;
  }
}

class Reach : public ::testing::MatcherInterface<const Node&> {
 public:
  Reach(Target target, traffic::Service service, std::optional<Because> reason, bool wanted)
      : target_{std::move(target)}, service_{service}, reason_{std::move(reason)}, wanted_{wanted} {}

  bool MatchAndExplain(const Node& from, MatchResultListener* listener) const override {
    const auto addresses = common_addresses(from);
    if (addresses.empty()) {
      *listener << "which has no address of a family that the destination has";
      return false;
    }
    const auto service = wanted_ ? std::nullopt : stand_in(target_, service_, reason_);
    return std::ranges::all_of(addresses, [&](const auto& address) {
      return wanted_ ? reaches(from, address, *listener) : is_kept_out(from, address, *listener);
    });
  }

  void DescribeTo(std::ostream* out) const override {
    *out << (wanted_ ? "can reach " : "cannot reach ") << destination() << expected_reason();
  }
  void DescribeNegationTo(std::ostream* out) const override {
    *out << (wanted_ ? "cannot reach " : "can reach ") << destination() << expected_reason();
  }

 private:
  [[nodiscard]] std::string destination() const {
    std::string addresses;
    for (const auto& address : target_.addresses) addresses += (addresses.empty() ? "" : ", ") + address.to_string();
    const auto who = target_.node ? fmt::format("\"{}\" ({})", target_.node->name(), addresses) : addresses;
    return fmt::format("{} on {}", who, service_.to_string());
  }
  [[nodiscard]] std::string expected_reason() const { return reason_ ? ", because: " + reason_->to_string() : ""; }

  [[nodiscard]] std::vector<IpAddress> common_addresses(const Node& from) const {
    if (!target_.node) return target_.addresses;
    std::vector<IpAddress> common;
    for (const auto& address : target_.addresses) {
      if (from.has_address(address.family())) common.push_back(address);
    }
    return common;
  }

  bool reaches(const Node& from, const IpAddress& to, MatchResultListener& listener) const {
    if (!reason_ && attempt(from, to, service_, kFirstWait).outcome == Attempt::Outcome::answered) return true;
    const auto path = explain(from, to, service_, {.patience = kPatience});
    if (path.answered()) return is_expected(path, listener);
    tell(path, listener);
    return false;
  }

  bool is_kept_out(const Node& from, const IpAddress& to, MatchResultListener& listener) const {
    const auto path = explain(from, to, service_, {.patience = kSilence});
    if (!path.answered()) return is_expected(path, listener);
    tell(path, listener);
    return false;
  }

  [[nodiscard]] bool is_expected(const Path& path, MatchResultListener& listener) const {
    const auto contradiction = reason_ ? reason_->contradiction(path) : std::nullopt;
    if (!contradiction) return true;
    listener << *contradiction << ": ";
    tell(path, listener);
    return false;
  }

  static void tell(const Path& path, MatchResultListener& listener) {
    listener << path.reason;
    if (path.probe != path.reason) listener << "\n    probe: " << path.probe;
    if (!path.there.empty()) listener << "\n     path: " << topology::to_string(path.there);
    if (!path.back.empty()) listener << "\n     back: " << topology::to_string(path.back);
    for (const auto& line : path.state) listener << "\n    state: " << line;
    if (!path.vouched) listener << "\n     note: the trace did not listen all the time; a rule may have decided unseen";
    listener << again_line();
  }

  Target target_;
  traffic::Service service_;
  std::optional<Because> reason_;
  bool wanted_;
};

::testing::Matcher<const Node&> matcher(Target target, const traffic::Service& service,
                                        const std::optional<Because>& reason, bool wanted) {
  return ::testing::MakeMatcher(new Reach(std::move(target), service, reason, wanted));
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
                                         const std::optional<Because>& reason) {
  return matcher(target_of(to), service, reason, true);
}
::testing::Matcher<const Node&> CanReach(const IpAddress& to, const traffic::Service& service,
                                         const std::optional<Because>& reason) {
  return matcher({{}, {to}}, service, reason, true);
}
::testing::Matcher<const Node&> CannotReach(const Node& to, const traffic::Service& service,
                                            const std::optional<Because>& reason) {
  return matcher(every_address_of(to), service, reason, false);
}
::testing::Matcher<const Node&> CannotReach(const IpAddress& to, const traffic::Service& service,
                                            const std::optional<Because>& reason) {
  return matcher({{}, {to}}, service, reason, false);
}

}  // namespace netrig
