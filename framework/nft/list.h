// Reading a namespace's ruleset back.
#pragma once

#include <netrig/nft/nf_socket.h>
#include <netrig/nft/ruleset.h>

#include <cstdint>
#include <map>

namespace netrig::nft {

/// All tables, chains and rules with their handles and counters, as of one moment: read again when the ruleset changed
/// meanwhile. The rig's own tables (reserved.h) are left out. Of sets and maps those of set.h's kinds are listed, whose
/// elements have no comment, time-out or counter; objects are not. Rules that look into others show an Unknown. Rules
/// that iptables made are read as far as they are nftables' own; extensions show as `xt match "conntrack"`.
Result<Ruleset> list(NfSocket& socket);
/// The table of that name; ENOENT if there is none.
Result<Table> list(NfSocket& socket, const TableName& table);

/// The kernel's numbers of all tables, the rig's own among them. A table that is removed and made again has another
/// one.
Result<std::map<TableName, std::uint64_t>> table_handles(NfSocket& socket);

/// Places of base chains, of whoever's tables, that not every packet passes.
struct HooksInUse {
  bool bridge = false;  ///< of a table of family bridge: where a bridge passes frames on
  bool device = false;  ///< ingress, of a netdev or inet table; a packet that egress rules meet was traced before
};
/// The rig's own are left out.
Result<HooksInUse> hooks_in_use(NfSocket& socket);

/// The number that counts the changes of this namespace's ruleset: the same twice means that nothing changed.
Result<std::uint32_t> generation(NfSocket& socket);

/// Sets the counters of all rules and policies of a table to zero. ENOENT if there is no such table.
/// Needs Linux 6.2; on older kernels EINVAL, and the remedy is to compare two listings (counted_between()).
Result<void> reset_counters(NfSocket& socket, const TableName& table);

}  // namespace netrig::nft
