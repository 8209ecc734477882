// The connections that a node tracks, as matchers: what it translated, and what it remembers.
//
//   EXPECT_THAT(gw, HasConnection(AllOf(ConnectsTo(server.address(), 80), TranslatedTo(gw.address("wan")))));
//     Expected: has a connection that (connects to 10.9.0.2:80) and (is translated to 203.0.113.1)
//       Actual: "gw", which has
//         tcp      6 431999 ESTABLISHED src=10.0.0.2 dst=10.9.0.2 sport=40000 dport=80 src=10.9.0.2 ...
//   nft::ConntrackEntry entry = ...;                       // nft/conntrack.h, nft/conntrack_watch.h
//   EXPECT_THAT(entry, AllOf(InState("ESTABLISHED"), ForwardedTo(inside, 80), TimesOutIn(Gt(100))));
//
// A node tracks connections where a rule asks for it: by `ct`, or by a chain of type nat.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/net/port.h>
#include <netrig/nft/conntrack.h>
#include <netrig/topology/node.h>

#include <gmock/gmock.h>

#include <optional>
#include <string>

namespace netrig {

/// Some connection of the node fulfils the matcher. A failure lists all there are, as `conntrack -L` does.
::testing::Matcher<const Node&> HasConnection(const ::testing::Matcher<const nft::ConntrackEntry&>& connection);

/// As it was opened: from, or to, that address, and that port (of TCP, UDP and their like).
::testing::Matcher<const nft::ConntrackEntry&> ConnectsFrom(const IpAddress& address, std::optional<Port> port = {});
::testing::Matcher<const nft::ConntrackEntry&> ConnectsTo(const IpAddress& address, std::optional<Port> port = {});

/// A NAT mapping: the other side sees that source address, and that port. An address that stays what it was is no
/// translation.
::testing::Matcher<const nft::ConntrackEntry&> TranslatedTo(const IpAddress& public_address,
                                                            std::optional<Port> port = {});
/// A port forwarding: that address answers in place of the one that was asked.
::testing::Matcher<const nft::ConntrackEntry&> ForwardedTo(const IpAddress& address, std::optional<Port> port = {});
/// Neither end is translated: the reply is the mirror of what was opened.
::testing::Matcher<const nft::ConntrackEntry&> Untranslated();

/// The state of TCP: `ESTABLISHED`, `TIME_WAIT`; `ASSURED` and `UNREPLIED` of any connection, as conntrack(8) has them.
::testing::Matcher<const nft::ConntrackEntry&> InState(std::string state);
/// The seconds until it is forgotten.
::testing::Matcher<const nft::ConntrackEntry&> TimesOutIn(const ::testing::Matcher<std::uint32_t>& seconds);

}  // namespace netrig
