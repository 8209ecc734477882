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

// Listens there for as long as the matcher asks, unless somebody does already: who listens keeps the port.
void stand_in(const Node& node, const traffic::Service& service, std::vector<traffic::Listener>& brought) {
  try {
    brought.push_back(node.listen(service));
  } catch (const SetupError& error) {
    if (error.error().code != EADDRINUSE) throw;
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
  Reach(Target target, traffic::Service service, std::optional<Because> reason, bool wanted)
      : target_{std::move(target)}, service_{service}, reason_{std::move(reason)}, wanted_{wanted} {}

  bool MatchAndExplain(const Node& from, MatchResultListener* listener) const override {
    const auto addresses = common_addresses(from);
    if (addresses.empty()) {
      *listener << "which has no address of a family that the destination has";
      return false;
    }
    std::vector<traffic::Listener> brought;
    if (brings_listeners()) {
      for (const auto& node : owners(target_, from)) stand_in(node, service_, brought);
    }
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

  // A closed port is no closed firewall; but what shall be reached must be there already, or a stand-in would answer in
  // place of a port forwarding that is missing.
  [[nodiscard]] bool brings_listeners() const {
    return !wanted_ && !service_.is_icmp() && (!reason_ || reason_->verdict() != Verdict::no_listener);
  }

  bool is_kept_out(const Node& from, const IpAddress& to, MatchResultListener& listener) const {
    const auto path = explain(from, to, service_, {.patience = kSilence});
    if (path.answered()) {
      tell(path, listener);
      return false;
    }
    const bool unknown = path.verdict == Verdict::unknown && (!reason_ || reason_->verdict() != Verdict::unknown);
    if (!path.proven && (unknown || !path.vouched)) {
      listener << "nothing proves that: ";
      tell(path, listener);
      return false;
    }
    return is_expected(path, listener);
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
