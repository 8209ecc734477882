// A route netlink socket that sends a batch in one system call and waits for its one acknowledgement.
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/bench/raw_requests.h>

#include <cstddef>
#include <utility>

namespace netrig::bench {

/// Stays in the network namespace of the thread that opened it; usable from any thread. Move-only.
class RawSocket {
 public:
  static Result<RawSocket> open();

  /// Sends the batch, waits until the kernel has worked it off, and clears it. Answers to queries are dropped. The
  /// error is the first request's that failed. At most kMaxQueries queries in one batch, or answers are lost (ENOBUFS).
  Result<void> send(RawRequests& requests);

  /// Waits until `count` IPv6 addresses of the namespace work, ::1 among them. A kernel worker makes each work after
  /// the request that adds it is done, even without duplicate address detection: it joins the group for neighbour
  /// solicitations and adds the local route that is looked for here (addrconf_dad_work in net/ipv6/addrconf.c).
  Result<void> await_ipv6_addresses(std::size_t count);

  /// An fd of the socket's network namespace (SIOCGSKNS: ioctl_ns(2) for sockets, no path look-up).
  [[nodiscard]] Result<UniqueFd> network() const;

  static constexpr int kMaxQueries = 64;

 private:
  explicit RawSocket(UniqueFd fd) : fd_{std::move(fd)} {}
  struct LocalRoutes {
    std::size_t count = 0;
    bool changing = false;  ///< a notification came between the answers
  };
  Result<LocalRoutes> local_ipv6_routes();
  UniqueFd fd_;
};

}  // namespace netrig::bench
