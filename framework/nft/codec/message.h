// steps, tables, chains and rules to and from the kernel's messages, by libnftnl.
#pragma once

#include <netrig/nft/codec/instruction.h>
#include <netrig/nft/codec/set_codec.h>
#include <netrig/nft/conntrack.h>
#include <netrig/nft/ruleset.h>
#include <netrig/nft/transaction.h>
#include <netrig/nft/transport.h>

#include <cstdint>
#include <map>
#include <vector>

struct nftnl_rule;  // libnftnl/rule.h

namespace netrig::nft::codec {

/// Appends the expressions that `steps` stand for to a libnftnl rule. `sets`: the numbers in their batch of the sets
/// without a name, in the order in which the steps look into them.
void encode_steps(nftnl_rule& rule, const std::vector<Instruction>& steps, const std::vector<std::uint32_t>& sets);

/// The sets without a name that rules look into, with their elements, by the names that the kernel gave them.
using AnonymousSets = std::map<SetName, Set>;
/// Where the steps of a rule find them.
struct SetsOfTable {
  const TableName& table;
  const AnonymousSets& sets;
};

/// A rule of a listing as steps, with a text for each of them, and the comment of iptables' `-m comment`.
struct DecodedRule {
  std::vector<Instruction> steps;
  std::vector<std::string> texts;
  std::string xt_comment;
};
DecodedRule decode_steps(const nftnl_rule& rule, const SetsOfTable& sets);

/// Appends the messages of a command to `batch`, with `sequence` and netlink `flags` beside those that it needs.
/// `sets` has every set that the command names. The error's detail is the reason why the command cannot be written;
/// nothing is to be sent then.
Result<void> encode(const Command& command, Buffer& batch, std::uint32_t sequence, std::uint16_t flags,
                    const SetTypes& sets);

Result<Table> decode_table(const Buffer& message);
/// A chain and the table that it is in.
struct PlacedChain {
  TableName table;
  Chain chain;
};
Result<PlacedChain> decode_chain(const Buffer& message);
/// A rule and the chain that it is in.
struct PlacedRule {
  ChainName chain;
  Rule rule;
};
/// Where it looks into a set without a name that is none of `sets`, it has an Unknown.
Result<PlacedRule> decode_rule(const Buffer& message, const AnonymousSets& sets = {});

/// An entry of the connection table, from an IPCTNL_MSG_CT_NEW. Errors: EBADMSG.
Result<ConntrackEntry> decode_conntrack(const Buffer& message);

}  // namespace netrig::nft::codec
