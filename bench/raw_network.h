// The networks of the benchmarks, made by hand-packed netlink messages and no library: the floor under every lab.
//
// bridge(N) is what BridgedHostsTest makes: a gateway that forwards, with a bridge (10.2.0.1/16, fd02::1/64), and N
// hosts with a veth each, its addresses and both default routes. p2p() is TwoHostsTest: two hosts and one veth pair.
// When they return, packets flow at once, in both families, without a lost first one.
//
// One thread, as a lab uses one: namespaces in parallel would be faster where a processor is idle, and are not where
// `ctest -j` keeps all of them busy.
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/bench/raw_requests.h>
#include <netrig/bench/raw_socket.h>

#include <cstddef>
#include <functional>
#include <vector>

namespace netrig::bench {

/// Holds the namespaces by fds; its end lets go of them, and the kernel removes the rest in the background. Move-only.
class RawNetwork {
 public:
  /// Called in each new namespace, before it has a device besides lo.
  using Inside = std::function<Result<void>()>;

  static Result<RawNetwork> bridge(std::size_t hosts, const Inside& inside = {});
  static Result<RawNetwork> p2p(const Inside& inside = {});

  /// One echo request of each family from the first host to the last, without a retry.
  [[nodiscard]] Result<void> verify() const;

 private:
  struct Node {
    RawSocket socket;
    UniqueFd network;
  };
  RawNetwork() = default;
  Result<void> make_nodes(std::size_t count, const Inside& inside);
  Result<void> settle(std::size_t node, std::uint32_t first_index, std::size_t count);
  Result<void> await_ipv6();

  std::vector<Node> nodes_;  ///< of a bridge: the gateway, then the hosts
  std::size_t first_host_ = 0;
  RawAddress ipv4_target_{};
  RawAddress ipv6_target_{};
};

}  // namespace netrig::bench
