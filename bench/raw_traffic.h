// The same traffic without the library: two threads, one socket each, and the system calls that anyone would write.
// What the library costs shows beside these.
#pragma once

#include <netrig/bench/sampled.h>

namespace netrig::bench {

/// send(2) of a mebibyte against recv(2) of as much that the kernel discards (tcp(7), MSG_TRUNC), as the library's
/// receiver has it.
Result<Sampled> raw_tcp(const BuiltPath& path);
/// A system call a datagram on both sides.
Result<Sampled> raw_udp(const BuiltPath& path, std::size_t payload);
/// One request at a time, both sides blocking.
Result<Sampled> raw_latency(const BuiltPath& path, bool over_tcp);

}  // namespace netrig::bench
