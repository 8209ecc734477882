// One thing that a firewall must do, and whether it does: who asks whom, what becomes of it, and which rule says so.
//
//   Check check = flow("GuestsStayOut", "phone", "10.1.10.10", tcp(445), rejected("guests stay out",
//   "host-prohibited")); contradiction(check.expected, check.ask(office));     // nothing, or what is not so
#pragma once

#include <netrig/suites/firewall/crafted.h>
#include <netrig/suites/firewall/office.h>
#include <netrig/topology/verdict.h>
#include <netrig/traffic/service.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::office {

/// What must be so. Rules are named by their comments; a policy is `policy`.
struct Expected {
  Verdict verdict = Verdict::accepted;
  std::string by = {};                    ///< the rule that decided on the question; empty: any
  std::string answer = {};                ///< how it was rejected, as nft names it
  std::string translation = {};           ///< to be found in the path's translations; `none`: there is none
  std::vector<std::string> meets = {};    ///< rules that the packets meet as well
  std::vector<std::string> arrives = {};  ///< as what the question comes to the Internet: rules that it has for that

  Expected& translated(std::string text);
  Expected& meeting(std::string comment);
  Expected& arriving(std::string comment);
  /// The same without the rules met on the way: what people have of the firewall, and nothing that names its rules
  /// where they decide nothing.
  [[nodiscard]] Expected effects() const;
};
Expected accepted(std::string by);
Expected dropped(std::string by);
Expected rejected(std::string by, std::string answer);
/// Let through, to where nobody listens; the sender is told by an error that had to be let through too.
Expected unserved(std::string by);

/// What was seen, in the same words.
struct Seen {
  Verdict verdict = Verdict::unknown;
  std::string by = {}, answer = {}, translation = {};
  std::set<std::string> met = {};  ///< comments of every rule, of whatever node, that a packet met, there and back
  std::string text = {};           ///< all of it, for people
};

/// What is not so, in words; nothing when all is.
std::optional<std::string> contradiction(const Expected& expected, const Seen& seen);

struct Check {
  std::string behaviour;  ///< which one it belongs to: the name of a test
  std::string name;       ///< `pc to 198.51.100.10 on tcp/22`
  Expected expected;
  std::function<Seen(Office&)> ask = {};
  std::optional<Service> served = {};  ///< who must listen
  bool anew = false;                   ///< wants rules that have learned nothing yet: Office::reload()
};

/// A question and its answer, by explain(). The owner of `to` listens, or `served` where it is translated.
Check flow(std::string behaviour, std::string from, std::string to, traffic::Service service, Expected expected,
           std::optional<Service> served = {});
/// A packet that `from` puts on the cable to a zone, towards the gateway. It comes through (accepted), or not.
Check crafted(std::string behaviour, std::string name, const std::string& from, const std::string& zone,
              const Packet& packet, Expected expected);
/// The check, with rules that have learned nothing yet.
Check anew(Check check);
/// The check's question again and again, `times` at most, until the rule that is expected has decided.
Check repeated(Check check, int times);
/// The check's question while `from` holds `count` connections to the same place.
Check beside(Check check, const std::string& from, const std::string& to, traffic::Service service, int count);

/// All that office.nft is to do (office_checks.cc).
const std::vector<Check>& checks();
/// Everybody who must listen for them.
std::set<Service> services(const std::vector<Check>& checks);

}  // namespace netrig::office
