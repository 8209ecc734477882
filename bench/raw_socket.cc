#include <netrig/base/deadline.h>
#include <netrig/base/scope_exit.h>
#include <netrig/bench/raw_socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

namespace netrig::bench {

namespace {

constexpr std::chrono::seconds kPatience{5};

// Calls `take(header, payload)` for each message of a datagram until it returns true; whether one did.
template <class Take>
bool any_message(const char* data, std::size_t size, Take take) {
  while (size >= sizeof(nlmsghdr)) {
    const auto* message = reinterpret_cast<const nlmsghdr*>(data);
    const std::size_t length = NLMSG_ALIGN(message->nlmsg_len);
    if (message->nlmsg_len < sizeof(nlmsghdr) || length > size) return false;
    if (take(*message, data + NLMSG_HDRLEN)) return true;
    data += length;
    size -= length;
  }
  return false;
}

// Reads one datagram of answers. True when it held the acknowledgement of request `last`.
bool take_answers(const char* data, std::size_t size, std::uint32_t last, int& first_error) {
  return any_message(data, size, [&](const nlmsghdr& answer, const char* payload) {
    if (answer.nlmsg_type != NLMSG_ERROR) return false;
    const auto* report = reinterpret_cast<const nlmsgerr*>(payload);
    if (report->error != 0 && first_error == 0) first_error = -report->error;
    return answer.nlmsg_seq == last;
  });
}

}  // namespace

Result<RawSocket> RawSocket::open() {
  UniqueFd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  if (!fd) return fail(Error::from_errno("open a route netlink socket", {}, errno));
  const int on = 1;  // an acknowledgement without a copy of the request
  if (setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) != 0) {
    return fail(Error::from_errno("set NETLINK_CAP_ACK", {}, errno));
  }
  return RawSocket{std::move(fd)};
}

Result<void> RawSocket::send(RawRequests& requests) {
  if (requests.empty()) return {};
  requests.close();
  const auto& bytes = requests.bytes();
  if (::send(fd_.get(), bytes.data(), bytes.size(), 0) < 0) {
    return fail(Error::from_errno("send " + std::to_string(bytes.size()) + " bytes of requests", {}, errno));
  }
  int first_error = 0;
  alignas(nlmsghdr) std::array<char, 32768> buffer;
  for (bool done = false; !done;) {
    const auto size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return fail(Error::from_errno("receive acknowledgements", {}, errno));
    done = take_answers(buffer.data(), static_cast<std::size_t>(size), requests.last_sequence(), first_error);
  }
  requests.clear();
  if (first_error != 0) return fail(Error::from_errno("hand-packed route netlink request", {}, first_error));
  return {};
}

Result<RawSocket::LocalRoutes> RawSocket::local_ipv6_routes() {
  RawRequests dump;
  dump.query_ipv6_routes();
  if (::send(fd_.get(), dump.bytes().data(), dump.bytes().size(), 0) < 0) {
    return fail(Error::from_errno("dump IPv6 routes", {}, errno));
  }
  alignas(nlmsghdr) std::array<char, 32768> buffer;
  for (LocalRoutes routes;;) {
    const auto size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return fail(Error::from_errno("dump IPv6 routes", {}, errno));
    const auto take = [&](const nlmsghdr& answer, const char* payload) {
      if (answer.nlmsg_seq != dump.last_sequence()) {
        routes.changing = true;
        return false;
      }
      if (answer.nlmsg_type == NLMSG_DONE) return true;
      if (reinterpret_cast<const rtmsg*>(payload)->rtm_type == RTN_LOCAL) ++routes.count;
      return false;
    };
    if (any_message(buffer.data(), static_cast<std::size_t>(size), take)) return routes;
  }
}

Result<void> RawSocket::await_ipv6_addresses(std::size_t count) {
  if (NETRIG_TRY(local_ipv6_routes()).count >= count) return {};
  const int group = RTNLGRP_IPV6_ROUTE;
  if (setsockopt(fd_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
    return fail(Error::from_errno("listen to IPv6 routes", {}, errno));
  }
  const ScopeExit leave{[&] { setsockopt(fd_.get(), SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof group); }};
  const auto deadline = Deadline::after(kPatience);
  for (;;) {
    const auto routes = NETRIG_TRY(local_ipv6_routes());
    if (routes.count >= count) return {};
    if (routes.changing) continue;
    if (!NETRIG_TRY(wait_readable(fd_.get(), deadline))) {
      return fail(Error::from_errno("wait for IPv6 addresses", {}, ETIMEDOUT));
    }
    std::array<char, 4096> event;
    if (recv(fd_.get(), event.data(), event.size(), 0) < 0) {
      return fail(Error::from_errno("receive a notification", {}, errno));
    }
  }
}

Result<UniqueFd> RawSocket::network() const {
  UniqueFd fd{ioctl(fd_.get(), SIOCGSKNS)};
  if (!fd) return fail(Error::from_errno("get the network namespace of a socket (SIOCGSKNS)", {}, errno));
  return fd;
}

}  // namespace netrig::bench
