// what is looked up in sets, as the steps that load it.
#pragma once

#include <netrig/nft/codec/instruction.h>

#include <optional>

namespace netrig::nft::codec {

/// A load, and what must be known of a packet before it means that field.
struct FieldSource {
  Field field;
  std::optional<AddressFamily> network;
  std::optional<Protocol> transport;
  Instruction load;
};
FieldSource source_of(Field field);

/// What `load` means for a packet of which that much is known; none: not what sets hold.
std::optional<Field> field_of(const Instruction& load, std::optional<AddressFamily> network,
                              std::optional<Protocol> transport);

}  // namespace netrig::nft::codec
