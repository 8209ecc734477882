// Proof that a network namespace can hold what labs are made of. Private to the module; runs in a bare clone (see
// raw.h). Every function returns 0 or an errno value.
#pragma once

namespace netrig::sandbox {

/// `ip link add veth0 type veth peer name veth1`
int make_veth_pair() noexcept;
/// `nft add table inet netrig`
int make_nft_table() noexcept;

}  // namespace netrig::sandbox
