#include <netrig/testing/connection.h>
#include <netrig/testing/rerun.h>
#include <netrig/traffic/connect.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <sstream>
#include <utility>
#include <vector>

namespace netrig {

namespace {

using nft::ConntrackEntry;
using ::testing::Matcher;
using ::testing::MatcherInterface;
using ::testing::MatchResultListener;

// One of a connection, made of its description and a function.
class OfConnection : public MatcherInterface<const ConntrackEntry&> {
 public:
  using Check = std::function<bool(const ConntrackEntry&)>;
  OfConnection(std::string positive, std::string negative, Check check)
      : positive_{std::move(positive)}, negative_{std::move(negative)}, check_{std::move(check)} {}
  bool MatchAndExplain(const ConntrackEntry& entry, MatchResultListener*) const override { return check_(entry); }
  void DescribeTo(std::ostream* out) const override { *out << positive_; }
  void DescribeNegationTo(std::ostream* out) const override { *out << negative_; }

 private:
  std::string positive_, negative_;
  Check check_;
};

Matcher<const ConntrackEntry&> of_connection(const std::string& verb, const std::string& negation,
                                             const std::string& rest, OfConnection::Check check) {
  return ::testing::MakeMatcher(new OfConnection(verb + rest, negation + rest, std::move(check)));
}

std::string endpoint_text(const IpAddress& address, const std::optional<Port>& port) {
  return port ? traffic::Endpoint{address, *port}.to_string() : address.to_string();
}

bool is_port(const std::optional<Port>& seen, const std::optional<Port>& wanted) { return !wanted || seen == wanted; }

class HasConnectionMatcher : public MatcherInterface<const Node&> {
 public:
  explicit HasConnectionMatcher(Matcher<const ConntrackEntry&> inner) : inner_{std::move(inner)} {}
  bool MatchAndExplain(const Node& node, MatchResultListener* listener) const override {
    const auto all = node.netfilter([](nft::NfSocket& socket) { return nft::list_conntrack(socket); });
    if (!all) {
      *listener << all.error().message() << again_line();
      return false;
    }
    if (std::ranges::any_of(*all, [&](const auto& entry) { return inner_.Matches(entry); })) return true;
    *listener << (all->empty() ? "which has none" : "which has");
    for (const auto& entry : *all) *listener << "\n    " << nft::to_string(entry);
    *listener << again_line();
    return false;
  }
  void DescribeTo(std::ostream* out) const override {
    *out << "has a connection that ";
    inner_.DescribeTo(out);
  }
  void DescribeNegationTo(std::ostream* out) const override {
    *out << "has no connection that ";
    inner_.DescribeTo(out);
  }

 private:
  Matcher<const ConntrackEntry&> inner_;
};

}  // namespace

Matcher<const Node&> HasConnection(const Matcher<const ConntrackEntry&>& connection) {
  return ::testing::MakeMatcher(new HasConnectionMatcher(connection));
}

Matcher<const ConntrackEntry&> ConnectsFrom(const IpAddress& address, std::optional<Port> port) {
  return of_connection("connects", "does not connect", " from " + endpoint_text(address, port),
                       [=](const ConntrackEntry& entry) {
                         return entry.original.source == address && is_port(entry.original.source_port, port);
                       });
}

Matcher<const ConntrackEntry&> ConnectsTo(const IpAddress& address, std::optional<Port> port) {
  return of_connection("connects", "does not connect", " to " + endpoint_text(address, port),
                       [=](const ConntrackEntry& entry) {
                         return entry.original.destination == address && is_port(entry.original.destination_port, port);
                       });
}

Matcher<const ConntrackEntry&> TranslatedTo(const IpAddress& public_address, std::optional<Port> port) {
  return of_connection("is", "is not", " translated to " + endpoint_text(public_address, port),
                       [=](const ConntrackEntry& entry) {
                         return entry.source_nat && entry.reply.destination == public_address &&
                                is_port(entry.reply.destination_port, port);
                       });
}

Matcher<const ConntrackEntry&> ForwardedTo(const IpAddress& address, std::optional<Port> port) {
  return of_connection(
      "is", "is not", " forwarded to " + endpoint_text(address, port), [=](const ConntrackEntry& entry) {
        return entry.destination_nat && entry.reply.source == address && is_port(entry.reply.source_port, port);
      });
}

Matcher<const ConntrackEntry&> Untranslated() {
  return of_connection("is", "is not", " untranslated", [](const ConntrackEntry& entry) {
    return !entry.natted() && entry.original.source == entry.reply.destination &&
           entry.original.destination == entry.reply.source;
  });
}

Matcher<const ConntrackEntry&> InState(std::string state) {
  auto rest = " in state " + state;
  return of_connection("is", "is not", rest, [state = std::move(state)](const ConntrackEntry& entry) {
    if (state == "ASSURED") return entry.assured;
    if (state == "UNREPLIED") return !entry.seen_reply;
    return entry.tcp_state == state;
  });
}

Matcher<const ConntrackEntry&> TimesOutIn(const Matcher<std::uint32_t>& seconds) {
  std::ostringstream description;
  seconds.DescribeTo(&description);
  return of_connection("has", "has not", " a time-out that " + description.str(),
                       [=](const ConntrackEntry& entry) { return entry.timeout && seconds.Matches(*entry.timeout); });
}

}  // namespace netrig
