// Who may reach whom, as matchers.
//
//   EXPECT_THAT(guest, CanReach(printer, tcp(631)));
//     Expected: can reach "printer" (10.9.2.3) on tcp/631
//       Actual: "guest": dropped at "gw": table inet filter, chain forward, rule 4 (handle 9) "guests stay out": ...
//         probe: no answer from 10.9.2.3:631 within 50 ms
//          path: guest eth0 > gw
//         again: ctest --test-dir /src/build/dev -R '^OfficeTest\.GuestsCanPrint$' --output-on-failure
//   EXPECT_THAT(guest, CannotReach(printer, tcp(631)));
//     Expected: cannot reach "printer" (10.9.2.3) on tcp/631
//       Actual: "guest": connected to 10.9.2.3:631 after 0.2 ms
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/topology/node.h>
#include <netrig/traffic/service.h>

#include <gmock/gmock.h>

namespace netrig {

using traffic::icmp;
using traffic::tcp;
using traffic::udp;

/// The node reaches the first address of `to` in every address family that both have: ICMP echo is answered, TCP
/// connects, a UDP datagram comes back. An attempt that stays silent is repeated up to twice, the last one for
/// kPatience; where evidence rules an answer out, none of that is waited for. For TCP and UDP somebody must listen
/// there: a probe does not bring its own listener.
::testing::Matcher<const Node&> CanReach(const Node& to, const traffic::Service& service);
/// The same for one address.
::testing::Matcher<const Node&> CanReach(const IpAddress& to, const traffic::Service& service);

/// From no address of `to`, in any family that both have, does an answer come. Proven by evidence in milliseconds where
/// there is some (a refusal, an ICMP error, the counter of a rule that could have matched, a missing route or
/// forwarding); else by silence for kSilence.
::testing::Matcher<const Node&> CannotReach(const Node& to, const traffic::Service& service);
::testing::Matcher<const Node&> CannotReach(const IpAddress& to, const traffic::Service& service);

/// How long no answer must come before silence alone proves anything.
inline constexpr std::chrono::milliseconds kSilence{1000};
/// How long a probe that should be answered waits.
inline constexpr std::chrono::milliseconds kPatience{5000};

}  // namespace netrig
