// Two inmates with rules, each of which tells what it sees of its own and of the other's: listing, counters, trace.
//
//   rule DIRECTORY    loads kRules, prints `ready`, and serves, over and over: for each time that DIRECTORY/go is
//   opened
//                     and closed, sends datagrams, and writes to DIRECTORY/answer what it sees
//   watch DIRECTORY   loads the same without what makes kRules its owner's own; has the other one send, tells what that
//                     one sees and what is seen here; sends itself, and tells once more
//
// Both FIFOs are to be there. Each acts in the calling thread's network, whatever that is.
#pragma once

#include <string>

namespace netrig::isolation {

/// How the watcher marks what follows: what the other one sees, what is seen here, and that after it has sent itself.
inline constexpr const char* kThere = "-- there\n";
inline constexpr const char* kHere = "-- here\n";
inline constexpr const char* kHereAfterSending = "-- here, after sending\n";

/// The actions; each throws SetupError where a step fails.
int rule_and_serve(const std::string& directory);
int watch_rules(const std::string& directory);

}  // namespace netrig::isolation
