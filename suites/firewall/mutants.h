// Rulesets with one fault each: what a slip of the editor makes of a good one.
//
//   for (const Mutant& mutant : rule_mutants(gateway.ruleset())) gateway.load_ruleset_text(mutant.command);
#pragma once

#include <netrig/nft/listing.h>

#include <set>
#include <string>
#include <vector>

namespace netrig::office {

/// One change of one rule, or of one element of a set or a map.
struct Mutant {
  std::string what;             ///< the rule's comment; `bogons4: 10.0.0.0/8`
  std::string fault;            ///< `removed`, `accepts`, `drops`, `strays`, `sets`
  std::string command;          ///< nft's, to be loaded on top of the ruleset that was listed
  std::set<std::string> rules;  ///< comments of those that may do otherwise now
  bool logs = false;            ///< of a rule that logs: that packets meet it is all that is seen of it
  std::string word = {};        ///< what packets that notice may have to do with: an interface, an address
};

/// For each rule, in order: one without it; and, where it decides, one in which it decides otherwise: what it accepted
/// it drops, everything else (drop, reject, jump, return, a translation) it accepts; of a port forwarding also one that
/// leads to another address; of a rule that writes a value (segment size, DSCP, mark) one that writes another. Needs a
/// listing with handles, in which every rule has a comment.
std::vector<Mutant> rule_mutants(const nft::Listing& listing);
/// The same for each element of the sets and maps.
std::vector<Mutant> element_mutants(const nft::Listing& listing);

}  // namespace netrig::office
