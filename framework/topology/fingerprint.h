// A network in one line, to see at a glance whether two runs tested the same thing.
//
//   std::cout << fingerprint(lab);            // 2b0c3c1e-6f0a-5d7e-9d7c-0f5c1b0a3f11
//   std::cout << canonical_text(lab);         // what it is made of: compare two with diff(1)
//
// The same as root and as a user, today and tomorrow, in any process and in any order of tests, on every host that lets
// the rig set its baseline. What may differ between hosts is the environment's: environment.h.
#pragma once

#include <netrig/topology/lab.h>

#include <string>

namespace netrig {
inline namespace topology {

/// The state of every node as the kernel tells it: links (index, name, MAC, MTU, flags, queues, queueing discipline,
/// kind, bridge), addresses, routes of all tables, rules, the ruleset without counters and handles, and the settings of
/// the baseline. Without what traffic or time leaves behind: neighbours, connections, learned MACs, counters. Throws
/// SetupError when the lab has ended.
std::string canonical_text(const Lab& lab);

/// A name-based UUID (RFC 9562, version 5: SHA-1) of canonical_text(), 36 characters.
std::string fingerprint(const Lab& lab);
/// The same of a text that was kept.
std::string fingerprint_of(const std::string& canonical_text);

}  // namespace topology
}  // namespace netrig
