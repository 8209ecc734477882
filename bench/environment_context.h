// What figures depend on besides the code, in the context of Google Benchmark's JSON:
//
//   "environment.kernel": "6.18.5", "environment.client.mtu": "1500", "environment.client.qdisc": "noqueue", ...
//
// `netrig bench compare` warns of what differs between two files.
#pragma once

namespace netrig::bench {

/// Adds what measured_environment() tells of two machines and a cable, each member by its path, and
/// `environment.affinity`, the processors that this process may use. Once; where the two cannot be made,
/// `environment.error` says why.
void add_environment_context();

}  // namespace netrig::bench
