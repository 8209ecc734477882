// The reason that an assertion on reachability expects: not only that nothing came through, but why.
//
//   EXPECT_THAT(guest, CannotReach(printer, tcp(631), Because(Verdict::dropped).by("guests stay out").at(gw)));
//   EXPECT_THAT(guest, CannotReach(server, tcp(25), Because(Verdict::rejected).with("tcp reset")));
//   EXPECT_THAT(outside, CannotReach(inside, icmp(), Because(Verdict::no_route)));
//   EXPECT_THAT(guest, CanReach(printer, tcp(631), Because(Verdict::accepted).by("printing").at(gw)));
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

  /// The rule with this comment decided. Of what was accepted: it accepted the question, in whatever chain. A packet
  /// that comes through meets many chains, and each rule or policy that accepts ends one of them.
  Because by(std::string comment) const;
  /// The policy of a chain decided.
  Because by_policy() const;
  /// It was decided at that node. Of what was accepted: a rule or a policy accepted the question there.
  Because at(const Node& node) const;
  /// How it was rejected, as nft names it: `tcp reset`, `port-unreachable`, `admin-prohibited`.
  Because with(std::string answer) const;
  /// Where the destination was translated to, or the source: `10.2.0.2:80`, `203.0.113.1`.
  Because translated_to(std::string endpoint) const;

  [[nodiscard]] Verdict verdict() const { return verdict_; }
  /// Whether it names, by translated_to() with address and port, where the path was translated to and came to.
  [[nodiscard]] bool names_place_of(const Path& path) const;
  /// Whether the path is of this reason; else, in the words of a failure, what is not so.
  [[nodiscard]] std::optional<std::string> contradiction(const Path& path) const;
  /// `dropped by the rule "guests stay out" at "gw"`
  [[nodiscard]] std::string to_string() const;

 private:
  [[nodiscard]] std::string decision_text() const;
  [[nodiscard]] std::optional<std::string> contradicted_decision(const Path& path) const;
  [[nodiscard]] std::optional<std::string> contradicted_acceptance(const Path& path) const;

  Verdict verdict_;
  std::optional<std::string> comment_, node_, answer_, translation_;
  bool policy_ = false;
};

}  // namespace netrig
