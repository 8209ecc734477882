#include <netrig/topology/question.h>

#include <algorithm>
#include <chrono>
#include <poll.h>

namespace netrig {
inline namespace topology {

namespace {

using nft::IcmpType;
using nft::Icmpv6Type;
using nft::Protocol;
using nft::Rule;

// How long an echo request waits when it is asked again.
constexpr std::chrono::milliseconds kEchoWait{10};

void add_icmp_errors(std::vector<Rule>& packets, AddressFamily family) {
  if (family == AddressFamily::ipv4) {
    for (const auto type : {IcmpType::destination_unreachable, IcmpType::time_exceeded})
      packets.push_back(Rule{}.icmp_type(type));
  } else {
    for (const auto type : {Icmpv6Type::destination_unreachable, Icmpv6Type::time_exceeded})
      packets.push_back(Rule{}.icmpv6_type(type));
  }
}

void add_echo(std::vector<Rule>& packets, AddressFamily family) {
  if (family == AddressFamily::ipv4) {
    for (const auto type : {IcmpType::echo_request, IcmpType::echo_reply}) packets.push_back(Rule{}.icmp_type(type));
  } else {
    for (const auto type : {Icmpv6Type::echo_request, Icmpv6Type::echo_reply})
      packets.push_back(Rule{}.icmpv6_type(type));
  }
}

}  // namespace

Question::Question(Node from, const IpAddress& to, const traffic::Service& service)
    : from_{std::move(from)}, to_{to}, service_{service} {
  if (service.is_icmp()) return;
  probe_.emplace(
      value_or_throw(from_.run([&] { return traffic::Probe::open({.service = service, .destination = to}); })));
  port_ = value_or_throw(probe_->claim_port());
}

short Question::events() const { return static_cast<short>(service_.is_tcp() ? POLLOUT : POLLIN); }

std::vector<Rule> Question::packets() const {
  std::vector<Rule> packets;
  const auto family = to_.family();
  if (service_.is_icmp()) {
    add_echo(packets, family);
  } else {
    // Of any transport and family, because every match costs time; other users of these ports do no harm.
    for (const Port port : {port_, *service_.port()}) {
      for (const auto side : {nft::Side::destination, nft::Side::source})
        packets.push_back(Rule{}.add(nft::PortMatch{.protocol = {}, .side = side, .ports = port}));
    }
  }
  add_icmp_errors(packets, family);
  return packets;
}

bool Question::is_this(const nft::TracedPacket& packet) const {
  if (packet.destination != to_) return false;
  if (!service_.is_icmp()) return packet.source_port == port_ && packet.destination_port == service_.port();
  const int request =
      to_.is_v4() ? static_cast<int>(IcmpType::echo_request) : static_cast<int>(Icmpv6Type::echo_request);
  return packet.icmp && packet.icmp->type == request;
}

Attempt Question::ask(Deadline deadline) {
  if (probe_) return attempt_of(probe_->run(deadline));
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline.remaining());
  return attempt(from_, to_, service_, std::clamp(left, std::chrono::milliseconds{1}, kEchoWait));
}

}  // namespace topology
}  // namespace netrig
