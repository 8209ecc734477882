#include <netrig/netlink/route.h>
#include <netrig/testing/rerun.h>
#include <netrig/testing/state.h>

#include <fmt/format.h>

#include <algorithm>
#include <net/if.h>
#include <optional>
#include <ostream>

namespace netrig {

namespace {

using ::testing::MatcherInterface;
using ::testing::MatchResultListener;

// A matcher made of its description and a function that explains; `Subject` is what it takes.
template <class Subject>
class Described : public MatcherInterface<const Subject&> {
 public:
  using Check = std::function<bool(const Subject&, MatchResultListener&)>;
  Described(std::string positive, std::string negative, Check check)
      : positive_{std::move(positive)}, negative_{std::move(negative)}, check_{std::move(check)} {}

  bool MatchAndExplain(const Subject& subject, MatchResultListener* listener) const override {
    const bool matches = check_(subject, *listener);
    if (!matches) *listener << again_line();
    return matches;
  }
  void DescribeTo(std::ostream* out) const override { *out << positive_; }
  void DescribeNegationTo(std::ostream* out) const override { *out << negative_; }

 private:
  std::string positive_, negative_;
  Check check_;
};

template <class Subject>
::testing::Matcher<const Subject&> described(std::string positive, std::string negative,
                                             typename Described<Subject>::Check check) {
  return ::testing::MakeMatcher(new Described<Subject>(std::move(positive), std::move(negative), std::move(check)));
}

std::optional<std::string> why_not_up(const LabLink::End& end) {
  const auto where = fmt::format("{}:{}", end.node.name(), end.interface.view());
  const auto link =
      end.node.netlink([&](netlink::Socket& socket) { return netlink::get_link(socket, {.name = end.interface}); });
  if (!link) return where + " does not exist";
  if (!link->up()) return where + " is set down";
  if (!link->carrier) return where + " has no carrier";
  return std::nullopt;
}

std::string address_list(const Snapshot& seen) {
  std::string text;
  for (const auto& own : seen.addresses) {
    if (own.local.address().is_loopback()) continue;
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", own.device.to_string(), own.local.to_string(),
                        own.tentative ? " (tentative)" : "");
  }
  return text.empty() ? "no address" : text;
}

std::string route_list(const Snapshot& seen) {
  std::string text;
  for (const auto& route : seen.routes) text += "\n    " + route.to_string();
  return text.empty() ? " none" : text;
}

}  // namespace

void PrintTo(const Node& node, std::ostream* out) { *out << '"' << node.name() << '"'; }
void PrintTo(const LabLink& link, std::ostream* out) { *out << link.to_string(); }

::testing::Matcher<const LabLink&> IsUp() {
  return described<LabLink>("is up at both ends", "is down at an end",
                            [](const LabLink& link, MatchResultListener& listener) {
                              for (const auto* end : {&link.a(), &link.b()}) {
                                if (const auto why = why_not_up(*end)) {
                                  listener << *why;
                                  return false;
                                }
                              }
                              return true;
                            });
}

::testing::Matcher<const Node&> HasAddress(std::string_view address) {
  const auto wanted = InterfaceAddress::parse(address);
  const auto text = std::string{address};
  return described<Node>(
      "has address " + text, "has not address " + text, [wanted](const Node& node, MatchResultListener& listener) {
        if (!wanted) {
          listener << "but " << wanted.error().message();
          return false;
        }
        const auto seen = node.snapshot();
        const auto is_wanted = [&](const auto& own) { return own.local == *wanted && !own.tentative; };
        if (std::ranges::any_of(seen.addresses, is_wanted)) return true;
        listener << "which has " << address_list(seen);
        return false;
      });
}

::testing::Matcher<const Node&> HasRoute(std::string_view destination, std::string_view gateway) {
  const auto via = gateway.empty() ? Result<IpAddress>{IpAddress{}} : IpAddress::parse(gateway);
  auto to = destination == "default" ? Result<IpPrefix>{IpPrefix::any(via ? via->family() : AddressFamily::ipv4)}
                                     : IpPrefix::parse(destination);
  const auto text = fmt::format("route {}{}{}", destination, gateway.empty() ? "" : " via ", gateway);
  const bool any_gateway = gateway.empty();
  return described<Node>("has " + text, "has no " + text, [=](const Node& node, MatchResultListener& listener) {
    if (!to || !via) {
      listener << "but " << (to ? via.error() : to.error()).message();
      return false;
    }
    const auto seen = node.snapshot();
    const auto is_wanted = [&](const netlink::Route& route) {
      if (route.destination != *to) return false;
      return any_gateway || std::ranges::any_of(route.hops, [&](const auto& hop) { return hop.via == *via; });
    };
    if (std::ranges::any_of(seen.routes, is_wanted)) return true;
    listener << "whose routes are" << route_list(seen);
    return false;
  });
}

::testing::Matcher<const Node&> HasNeighbour(const IpAddress& address) {
  using netlink::NeighbourState;
  const auto text = "neighbour " + address.to_string();
  return described<Node>("has " + text, "has no " + text, [address](const Node& node, MatchResultListener& listener) {
    const auto seen = node.snapshot();
    for (const auto& entry : seen.neighbours) {
      if (entry.address != address) continue;
      listener << "whose entry is " << entry.to_string();
      return entry.mac.has_value() && entry.state != NeighbourState::failed &&
             entry.state != NeighbourState::incomplete;
    }
    listener << "which has no entry for it";
    return false;
  });
}

::testing::Matcher<const Node&> HasOnlyInterfaces(std::vector<std::string> names) {
  names.emplace_back("lo");
  std::ranges::sort(names);
  const auto text = fmt::format("only the interfaces {}", fmt::join(names, ", "));
  return described<Node>("has " + text, "has not " + text, [names](const Node& node, MatchResultListener& listener) {
    std::vector<std::string> found;
    for (const auto& link : node.snapshot().links) found.push_back(link.name.to_string());
    std::ranges::sort(found);
    if (found == names) return true;
    listener << "which has " << fmt::format("{}", fmt::join(found, ", "));
    return false;
  });
}

namespace {

// The first route of `from` that leads to an address of `to`.
std::optional<std::string> route_between(const Node& from, const Node& to) {
  for (const auto& own : to.snapshot().addresses) {
    if (own.local.address().is_loopback() || own.local.address().is_link_local()) continue;
    const auto route = from.netlink(
        [&](netlink::Socket& socket) { return netlink::lookup_route(socket, {.destination = own.local.address()}); });
    if (route) return fmt::format(R"("{}" has a route to "{}": {})", from.name(), to.name(), route->to_string());
  }
  return std::nullopt;
}

}  // namespace

::testing::Matcher<const Node&> IsIsolatedFrom(const Node& other) {
  const auto text = fmt::format("isolated from \"{}\"", other.name());
  return described<Node>("is " + text, "is not " + text, [other](const Node& node, MatchResultListener& listener) {
    if (node.network().id() == other.network().id()) {
      listener << "which shares the network namespace " << node.network().id().to_string();
      return false;
    }
    for (const auto& why : {route_between(node, other), route_between(other, node)}) {
      if (!why) continue;
      listener << *why;
      return false;
    }
    return true;
  });
}

}  // namespace netrig
