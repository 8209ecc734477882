// sets and their elements as the kernel has them: keys are bytes, a range is a key where it begins and one behind its
// end.
#pragma once

#include <netrig/nft/codec/instruction.h>
#include <netrig/nft/ruleset.h>
#include <netrig/nft/set.h>
#include <netrig/nft/transport.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

struct nftnl_set;  // libnftnl/set.h

namespace netrig::nft::codec {

/// What the kernel is to make the name of a set without one from.
inline constexpr const char* kAnonymousSet = "__set%d";
inline constexpr const char* kAnonymousMap = "__map%d";
/// NF_ACCEPT, NFT_JUMP...
std::uint32_t verdict_code(Verdict::Kind kind);
std::optional<Verdict::Kind> verdict_kind(std::int32_t code);

/// The first and the last key of an element, as the packet has them.
struct KeyRange {
  Bytes first;
  Bytes last;
};
KeyRange keys_of(const SetElement& element);
/// Bytes of a key.
std::size_t key_size_of(KeyType type);
/// The element of those keys.
SetElement element_of(KeyType type, const Bytes& first, const Bytes& last);

/// What the sets are that the commands of a transaction name. None: a set of a kind that has no value here.
using SetTypes = std::map<SetName, std::optional<SetType>>;
/// The type of a set that a rule or command uses. The error's detail says that the table has no such set.
Result<SetType> find_set(const SetTypes& types, const SetName& name);
/// Whether the rule looks into sets that are there and hold what it looks for.
Result<void> check_sets(const Rule& rule, const TableName& table, const SetTypes& types);

/// Whether elements begin a set or come to one that is there: as nft has it, the first range of a new set is preceded
/// by the end of an empty one.
enum class Filling : bool { existing, fresh };
/// Gives libnftnl's set the elements. Precondition: check_elements().
void put_elements(nftnl_set& to, const SetType& type, std::vector<SetElement> elements, Filling filling);
/// The parts of a declaration that libnftnl's set needs.
void put_declaration(nftnl_set& to, const TableName& table, const Set& set, std::uint32_t id);
/// The same for a set that has no name, of `count` elements.
void put_anonymous(nftnl_set& to, const TableName& table, const SetType& type, std::uint32_t id, std::uint32_t count);

/// A set and the table that it is in, without its elements.
struct PlacedSet {
  TableName table;
  Set set;
  bool anonymous = false;  ///< part of a rule
  bool known = true;       ///< all that it has is in `set`; its type is none of ours otherwise
};
Result<PlacedSet> decode_set(const Buffer& message);
/// Collects elements from the messages of a listing. None: some have what there is no value for (a comment, a
/// time-out).
Result<std::optional<std::vector<SetElement>>> decode_elements(const SetType& type,
                                                               const std::vector<Buffer>& messages);

}  // namespace netrig::nft::codec
