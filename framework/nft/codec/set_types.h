// what sets a namespace has, for the commands that name them.
#pragma once

#include <netrig/nft/codec/set_codec.h>
#include <netrig/nft/nf_socket.h>

namespace netrig::nft {

/// Every set and map, those of rules among them. Takes the turn.
Result<codec::SetTypes> set_types(NfSocket& socket);

}  // namespace netrig::nft
