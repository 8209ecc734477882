// Policy rules to and from netlink messages.
#pragma once

#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/rule.h>

#include <optional>
#include <string>

namespace netrig::netlink::codec {

/// `type` is RTM_NEWRULE or RTM_DELRULE; `flags` what to do when there is one already (NLM_F_CREATE, ...).
/// (Rules name their devices in text, so the resolver is not asked.)
void encode_rule(Buffer& buffer, int type, int flags, const Rule& rule, Resolver& index);
void encode_rule_dump(Buffer& buffer, AddressFamily family);

/// From an RTM_NEWRULE or RTM_DELRULE, of the kernel or a request. nullopt: malformed, or neither IPv4 nor IPv6.
std::optional<Rule> decode_rule(const nlmsghdr* message);
/// What a request for a rule asks: `rule from 10.1.0.0/24 lookup 7 priority 100`.
std::string describe_rule(const nlmsghdr* message);

}  // namespace netrig::netlink::codec
