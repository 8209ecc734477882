#include <netrig/nft/codec/message.h>
#include <netrig/nft/codec/set_types.h>
#include <netrig/nft/transaction.h>

#include <fmt/format.h>
#include <libnftnl/common.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

namespace netrig::nft {
namespace {

constexpr std::size_t kMarkerRoom = 64;

std::string summary(const Transaction& transaction) {
  const std::size_t count = transaction.commands.size();
  return count == 1 ? to_string(transaction.commands.front()) : fmt::format("apply {} nftables commands", count);
}

// The sets that a rule names.
std::vector<SetName> sets_of(const Rule& rule, const TableName& table) {
  std::vector<SetName> names;
  for (const Expression& expression : rule.expressions) {
    if (const auto* match = std::get_if<SetMatch>(&expression)) names.push_back({table, match->name});
    if (const auto* map = std::get_if<VerdictMap>(&expression)) names.push_back({table, map->name});
  }
  std::erase_if(names, [](const SetName& set) { return set.name.empty(); });
  return names;
}

std::vector<SetName> sets_of(const Command& command) {
  if (const auto* add = std::get_if<AddRule>(&command)) return sets_of(add->rule, add->chain.table);
  if (const auto* replace = std::get_if<ReplaceRule>(&command)) return sets_of(replace->rule, replace->chain.table);
  if (const auto* add = std::get_if<AddElement>(&command)) return {add->set};
  if (const auto* remove = std::get_if<DeleteElement>(&command)) return {remove->set};
  return {};
}

// What the sets are that the commands name: from those that add them, and where that is not all, from the kernel, which
// would not notice a look-up of the wrong kind.
Result<codec::SetTypes> types_of_sets(NfSocket& socket, const Transaction& transaction) {
  codec::SetTypes types;
  for (const Command& command : transaction.commands) {
    if (const auto* add = std::get_if<AddSet>(&command)) types[{add->table, add->set.name}] = add->set.type;
  }
  const auto unknown = [&](const Command& command) {
    return std::ranges::any_of(sets_of(command), [&](const SetName& set) { return !types.contains(set); });
  };
  if (std::ranges::any_of(transaction.commands, unknown)) types.merge(NETRIG_TRY(set_types(socket)));
  return types;
}

// The batch: a begin marker with sequence number `first`, one message a command, an end marker. Only the last message
// asks for an acknowledgement: failures are told anyway, and thousands of acknowledgements would overflow the socket.
Result<Buffer> build(const Transaction& transaction, std::uint32_t first, const std::string& label,
                     std::uint16_t last_flags, const codec::SetTypes& sets) {
  Buffer batch;
  std::uint32_t sequence = first;
  append_message(batch, kMarkerRoom, [&](char* room) { return nftnl_batch_begin(room, sequence); });
  for (const Command& command : transaction.commands) {
    const bool last = &command == &transaction.commands.back();
    auto encoded = codec::encode(command, batch, ++sequence, last ? last_flags : std::uint16_t{0}, sets);
    if (!encoded) {
      Error error = std::move(encoded).error();
      const bool malformed_text = !error.operation.empty();
      return fail(
          Error{error.code, to_string(command), label, malformed_text ? error.message() : std::move(error.detail)});
    }
  }
  append_message(batch, kMarkerRoom, [&](char* room) { return nftnl_batch_end(room, ++sequence); });
  return batch;
}

// Nothing has changed if there was any failure: the kernel undoes the whole batch. It reports in the order of commands.
Result<void> judge(const Transaction& transaction, std::uint32_t first, const std::string& label, const Answers& all) {
  const auto failed = std::ranges::find_if(all.answers, [](const Answer& answer) { return answer.code != 0; });
  if (failed == all.answers.end()) {
    if (!all.answers.empty() && !all.lost) return {};
    return fail(Error::from_errno(summary(transaction), label, all.lost ? ENOBUFS : ENOMSG,
                                  all.lost ? "the kernel's answer was lost, so that it may have been done"
                                           : "the kernel gave no whole answer, so that it may have been done"));
  }
  const std::uint32_t index = failed->sequence - first - 1;
  const bool named = index < transaction.commands.size();
  return fail(Error::from_errno(named ? to_string(transaction.commands[index]) : summary(transaction), label,
                                failed->code, failed->detail));
}

Result<Answers> perform(NfSocket& socket, const Transaction& transaction, std::uint16_t last_flags) {
  const codec::SetTypes sets = NETRIG_TRY(types_of_sets(socket, transaction));
  const auto turn = socket.take_turn();
  const auto count = static_cast<std::uint32_t>(transaction.commands.size());
  const std::uint32_t first = socket.reserve_sequence(count + 2);
  const Buffer batch = NETRIG_TRY(build(transaction, first, socket.label(), last_flags, sets));
  Answers answers = NETRIG_TRY(send_and_collect(socket, summary(transaction), batch));
  std::erase_if(answers.answers, [&](const Answer& answer) { return answer.sequence - first >= count + 2; });
  NETRIG_TRY(judge(transaction, first, socket.label(), answers));
  return answers;
}

}  // namespace

Result<void> apply(NfSocket& socket, const Transaction& transaction) {
  if (transaction.commands.empty()) return {};
  NETRIG_TRY(perform(socket, transaction, NLM_F_ACK));
  return {};
}

Result<void> apply(NfSocket& socket, const Ruleset& ruleset) { return apply(socket, Transaction{}.add(ruleset)); }

Result<std::uint64_t> add_rule(NfSocket& socket, const ChainName& chain, const Rule& rule) {
  const Transaction transaction = Transaction{}.add(chain, rule);
  const Answers answers = NETRIG_TRY(perform(socket, transaction, NLM_F_ACK | NLM_F_ECHO));
  for (const Buffer& message : answers.messages) {
    if (header(message)->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE)) continue;
    return NETRIG_TRY(codec::decode_rule(message)).rule.handle;
  }
  return fail(
      Error::from_errno(summary(transaction), socket.label(), ENOMSG, "the kernel did not tell the rule's handle"));
}

}  // namespace netrig::nft
