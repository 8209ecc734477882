// Which interfaces a ruleset speaks of: a misspelt one makes a rule that matches nothing, and nft does not mind.
#pragma once

#include <netrig/base/result.h>
#include <netrig/nft/nf_socket.h>
#include <netrig/nft/transaction.h>

#include <string>
#include <string_view>
#include <vector>

namespace netrig::nft {

/// A rule or a set, and an interface that it names.
struct NamedInterface {
  std::string name;
  std::string where;  ///< `table inet filter, chain forward, rule 4 (handle 9)`, `table inet filter, set lans`
                      ///< (`line 3` of a file of iptables)
};

/// The interfaces that rules name by `iifname` and `oifname`, alone, in sets, maps and concatenations; patterns
/// (`eth*`) are left out. By number (`iif`, `oif`) nft itself looks the interface up, and refuses one that does not
/// exist.
Result<std::vector<NamedInterface>> named_interfaces(NfSocket& socket);
/// The same of what a transaction adds: rules, sets and elements; `where` is the command, as to_string() has it.
std::vector<NamedInterface> named_interfaces(const Transaction& transaction);
/// The same of a file of iptables-save or ip6tables-save: `-i`, `-o`, and of a bridge's ports `--physdev-in` and
/// `--physdev-out`, negated or not; patterns (`eth+`) are left out. iptables looks no interface up. See iptables(8).
std::vector<NamedInterface> named_interfaces_of_iptables(std::string_view file);

}  // namespace netrig::nft
