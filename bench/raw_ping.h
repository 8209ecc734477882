// One echo request: does a network made by hand carry packets?
#pragma once

#include <netrig/base/result.h>
#include <netrig/bench/raw_requests.h>

namespace netrig::bench {

/// Sends one ICMP or ICMPv6 echo request from the namespace `network` and waits for its reply. No retry: a reply that
/// takes longer than 500 ms is an error, since a lost first request (address resolution repeats after 1 s: RFC 826's
/// and RFC 4861's retransmission time in Linux) means that the network was not ready. Needs CAP_NET_RAW there.
Result<void> raw_ping(int network, const RawAddress& target);

}  // namespace netrig::bench
