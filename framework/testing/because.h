// The reason that an assertion on reachability expects: not only that nothing came through, but why.
//
//   EXPECT_THAT(guest, CannotReach(printer, tcp(631), Because(Verdict::dropped).by("guests stay out").at(gw)));
//   EXPECT_THAT(guest, CannotReach(server, tcp(25), Because(Verdict::rejected).with("tcp reset")));
//   EXPECT_THAT(outside, CannotReach(inside, icmp(), Because(Verdict::no_route)));
//   EXPECT_THAT(client, CanReach(gw, tcp(8080), Because(Verdict::accepted).translated_to("10.2.0.2:80")));
#pragma once

#include <netrig/topology/node.h>
#include <netrig/topology/path.h>

#include <optional>
#include <string>

namespace netrig {

/// What an explanation (topology/explain.h) must hold. Everything that was asked for must be so.
class Because {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): CannotReach(to, tcp(22), Verdict::no_route) reads as well
  Because(Verdict verdict) : verdict_{verdict} {}

  /// The rule with this comment decided.
  Because by(std::string comment) const;
  /// The policy of a chain decided.
  Because by_policy() const;
  /// It was decided at that node.
  Because at(const Node& node) const;
  /// How it was rejected, as nft names it: `tcp reset`, `port-unreachable`, `admin-prohibited`.
  Because with(std::string answer) const;
  /// Where the destination was translated to, or the source: `10.2.0.2:80`, `203.0.113.1`.
  Because translated_to(std::string endpoint) const;

  [[nodiscard]] Verdict verdict() const { return verdict_; }
  /// Whether the path is of this reason; else, in the words of a failure, what is not so.
  [[nodiscard]] std::optional<std::string> contradiction(const Path& path) const;
  /// `dropped by the rule "guests stay out" at "gw"`
  [[nodiscard]] std::string to_string() const;

 private:
  Verdict verdict_;
  std::optional<std::string> comment_, node_, answer_, translation_;
  bool policy_ = false;
};

}  // namespace netrig
