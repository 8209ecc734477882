#include <netrig/testing/attempt.h>
#include <netrig/testing/diagnosis.h>
#include <netrig/testing/reach.h>
#include <netrig/testing/rerun.h>
#include <netrig/testing/state.h>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace netrig {

namespace {

using ::testing::MatchResultListener;
using Outcome = Attempt::Outcome;

// How long a probe waits before the rig looks for evidence that waiting on is in vain.
constexpr std::chrono::milliseconds kFirstWait{50};

struct Target {
  std::string name;  // of the node, in quotes; empty for a bare address
  std::vector<IpAddress> addresses;
};

class Reach : public ::testing::MatcherInterface<const Node&> {
 public:
  Reach(Target target, traffic::Service service, bool wanted)
      : target_{std::move(target)}, service_{service}, wanted_{wanted} {}

  bool MatchAndExplain(const Node& from, MatchResultListener* listener) const override {
    const auto addresses = common_addresses(from);
    if (addresses.empty()) {
      *listener << "which has no address of a family that the destination has";
      return false;
    }
    return std::ranges::all_of(addresses, [&](const auto& address) {
      return wanted_ ? reaches(from, address, *listener) : is_kept_out(from, address, *listener);
    });
  }

  void DescribeTo(std::ostream* out) const override {
    *out << (wanted_ ? "can reach " : "cannot reach ") << destination();
  }
  void DescribeNegationTo(std::ostream* out) const override {
    *out << (wanted_ ? "cannot reach " : "can reach ") << destination();
  }

 private:
  [[nodiscard]] std::string destination() const {
    std::string addresses;
    for (const auto& address : target_.addresses) addresses += (addresses.empty() ? "" : ", ") + address.to_string();
    const auto who = target_.name.empty() ? addresses : fmt::format("\"{}\" ({})", target_.name, addresses);
    return fmt::format("{} on {}", who, service_.to_string());
  }

  [[nodiscard]] std::vector<IpAddress> common_addresses(const Node& from) const {
    if (target_.name.empty()) return target_.addresses;
    std::vector<IpAddress> common;
    for (const auto& address : target_.addresses) {
      if (from.has_address(address.family())) common.push_back(address);
    }
    return common;
  }

  bool reaches(const Node& from, const IpAddress& to, MatchResultListener& listener) const {
    auto last = attempt(from, to, service_, kFirstWait);
    if (last.outcome == Outcome::answered) return true;
    // Slow, or not at all: again, looking at every node before and after; and with patience unless what was seen rules
    // an answer out.
    const auto before = gather(from);
    auto why = try_again(from, to, kFirstWait, before, last);
    if (last.outcome == Outcome::silent && !why.rules_out()) why = try_again(from, to, kPatience, before, last);
    if (last.outcome == Outcome::answered) return true;
    listener << (why.explains() ? why.cause : "nothing seen explains it: " + last.text);
    add_details(listener, last, why);
    return false;
  }

  // Looks for no answer in an attempt that got one.
  Diagnosis try_again(const Node& from, const IpAddress& to, std::chrono::milliseconds patience, const Evidence& before,
                      Attempt& last) const {
    last = attempt(from, to, service_, patience);
    if (last.outcome == Outcome::answered) return {};
    return diagnose(from, to, service_, before, gather(from), last.outcome == Outcome::refused);
  }

  static void add_details(MatchResultListener& listener, const Attempt& last, const Diagnosis& why) {
    listener << "\n    probe: " << last.text;
    if (!why.path.empty()) listener << "\n     path: " << why.path;
    for (const auto& line : why.state) listener << "\n    state: " << line;
    listener << again_line();
  }

  bool is_kept_out(const Node& from, const IpAddress& to, MatchResultListener& listener) const {
    auto last = attempt(from, to, service_, kFirstWait);
    if (last.outcome == Outcome::silent) {
      const auto before = gather(from);
      // Without evidence, silence must be long.
      if (!try_again(from, to, kFirstWait, before, last).rules_out() && last.outcome == Outcome::silent) {
        last = attempt(from, to, service_, kSilence);
      }
    }
    if (last.outcome != Outcome::answered) return true;
    listener << last.text << again_line();
    return false;
  }

  Target target_;
  traffic::Service service_;
  bool wanted_;
};

::testing::Matcher<const Node&> matcher(Target target, const traffic::Service& service, bool wanted) {
  return ::testing::MakeMatcher(new Reach(std::move(target), service, wanted));
}

// Its address of each family that others know it by: the first.
Target target_of(const Node& to) {
  Target target{to.name(), {}};
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    if (to.has_address(family)) target.addresses.push_back(to.address(family));
  }
  return target;
}

Target every_address_of(const Node& to) {
  Target target{to.name(), {}};
  for (const auto& interface : to.plan().interfaces) {
    for (const auto& own : interface.addresses) target.addresses.push_back(own.address());
  }
  return target;
}

}  // namespace

::testing::Matcher<const Node&> CanReach(const Node& to, const traffic::Service& service) {
  return matcher(target_of(to), service, true);
}
::testing::Matcher<const Node&> CanReach(const IpAddress& to, const traffic::Service& service) {
  return matcher({{}, {to}}, service, true);
}
::testing::Matcher<const Node&> CannotReach(const Node& to, const traffic::Service& service) {
  return matcher(every_address_of(to), service, false);
}
::testing::Matcher<const Node&> CannotReach(const IpAddress& to, const traffic::Service& service) {
  return matcher({{}, {to}}, service, false);
}

}  // namespace netrig
