#include <netrig/netlink/address.h>
#include <netrig/netlink/route.h>
#include <netrig/topology/question.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <poll.h>
#include <set>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

using nft::IcmpType;
using nft::Icmpv6Type;
using nft::Protocol;
using nft::Rule;

// How long an echo request waits when it is asked again.
constexpr std::chrono::milliseconds kEchoWait{10};
// And when nobody wants to wait: what comes back at all comes back at once, unless processors are busy.
constexpr std::chrono::microseconds kLeastEchoWait{100};

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

std::string addresses_of(const Node& node, AddressFamily family) {
  const auto all =
      node.netlink([](netlink::Socket& socket) { return value_or_throw(netlink::dump_addresses(socket)); });
  std::set<IpAddress> known;
  for (const auto& own : all) {
    const auto address = own.local.address();
    if (address.family() == family && !address.is_link_local() && !address.is_loopback()) known.insert(address);
  }
  std::string names;
  for (const auto& address : known) names += (names.empty() ? "" : ", ") + address.to_string();
  return names.empty() ? "none" : names;
}

// Why nothing can be sent from there, and what to do about it; empty: it can, as far as addresses tell.
std::string objection(const Node& from, const Question::Target& target) {
  const auto& origin = target.origin;
  if (target.service.is_icmp() && origin.port.value() != 0)
    return fmt::format("ICMP echo is sent from no port: leave port {} out", origin.port.value());
  if (!origin.address) return {};
  const auto family = target.to.family();
  const auto choose_another = [&] { return "give one of its own: " + addresses_of(from, family); };
  if (origin.address->family() != family) return "the source is of the other address family: " + choose_another();
  if (origin.address->is_link_local() && family == AddressFamily::ipv6)
    return "a source of one link alone reaches nobody behind it: " + choose_another();
  const auto route = from.netlink(
      [&](netlink::Socket& socket) { return netlink::lookup_route(socket, {.destination = *origin.address}); });
  const bool is_own = route && route->type == netlink::RouteType::local;
  if (is_own && !origin.address->is_unspecified()) return {};
  return "the sender has no such address: " + choose_another();
}

void check_origin(const Node& from, const Question::Target& target) {
  if (target.origin == Origin{}) return;
  if (auto reason = objection(from, target); !reason.empty()) {
    throw SetupError{Error::invalid(
        fmt::format("ask {} for {}{}", target.to.to_string(), target.service.to_string(), target.origin.to_string()),
        from.name(), std::move(reason))};
  }
}

// One that was closed in peace would keep its port for a minute (TIME_WAIT), and from the next question.
Result<void> close_by_reset(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  if (::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0) return {};
  return fail(Error::from_errno("have a connection closed by a reset", "", errno));
}

}  // namespace

std::vector<Question> Question::of(const Node& from, const std::vector<Target>& targets) {
  std::vector<Question> questions;
  questions.reserve(targets.size());
  for (const Target& target : targets) {
    check_origin(from, target);
    questions.push_back(Question{target});
  }
  from.run([&] {
    for (Question& question : questions) {
      auto opened = question.open();
      if (!opened) opened.error().object = from.name();
      value_or_throw(std::move(opened));
    }
  });
  return questions;
}

Question Question::of(const Node& from, const Target& target) {
  return std::move(of(from, std::vector{target}).front());
}

// In the network of who asks.
Result<void> Question::open() {
  if (!service_.is_icmp()) return open_probe();
  auto pinger = NETRIG_TRY(
      traffic::Pinger::open({.destination = to_, .count = 1, .timeout = kEchoWait, .source = origin_.address}));
  pinger_ = std::make_unique<traffic::Pinger>(std::move(pinger));
  return {};
}

Result<void> Question::open_probe() {
  probe_.emplace(NETRIG_TRY(traffic::Probe::open(
      {.service = service_, .destination = to_, .source = origin_.address, .source_port = origin_.port})));
  port_ = NETRIG_TRY(probe_->claim_port());
  if (service_.is_tcp() && origin_.port.value() != 0) return close_by_reset(probe_->fd());
  return {};
}

short Question::events() const { return static_cast<short>(service_.is_tcp() ? POLLOUT : POLLIN); }

std::vector<Rule> Question::packets(Width width) const {
  std::vector<Rule> packets;
  const auto family = to_.family();
  if (service_.is_icmp()) {
    add_echo(packets, family);
  } else if (width == Width::protocol) {
    packets.push_back(Rule{}.protocol(service_.is_tcp() ? Protocol::tcp : Protocol::udp));
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

bool Question::is_found(const nft::TracedPacket& packet) const {
  if (service_.is_icmp()) return true;
  const auto is_known = [this](const std::optional<Port>& port) { return port == port_ || port == service_.port(); };
  return is_known(packet.source_port) || is_known(packet.destination_port);
}

bool Question::is_this(const nft::TracedPacket& packet) const {
  if (packet.destination != to_) return false;
  if (!service_.is_icmp()) return packet.source_port == port_ && packet.destination_port == service_.port();
  const int request =
      to_.is_v4() ? static_cast<int>(IcmpType::echo_request) : static_cast<int>(Icmpv6Type::echo_request);
  if (!packet.icmp || packet.icmp->type != request || packet.icmp->id != pinger_->id()) return false;
  return !decided_ || packet.sequence == decided_;
}

Attempt Question::ask(Deadline deadline) { return probe_ ? attempt_of(probe_->run(deadline)) : ask_echo(deadline); }

Attempt Question::ask_echo(Deadline deadline) {
  const auto wait = std::clamp<Deadline::Clock::duration>(deadline.remaining(), kLeastEchoWait, kEchoWait);
  const auto report = value_or_throw(pinger_->run(Deadline::after(wait)));
  const auto* answer = answer_in(report);
  if (answer != nullptr || !report.errors.empty()) {
    decided_ = static_cast<std::uint16_t>(answer != nullptr ? answer->sequence : report.errors.front().sequence);
  }
  return attempt_of(report, kEchoWait);
}

}  // namespace topology
}  // namespace netrig
