// Who may reach whom, as matchers.
//
//   EXPECT_THAT(guest, CanReach(printer, tcp(631)));
//     Expected: can reach "printer" (10.9.2.3) on tcp/631
//       Actual: "guest", dropped at "gw": table inet filter, chain forward, rule 4 (handle 9) "guests stay out": ...
//         probe: no answer from 10.9.2.3 on tcp/631; decided after 0.4 ms
//          path: guest eth0 -> gw guest0 -> forward filter rule 4 drop
//         again: ctest --test-dir /src/build/dev -R '^OfficeTest\.GuestsCanPrint$' --output-on-failure
//   EXPECT_THAT(guest, CannotReach(printer, tcp(631)));
//     Expected: cannot reach "printer" (10.9.2.3) on tcp/631
//       Actual: "guest", connected to 10.9.2.3:631 after 0.2 ms
//   EXPECT_THAT(guest, CannotReach(printer, tcp(631), Because(Verdict::dropped).by("guests stay out")));
//   EXPECT_THAT(guest, CannotReach(printer, tcp(631), Verdict::dropped, {.address = second, .port = Port{1023}}));
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/testing/because.h>
#include <netrig/testing/state.h>
#include <netrig/topology/node.h>
#include <netrig/topology/origin.h>
#include <netrig/traffic/service.h>

#include <gmock/gmock.h>

#include <optional>

namespace netrig {

using traffic::icmp;
using traffic::tcp;
using traffic::udp;

/// The node reaches the first address of `to` in every address family that both have: ICMP echo is answered, TCP
/// connects, a UDP datagram comes back. What stays silent is explained (topology/explain.h), which ends in milliseconds
/// where evidence rules an answer out, and waits for kPatience where nothing does. For TCP and UDP somebody must listen
/// there already: a listener that the probe brought would answer in place of a port forwarding that is missing, or
/// leads elsewhere. Where the reason names the place, by translated_to() with address and port, the matcher listens
/// there itself when nobody does. With a reason, that must be how it is reached. Not(CanReach()) holds when it is not
/// answered, whatever for, a closed port too: CannotReach() asks what keeps it out. From an origin's address it asks in
/// that family alone; what cannot be sent from throws SetupError (topology/origin.h).
::testing::Matcher<const Node&> CanReach(const Node& to, const traffic::Service& service,
                                         const std::optional<Because>& reason = {}, const Origin& origin = {});
/// The same for one address.
::testing::Matcher<const Node&> CanReach(const IpAddress& to, const traffic::Service& service,
                                         const std::optional<Because>& reason = {}, const Origin& origin = {});

/// From no address of `to`, in any family that both have, does an answer come. Proven by evidence in milliseconds where
/// there is some (the verdict of a rule or a policy, a refusal, an ICMP error, a missing route or forwarding); else by
/// silence for kSilence, which counts only where the trace listened all the time and tells what became of the question:
/// Verdict::unknown fails, unless that is the reason. A closed port is not taken for a closed firewall: unless
/// Verdict::no_listener is the reason, the matcher listens where nobody does, on the port itself and on the one that
/// the question was translated to, in whatever node it came to; where that cannot be, it fails. So does a TCP or UDP
/// question that somebody took in without a word, unless Verdict::ignored is the reason. With a reason, that must be
/// the reason for every address.
::testing::Matcher<const Node&> CannotReach(const Node& to, const traffic::Service& service,
                                            const std::optional<Because>& reason = {}, const Origin& origin = {});
/// The same for one address; the nodes whose planned address it is are brought to listen.
::testing::Matcher<const Node&> CannotReach(const IpAddress& to, const traffic::Service& service,
                                            const std::optional<Because>& reason = {}, const Origin& origin = {});

/// How long no answer must come before silence alone proves anything.
inline constexpr std::chrono::milliseconds kSilence{1000};
/// How long a probe that should be answered waits.
inline constexpr std::chrono::milliseconds kPatience{5000};

}  // namespace netrig
