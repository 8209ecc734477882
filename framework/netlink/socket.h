// A route netlink socket: the way to configure, and look at, one network namespace.
//
//   auto client = NETRIG_TRY(client_ns.run([] { return Socket::open("client"); }));
//   NETRIG_TRY(Batch{client}.change_link({.device = {.name = eth0}, .up = true}).send());
//   for (const Link& link : NETRIG_TRY(dump_links(client))) std::cout << link << '\n';
//
// The socket belongs to the network namespace in which it was made and stays there, whatever its users do: it may be
// used from any thread, by one thread at a time.
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>

#include <cstdint>
#include <string>

namespace netrig::netlink {

/// What a Socket may be used for.
enum class Access : std::uint8_t {
  configure,  ///< requests that change the namespace, and dumps. Refused in a namespace that the host's own user
              ///< namespace owns
  read_only,  ///< dumps and events alone, anywhere
};

/// An open NETLINK_ROUTE socket (netlink(7), rtnetlink(7)) with extended acknowledgements and strict checking on.
/// Move-only.
class Socket {
 public:
  /// Opens a socket in the calling thread's network namespace. `label` is what errors call that namespace: the node's
  /// name. EPERM for Access::configure in a network namespace owned by the initial user namespace (the host's own
  /// network, or one that somebody made there): the rig configures only what it made inside its sandbox.
  static Result<Socket> open(std::string label = {}, Access access = Access::configure);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] Access access() const { return access_; }
  /// Reserves `count` sequence numbers and gives the first. For the transport of this module.
  std::uint32_t reserve_sequence(std::uint32_t count);

 private:
  Socket(UniqueFd fd, std::string label, Access access);

  UniqueFd fd_;
  std::string label_;
  Access access_ = Access::read_only;
  std::uint32_t sequence_ = 0;
};

}  // namespace netrig::netlink
