// Private to the module: a socket on which the kernel tells of traced packets, and what all users of it do.
#pragma once

#include <netrig/nft/names.h>
#include <netrig/nft/nf_socket.h>

#include <functional>
#include <string>

#include <linux/netlink.h>

namespace netrig::nft {

/// A socket of the calling thread's network namespace that hears traces, with as much room for them as can be had.
Result<NfSocket> open_trace_socket(const std::string& label);
/// Makes it hear that the ruleset changed (NFT_MSG_NEWGEN, after the change), and of traces no more than rules that
/// matched. Errors: of setsockopt(2).
Result<void> hear_rules_and_generations(NfSocket& socket);

/// Takes in what waits, without waiting. True when messages were lost meanwhile: there were more than the socket holds.
Result<bool> read_messages(NfSocket& socket, const std::function<void(const nlmsghdr* message)>& take);

/// A raw socket of the calling thread's network namespace for packets that nothing but a trace has to do with.
Result<UniqueFd> open_canary(Protocol protocol, const std::string& label);
/// Sends one to loopback. False where that cannot even be sent, because nothing has that address.
bool send_canary(const UniqueFd& canary);

}  // namespace netrig::nft
