// Rulesets with one fault each: what a slip of the editor makes of a good one.
//
//   for (const Mutant& mutant : mutants_of(gateway.ruleset())) gateway.load_ruleset_text(mutant.command);
#pragma once

#include <netrig/nft/listing.h>

#include <string>
#include <vector>

namespace netrig::office {

/// One change of one rule.
struct Mutant {
  nft::ListedRule rule;
  std::string fault;    ///< `removed`, `accepts`, `drops`
  std::string command;  ///< nft's, to be loaded on top of the ruleset that was listed
};

/// For each rule, in order: one without it; and, where it decides, one in which it decides otherwise: what it accepted
/// it drops, everything else (drop, reject, jump, return, a translation) it accepts. Needs a listing with handles.
std::vector<Mutant> mutants_of(const nft::Listing& listing);

}  // namespace netrig::office
