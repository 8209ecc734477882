// The way to the kernel's netfilter in one network namespace.
//
//   NfSocket gateway = NETRIG_TRY(gateway_ns.run([] { return NfSocket::open("gateway"); }));
//   NETRIG_TRY(apply(gateway, nat_masquerade(wan)));
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace netrig::nft {

/// A NETLINK_NETFILTER socket. It stays in the network namespace of the thread that opened it, and may be used from any
/// thread, also from several at once (they take turns). Move-only.
class NfSocket {
 public:
  /// Opens a socket in the calling thread's network namespace. `label` is what errors call that namespace.
  /// EPERM in a network namespace that the initial user namespace owns (the host's own network, or one that somebody
  /// made there): the rig configures only what it made inside its sandbox.
  static Result<NfSocket> open(std::string label);

  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// For the module's own transport: held from a request to the end of its answer.
  [[nodiscard]] std::unique_lock<std::mutex> take_turn() { return std::unique_lock{*turn_}; }
  /// Reserves `count` sequence numbers and returns the first. Only while holding the turn.
  std::uint32_t reserve_sequence(std::uint32_t count);

 private:
  NfSocket(std::string label, UniqueFd fd);

  std::string label_;
  UniqueFd fd_;
  std::unique_ptr<std::mutex> turn_;
  std::uint32_t sequence_ = 1;
};

}  // namespace netrig::nft
