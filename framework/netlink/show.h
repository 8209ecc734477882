// Several objects together, as the tools list them.
#pragma once

#include <netrig/netlink/address.h>
#include <netrig/netlink/link.h>

#include <span>
#include <string>

namespace netrig::netlink {

/// As `ip address` lists them: each link, its addresses indented below it. Ends with a newline unless empty.
std::string show_addresses(std::span<const Link> links, std::span<const Address> addresses);
/// As `ip -br address` lists them: one line a link.
std::string show_addresses_brief(std::span<const Link> links, std::span<const Address> addresses);

}  // namespace netrig::netlink
