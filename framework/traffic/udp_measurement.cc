#include <netrig/base/fault_point.h>
#include <netrig/base/open_files.h>
#include <netrig/traffic/connect.h>
#include <netrig/traffic/rendezvous.h>
#include <netrig/traffic/sender_limit.h>
#include <netrig/traffic/silence.h>
#include <netrig/traffic/socket_address.h>
#include <netrig/traffic/socket_options.h>
#include <netrig/traffic/udp_side.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <ostream>

namespace netrig::traffic {

namespace {

using std::chrono::nanoseconds;

constexpr int kWantedBuffer = 4 << 20;  // to ask for; the kernel gives less where it must
constexpr std::uint64_t kMarks = (1U << (64 - UdpHeader::kMarkShift)) - 1;

double whole_seconds(nanoseconds span) { return std::chrono::duration<double>{span}.count(); }

Result<void> set_options(int fd, const UdpLoad& load, const std::string& side) {
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kWantedBuffer, sizeof kWantedBuffer);
  if (load.send_buffer) NETRIG_TRY(set_buffer(fd, SO_SNDBUF, *load.send_buffer, "send_buffer", side));
  if (load.receive_buffer) NETRIG_TRY(set_buffer(fd, SO_RCVBUF, *load.receive_buffer, "receive_buffer", side));
  return load.dscp ? set_dscp(fd, *load.dscp, side) : Result<void>{};
}

Result<UdpFlow> udp_flow(const UdpLoad& load, const Endpoint& to, const Side& side) {
  const auto what = "send datagrams to " + to.to_string();
  UniqueFd socket{::socket(domain_of(to.address), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) return fail(Error::from_errno(what, side.name, errno));
  NETRIG_TRY(set_options(socket.get(), load, side.name));
  hear_errors(socket.get(), to.address.is_v4());
  const SocketAddress address{to.address, to.port};
  if (::connect(socket.get(), address.get(), address.size) != 0) return fail(Error::from_errno(what, side.name, errno));
  SocketAddress own;
  if (::getsockname(socket.get(), own.get(), &own.size) != 0) return fail(Error::from_errno(what, side.name, errno));
  return UdpFlow{.socket = std::move(socket), .from = own.endpoint()};
}

}  // namespace

Result<void> check(const UdpLoad& load) {
  const auto what = fmt::format("measure udp to {}", load.run.destination.to_string());
  const auto wrong = [&](const std::string& why) { return fail(Error::invalid(what, "", why)); };
  NETRIG_TRY(check(load.run, what));
  if (load.streams < 1 || load.streams > 1000)
    return wrong(fmt::format("streams is {}: 1 to 1000 are possible", load.streams));
  if (load.payload < sizeof(UdpHeader) || load.payload > 65507) {
    return wrong(fmt::format("payload is {}: 16 (a number and a time) to 65507 bytes are possible", load.payload));
  }
  if (load.verify && load.payload < sizeof(UdpHeader) + sizeof(std::uint64_t)) {
    return wrong(
        fmt::format("payload is {}: verify takes 24 (a number, a time, and a check of them) at least", load.payload));
  }
  if (!load.packets && load.duration.count() <= 0) return wrong("duration is not above zero");
  if (!load.packets) NETRIG_TRY(check_time(load.duration, "duration", what));
  if (load.packets && *load.packets == 0) return wrong("packets is zero");
  if (load.packets && *load.packets >> UdpHeader::kStreamShift != 0) return wrong("packets is 2^40 or more");
  if (load.linger.count() < 0) return wrong("linger is below zero");
  if (load.linger >= load.run.patience)
    return wrong("linger is not less than run.patience, which would end the wait for the last datagrams");
  if (load.dscp && *load.dscp > 63) return wrong(fmt::format("dscp is {}: 0 to 63 are possible", *load.dscp));
  if (load.rate && load.rate->bits_per_second() == 0)
    return wrong("rate is zero: leave it out to send as fast as it goes");
  if (load.rate && transfer_time(ByteCount{load.payload}, *load.rate) >= load.run.patience) {
    return wrong(
        fmt::format("rate is {}: the gap between datagrams is longer than run.patience", load.rate->to_string()));
  }
  if (load.rate && !load.packets && transfer_time(ByteCount{load.payload}, *load.rate) > load.duration) {
    return wrong(fmt::format("rate is {}: less than one datagram a stream in duration", load.rate->to_string()));
  }
  for (const auto& buffer : {load.send_buffer, load.receive_buffer}) {
    if (buffer && (buffer->value() == 0 || buffer->value() > std::numeric_limits<int>::max() / 2))
      return wrong("a buffer is not from 1 byte to 1 GiB");
  }
  return {};
}

namespace {

// Of a stream, at the last look.
struct StreamSample {
  std::uint64_t packets = 0, missing = 0;
};

// What the stream has come to since the last look.
StreamInterval part_of(const Arrivals& arrivals, StreamSample& before, std::size_t payload) {
  StreamInterval part{.received = {}, .congestion_window = {}};
  const auto expected = arrivals.expected();  // first: what arrives in between is not taken for missing
  const auto received = arrivals.received();
  const auto missing = expected - std::min(expected, received);
  part.packets = received - std::exchange(before.packets, received);
  part.lost = missing - std::min(missing, std::exchange(before.missing, missing));
  part.received = ByteCount{part.packets * payload};
  part.jitter = arrivals.jitter();
  return part;
}

CrewPlan plan_of(const UdpLoad& load, const Endpoint& to, const UdpReceiver& receiver) {
  CrewPlan plan;
  plan.what = "measure udp to " + to.to_string();
  plan.run = &load.run;
  if (!load.packets) plan.sending = load.duration;
  plan.progress = [&receiver] { return receiver.received(); };
  plan.stuck = [] { return std::string{"no datagram arrives at the server's side"}; };
  plan.sample = [&receiver, &load, before = std::vector<StreamSample>(load.streams)](Interval& interval) mutable {
    std::int64_t arriving = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const auto& part = interval.streams.emplace_back(part_of(receiver.arrivals()[i], before[i], load.payload));
      interval.packets += part.packets;
      interval.lost += part.lost;
      interval.received += part.received;
      interval.jitter += part.jitter;
      arriving += before[i].packets > 0 ? 1 : 0;
    }
    if (arriving > 0) interval.jitter /= arriving;
  };
  return plan;
}

void add_streams(UdpResult& result, const UdpLoad& load, const Endpoint& to, const UdpSender& sender,
                 const UdpReceiver& receiver) {
  std::int64_t arrived = 0;
  for (std::size_t i = 0; i < sender.flows().size(); ++i) {
    const auto& flow = sender.flows()[i];
    auto& stream = result.streams.emplace_back(UdpStream{.from = flow.from, .to = to, .bytes = {}});
    stream.sent = flow.sent;
    stream.refused = flow.refused;
    const auto& arrivals = receiver.arrivals()[i];
    arrivals.tell(stream);
    stream.bytes = ByteCount{stream.received * load.payload};
    if (stream.received > 0) stream.ended = nanoseconds{arrivals.last() - sender.first()};
    result.received += stream.received;
    result.duplicates += stream.duplicates;
    result.reordered += stream.reordered;
    result.jitter += stream.jitter;
    arrived += stream.received > 0 ? 1 : 0;
  }
  if (arrived > 0) result.jitter /= arrived;
}

UdpResult result_of(const UdpLoad& load, const Endpoint& to, const UdpSender& sender, const UdpReceiver& receiver,
                    const Crew& crew) {
  UdpResult result;
  add_streams(result, load, to, sender, receiver);
  result.delay = receiver.delay();
  result.bytes = ByteCount{result.received * load.payload};
  result.sent = sender.sent();
  result.refused = sender.refused();
  result.sending = nanoseconds{sender.last() - sender.first()};
  result.blocked = sender.blocked();
  result.asked = load.rate;
  result.elapsed = nanoseconds{std::max(receiver.last(), sender.last()) - sender.first()};
  result.segmented = sender.segmented();
  result.intervals = crew.intervals();
  result.machine = crew.machine();
  result.client = crew.client_cost();
  result.server = crew.server_cost();
  return result;
}

// Of a peer, or a path to it, that has died while the sender went on.
Result<void> check_alive(const UdpSender& sender, const UdpReceiver& receiver, const Endpoint& to, const Sides& sides) {
  Silence silence{.sent = sender.sent(), .heard = receiver.received()};
  for (const auto& arrivals : receiver.arrivals()) {
    silence.up_to += arrivals.expected();
    silence.gap += arrivals.gap();
  }
  silence.sending = nanoseconds{sender.last() - sender.first()};
  silence.silent = nanoseconds{sender.last() - receiver.last()};
  const auto path = sender.path_error();
  silence.refused = path.number != 0 && path.at >= receiver.newest();
  if (!silence.is_death()) return {};
  const auto who = refusal(to, sides.client);
  return fail(Error::from_errno(
      "measure udp to " + to.to_string(), sides.server.name, silence.refused ? path.number : ETIMEDOUT,
      fmt::format("nothing arrived after {:.3f} s: {} of {} datagrams until then, none of {} since{}{}",
                  whole_seconds(nanoseconds{receiver.last() - sender.first()}), silence.heard, silence.up_to,
                  silence.sent - silence.up_to, who.empty() ? "" : ": ", who)));
}

}  // namespace

Result<UdpResult> measure_udp(const UdpLoad& load, const Sides& sides) {
  NETRIG_TRY(check(load));
  fault_point("open-datagram-sockets");
  NETRIG_TRY(make_room_for_files(load.streams));
  const auto mark = static_cast<std::uint64_t>(ticks()) & kMarks;
  UdpSender sender{load, sides.client.name, mark};
  UdpReceiver receiver{load, sides.server.name, mark};
  Endpoint to{load.run.destination, {}};
  NETRIG_TRY(sides.server.place([&]() -> Result<void> {
    auto [socket, port] = NETRIG_TRY(bound_socket(load.run, SOCK_DGRAM, sides.server.name,
                                                  [&](int fd) { return set_options(fd, load, sides.server.name); }));
    to.port = load.run.destination_port.value_or(port);
    return receiver.open(std::move(socket));
  }));
  std::vector<UdpFlow> flows;
  NETRIG_TRY(sides.client.place([&]() -> Result<void> {
    while (flows.size() < load.streams) flows.push_back(NETRIG_TRY(udp_flow(load, to, sides.client)));
    return {};
  }));
  sender.open(std::move(flows));

  Crew crew{plan_of(load, to, receiver)};
  const auto send = [&](Reins& reins) { return sender.run(reins, [&] { return receiver.received() > 0; }); };
  const auto sent =
      crew.start({sides.client.name, load.run.client_cpu,
                  [&](Reins& reins) {
                    auto done = send(reins);
                    crew.nudge_server();
                    return done;
                  }},
                 {sides.server.name, load.run.server_cpu, [&](Reins& reins) { return receiver.run(reins, sender); }});
  NETRIG_TRY(sent);
  if (auto done = crew.finish(); !done) {
    auto error = std::move(done).error();
    if (receiver.received() == 0 && error.detail.empty()) error.detail = refusal(to, sides.client);
    return fail(std::move(error));
  }
  if (receiver.received() > 0) {
    NETRIG_TRY(check_alive(sender, receiver, to, sides));
    return result_of(load, to, sender, receiver, crew);
  }
  const auto who = refusal(to, sides.client);
  return fail(
      Error::from_errno("measure udp to " + to.to_string(), sides.server.name, ETIMEDOUT,
                        fmt::format("none of {} datagrams arrived, and {} were refused by the sender's own kernel{}{}",
                                    sender.sent(), sender.refused(), who.empty() ? "" : ": ", who)));
}

std::string UdpResult::to_string() const {
  return fmt::format(
      "{:.4g} Mbit/s, {:.6g} packets/s: {} of {} datagrams{} in {:.3f} s, {} lost ({:.2g}%), {} reordered, {} "
      "duplicates, jitter {:.1f} us; one way {}{}",
      static_cast<double>(goodput().bits_per_second()) / 1e6, packet_rate(), received, sent,
      streams.size() > 1 ? fmt::format(" over {} streams", streams.size()) : "", whole_seconds(elapsed), lost(),
      100 * loss(), reordered, duplicates, static_cast<double>(jitter.count()) / 1e3, delay.to_string(),
      behind(all_spoilers(*this)));
}

std::ostream& operator<<(std::ostream& out, const UdpResult& result) { return out << result.to_string(); }

}  // namespace netrig::traffic
