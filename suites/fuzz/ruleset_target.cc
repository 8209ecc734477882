// nftables' answers about tables, chains and rules. The first byte says which.
#include <netrig/nft/codec/message.h>
#include <netrig/suites/fuzz/nft_messages.h>

namespace netrig::fuzz {
namespace {

using nft::Buffer;
using nft::Family;

void table(const Buffer& message) {
  if (const auto table = nft::codec::decode_table(message)) std::ignore = to_string(*table, nft::Handles::show);
}

void chain(const Buffer& message) {
  auto placed = nft::codec::decode_chain(message);
  if (!placed) return;
  const nft::Table table{.family = placed->table.family, .name = placed->table.name, .chains = {placed->chain}};
  std::ignore = to_string(table, nft::Handles::show);
}

// A rule that such a table can hold is, written and listed again, what it was.
void rule(const Buffer& message) {
  const auto placed = nft::codec::decode_rule(message);
  if (!placed) return;
  const Family family = placed->chain.table.family;
  const std::string text = to_string(placed->rule, family);
  const auto listed = nft::canonical(placed->rule, family);
  if (!listed) return;
  const auto again = nft::canonical(*listed, family);
  require(again.has_value(), "what was listed can be written", text);
  require(to_string(*again, family) == to_string(*listed, family), "a rule that was listed stays as it is", text);
}

}  // namespace

void run(Input input) {
  switch (input.take() % 3) {
    case 0:
      return table(table_message(input));
    case 1:
      return chain(chain_message(input));
    default:
      return rule(rule_message(input));
  }
}

}  // namespace netrig::fuzz
