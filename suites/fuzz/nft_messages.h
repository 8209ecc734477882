// The messages by which nftables would tell of a table, a chain or a rule, well formed as the kernel's are, with any
// parts of any value in any order. (libnftnl ends the process by exit(3) on attributes of a length that it does not
// expect, so plain bytes would find its checks and nothing of ours.)
#pragma once

#include <netrig/nft/transport.h>
#include <netrig/suites/fuzz/target.h>

namespace netrig::fuzz {

/// Each takes a family, which parts there are, and the parts from `input`.
nft::Buffer table_message(Input& input);
nft::Buffer chain_message(Input& input);
/// Up to 24 expressions.
nft::Buffer rule_message(Input& input);

}  // namespace netrig::fuzz
