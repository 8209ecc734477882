#include <netrig/nft/codec/message.h>
#include <netrig/nft/codec/nftnl.h>
#include <netrig/nft/codec/set_types.h>
#include <netrig/nft/codec/trace_codec.h>
#include <netrig/nft/list.h>
#include <netrig/nft/reserved.h>

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace netrig::nft {
namespace {

constexpr const char* kList = "list ruleset";
constexpr int kMostReadings = 1000;
// NFT_MSG_GETRULE_RESET, since Linux 6.2: newer than the headers of Debian 12.
constexpr std::uint16_t kGetRuleReset = 25;

Result<std::vector<Buffer>> dump_all(NfSocket& socket, std::uint16_t type) {
  return dump(socket, kList, [type](char* room, std::uint32_t sequence) {
    return nftnl_nlmsg_build_hdr(room, type, NFPROTO_UNSPEC, NLM_F_DUMP, sequence);
  });
}

// None if some have what there is no value for.
Result<std::optional<std::vector<SetElement>>> elements_of(NfSocket& socket, const codec::PlacedSet& placed) {
  const auto messages = NETRIG_TRY(dump(socket, kList, [&](char* room, std::uint32_t sequence) {
    nlmsghdr* made = nftnl_nlmsg_build_hdr(room, NFT_MSG_GETSETELEM, static_cast<std::uint16_t>(placed.table.family),
                                           NLM_F_DUMP, sequence);
    mnl_attr_put_strz(made, NFTA_SET_ELEM_LIST_TABLE, placed.table.name.c_str());
    mnl_attr_put_strz(made, NFTA_SET_ELEM_LIST_SET, placed.set.name.c_str());
    return made;
  }));
  return codec::decode_elements(placed.set.type, messages);
}

// Gives the tables their sets; returns those that are part of rules.
Result<codec::AnonymousSets> read_sets(NfSocket& socket, const std::map<TableName, Table*>& tables) {
  codec::AnonymousSets anonymous;
  for (const Buffer& message : NETRIG_TRY(dump_all(socket, NFT_MSG_GETSET))) {
    codec::PlacedSet placed = NETRIG_TRY(codec::decode_set(message));
    const auto table = tables.find(placed.table);
    if (table == tables.end() || !placed.known) continue;
    auto elements = NETRIG_TRY(elements_of(socket, placed));
    if (!elements) continue;
    placed.set.elements = *std::move(elements);
    if (placed.anonymous) {
      anonymous[{placed.table, placed.set.name}] = std::move(placed.set);
    } else {
      table->second->sets.push_back(std::move(placed.set));
    }
  }
  return anonymous;
}

Result<Ruleset> read_once(NfSocket& socket) {
  Ruleset ruleset;
  for (const Buffer& message : NETRIG_TRY(dump_all(socket, NFT_MSG_GETTABLE))) {
    Table table = NETRIG_TRY(codec::decode_table(message));
    if (!is_reserved(table.id())) ruleset.tables.push_back(std::move(table));
  }
  std::map<TableName, Table*> tables;
  for (Table& table : ruleset.tables) tables[table.id()] = &table;
  for (const Buffer& message : NETRIG_TRY(dump_all(socket, NFT_MSG_GETCHAIN))) {
    codec::PlacedChain placed = NETRIG_TRY(codec::decode_chain(message));
    if (const auto table = tables.find(placed.table); table != tables.end()) {
      table->second->chains.push_back(std::move(placed.chain));
    }
  }
  const codec::AnonymousSets anonymous = NETRIG_TRY(read_sets(socket, tables));
  std::map<ChainName, Chain*> chains;
  for (Table& table : ruleset.tables) {
    for (Chain& chain : table.chains) chains[{table.id(), chain.name}] = &chain;
  }
  for (const Buffer& message : NETRIG_TRY(dump_all(socket, NFT_MSG_GETRULE))) {
    codec::PlacedRule placed = NETRIG_TRY(codec::decode_rule(message, anonymous));
    if (const auto chain = chains.find(placed.chain); chain != chains.end()) {
      chain->second->rules.push_back(std::move(placed.rule));
    }
  }
  return ruleset;
}

}  // namespace

Result<std::uint32_t> generation(NfSocket& socket) {
  const auto turn = socket.take_turn();
  const std::uint32_t sequence = socket.reserve_sequence(1);
  Buffer request;
  append_message(request, 64, [&](char* room) {
    return nftnl_nlmsg_build_hdr(room, NFT_MSG_GETGEN, NFPROTO_UNSPEC, NLM_F_ACK, sequence);
  });
  const Answers answers = NETRIG_TRY(send_and_collect(socket, kList, request));
  for (const Answer& answer : answers.answers) {
    if (answer.code != 0) return fail(Error::from_errno(kList, socket.label(), answer.code, answer.detail));
  }
  std::optional<std::uint32_t> number;
  for (const Buffer& message : answers.messages) number = codec::decode_generation(header(message));
  if (number) return *number;
  return fail(Error::from_errno(kList, socket.label(), ENOMSG, "the kernel did not tell the ruleset's generation"));
}

Result<Ruleset> list(NfSocket& socket) {
  for (int tries = 0; tries < kMostReadings; ++tries) {
    const std::uint32_t before = NETRIG_TRY(generation(socket));
    Ruleset ruleset = NETRIG_TRY(read_once(socket));
    if (NETRIG_TRY(generation(socket)) == before) return ruleset;
  }
  return fail(Error::from_errno(kList, socket.label(), EINTR, "it changed during each of 1000 readings"));
}

Result<codec::SetTypes> set_types(NfSocket& socket) {
  codec::SetTypes types;
  for (const Buffer& message : NETRIG_TRY(dump_all(socket, NFT_MSG_GETSET))) {
    const codec::PlacedSet placed = NETRIG_TRY(codec::decode_set(message));
    types[{placed.table, placed.set.name}] = placed.known ? std::optional{placed.set.type} : std::nullopt;
  }
  return types;
}

Result<std::map<TableName, std::uint64_t>> table_handles(NfSocket& socket) {
  std::map<TableName, std::uint64_t> handles;
  for (const Buffer& message : NETRIG_TRY(dump_all(socket, NFT_MSG_GETTABLE))) {
    const Table table = NETRIG_TRY(codec::decode_table(message));
    handles[table.id()] = table.handle;
  }
  return handles;
}

Result<HooksInUse> hooks_in_use(NfSocket& socket) {
  HooksInUse used;
  for (const Buffer& message : NETRIG_TRY(dump_all(socket, NFT_MSG_GETCHAIN))) {
    const auto [table, chain] = NETRIG_TRY(codec::decode_chain(message));
    if (!chain.hook || is_reserved(table)) continue;
    used.bridge |= table.family == Family::bridge;
    used.device |= chain.hook->hook == Hook::ingress;
  }
  return used;
}

Result<Table> list(NfSocket& socket, const TableName& table) {
  const Ruleset ruleset = NETRIG_TRY(list(socket));
  if (const Table* found = ruleset.find(table)) return *found;
  return fail(Error::from_errno(fmt::format("list table {}", to_string(table)), socket.label(), ENOENT));
}

Result<void> reset_counters(NfSocket& socket, const TableName& table) {
  const std::string operation = fmt::format("reset counters of table {}", to_string(table));
  const Table listed = NETRIG_TRY(list(socket, table));
  const auto request = [&](char* room, std::uint32_t sequence) {
    nlmsghdr* made =
        nftnl_nlmsg_build_hdr(room, kGetRuleReset, static_cast<std::uint16_t>(table.family), NLM_F_DUMP, sequence);
    mnl_attr_put_strz(made, NFTA_RULE_TABLE, table.name.c_str());
    return made;
  };
  auto reset = dump(socket, operation, request);
  if (!reset) {
    Error error = std::move(reset).error();
    if (error.code == EINVAL)
      error.detail = "this kernel cannot (it came with Linux 6.2): compare two listings instead";
    return fail(std::move(error));
  }
  Transaction policies;
  for (const Chain& chain : listed.chains) {
    if (!chain.hook || !chain.hook->policy_count) continue;
    Chain fresh{.name = chain.name, .hook = chain.hook};
    fresh.hook->policy_count = Counter{};
    policies.add(table, fresh);
  }
  return apply(socket, policies);
}

}  // namespace netrig::nft
