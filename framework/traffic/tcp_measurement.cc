#include <netrig/base/fault_point.h>
#include <netrig/base/open_files.h>
#include <netrig/traffic/rendezvous.h>
#include <netrig/traffic/sender_limit.h>
#include <netrig/traffic/tcp_measurement.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <ostream>
#include <sys/socket.h>
#include <utility>

namespace netrig::traffic {

namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// What a stream has come to since `before`, which becomes what it is now.
StreamInterval part_of(const TcpFlow& sender, const TcpFlow& receiver, TcpSample& before) {
  const auto info = info_of(sender);
  const auto received = receiver.received.load(std::memory_order_relaxed);
  const std::uint64_t retransmits = info.tcpi_total_retrans;
  return {.received = ByteCount{received - std::exchange(before.received, received)},
          .retransmits = retransmits - std::exchange(before.retransmits, retransmits),
          .rtt = microseconds{info.tcpi_rtt},
          .congestion_window = ByteCount{std::uint64_t{info.tcpi_snd_cwnd} * info.tcpi_snd_mss}};
}

void add_up(Interval& interval) {
  for (const auto& part : interval.streams) {
    interval.received += part.received;
    interval.retransmits += part.retransmits;
    interval.rtt += part.rtt;
    interval.congestion_window += part.congestion_window;
  }
  if (!interval.streams.empty()) interval.rtt /= static_cast<std::int64_t>(interval.streams.size());
}

TcpStream stream_of(const TcpFlow& sender, const TcpFlow& receiver, std::int64_t started) {
  TcpStream stream{.from = sender.local,
                   .to = sender.peer,
                   .sent = ByteCount{sender.sent.load()},
                   .received = ByteCount{receiver.received.load()},
                   .counted = {},
                   .congestion_window = {}};
  if (stream.received.value() > 0) stream.ended = nanoseconds{receiver.last_arrival.load() - started};
  tell(stream, info_of(sender));
  return stream;
}

TcpThreads threads_of(const TcpLoad& load) {
  if (load.threads != TcpThreads::automatic) return load.threads;
  return load.verify || load.run.client_cpu != load.run.server_cpu ? TcpThreads::each_side : TcpThreads::shared;
}

std::string congestion_control_of(int fd) {
  std::array<char, 16> name{};
  socklen_t size = name.size();
  ::getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size);
  return name.data();
}

// Calls `use` with the sender and the receiver of each stream, in the order of the result's streams.
template <class Use>
void each_stream(const TcpSide& client, const TcpSide& server, Use use) {
  for (std::size_t i = 0; i < client.flows.size(); ++i) {
    if (client.sends()) use(client.flows[i], server.flows[i]);
    if (server.sends()) use(server.flows[i], client.flows[i]);
  }
}

Result<void> add_streams(TcpResult& result, const TcpSide& client, const TcpSide& server, std::int64_t started) {
  each_stream(client, server, [&](const TcpFlow& sender, const TcpFlow& receiver) {
    result.streams.push_back(stream_of(sender, receiver, started));
  });
  for (const auto& stream : result.streams) {
    result.sent += stream.sent;
    result.received += stream.received;
    result.retransmits += stream.retransmits;
    result.busy_time += stream.busy_time;
    result.rwnd_limited += stream.rwnd_limited;
    result.sndbuf_limited += stream.sndbuf_limited;
    if (stream.sent == stream.received) continue;
    return fail(
        Error::from_errno("measure tcp to " + stream.to.to_string(), "", EPROTO,
                          fmt::format("{} bytes were sent and {} arrived: somebody on the way ended the connection",
                                      stream.sent.value(), stream.received.value())));
  }
  return {};
}

}  // namespace

TcpMeasurement::TcpMeasurement(TcpLoad load, Sides sides)
    : load_{std::move(load)},
      sides_{std::move(sides)},
      client_{load_, sides_.client.name, true},
      server_{load_, sides_.server.name, false},
      threads_{threads_of(load_)},
      workers_{TcpWorker{load_, payload_}, TcpWorker{load_, payload_}} {}

Result<void> TcpMeasurement::open() {
  NETRIG_TRY(check(load_));
  NETRIG_TRY(make_room_for_files(2UL * load_.streams));
  fault_point("open-tcp-streams");
  payload_ = NETRIG_TRY(TcpPayload::make(load_.seed, load_.method == SendMethod::pages));
  const auto options = [this](const Side& side) {
    return [this, &side](int fd) { return set_options(fd, load_, side.name); };
  };
  const auto door = NETRIG_TRY(Door::open(load_.run, sides_.server, options(sides_.server)));
  for (unsigned i = 0; i < load_.streams; ++i) {
    auto [near, far] = NETRIG_TRY(door.connect(load_.run, sides_, options(sides_.client)));
    NETRIG_TRY(client_.add(std::move(near)));
    NETRIG_TRY(set_options(far.get(), load_, sides_.server.name));
    NETRIG_TRY(server_.add(std::move(far)));
  }
  return {};
}

CrewPlan TcpMeasurement::plan() {
  CrewPlan plan;
  plan.what = "measure tcp to " + client_.flows.front().peer.to_string();
  plan.run = &load_.run;
  plan.warm_up = load_.warm_up;
  if (!load_.bytes) plan.sending = load_.duration;
  plan.progress = [this] { return client_.received() + server_.received(); };
  plan.stuck = [this] {
    return load_.direction == Direction::reverse ? "no byte arrives at the client's side"
                                                 : "no byte arrives at the server's side";
  };
  plan.warmed_up = [this] {
    each_stream(client_, server_, [this](const TcpFlow&, const TcpFlow& receiver) {
      warm_bytes_.push_back(receiver.received.load(std::memory_order_relaxed));
    });
    warm_at_ = nanoseconds{ticks() - crew_->started()};  // when they were counted, which may be later than asked for
  };
  plan.sample = [this](Interval& interval) {
    samples_.resize(load_.streams * (load_.direction == Direction::both ? 2UL : 1UL));
    each_stream(client_, server_, [&](const TcpFlow& sender, const TcpFlow& receiver) {
      interval.streams.push_back(part_of(sender, receiver, samples_[interval.streams.size()]));
    });
    add_up(interval);
  };
  return plan;
}

// Two threads on one processor would only be in each other's way.
void TcpMeasurement::share_out() {
  if (threads_ == TcpThreads::each_side) {
    workers_[0].take(client_);
    workers_[1].take(server_);
    return;
  }
  const std::size_t count = load_.run.client_cpu ? 1 : workers_.size();
  for (std::size_t i = 0; i < client_.flows.size(); ++i) workers_[i % count].take(client_, server_, i);
}

Result<void> TcpMeasurement::start() {
  share_out();
  client_.begin();
  server_.begin();
  crew_.emplace(plan());
  return crew_->start(
      {sides_.client.name, load_.run.client_cpu, [this](Reins& reins) { return workers_[0].run(reins); }},
      {sides_.server.name, load_.run.server_cpu, [this](Reins& reins) { return workers_[1].run(reins); }});
}

void TcpMeasurement::add_costs(TcpResult& result) const {
  result.threads = threads_;
  result.direction = load_.direction;
  result.client = crew_->client_cost();
  result.server = crew_->server_cost();
  if (threads_ == TcpThreads::each_side) return;
  const std::array threads{crew_->client_cost().cpu, crew_->server_cost().cpu};
  nanoseconds server{};
  for (std::size_t i = 0; i < threads.size(); ++i)
    server += std::chrono::duration_cast<nanoseconds>(threads[i] * workers_[i].server_share());
  result.server.cpu = server;
  result.client.cpu = threads[0] + threads[1] - server;
}

Result<TcpResult> TcpMeasurement::finish() {
  NETRIG_TRY(crew_->finish());
  TcpResult result;
  result.congestion_control = congestion_control_of((client_.sends() ? client_ : server_).flows.front().socket.get());
  result.receiver_congestion_control =
      congestion_control_of((client_.sends() ? server_ : client_).flows.front().socket.get());
  NETRIG_TRY(add_streams(result, client_, server_, crew_->started()));
  if (load_.warm_up.count() > 0 && warm_at_.count() == 0) {
    return fail(Error::from_errno("measure tcp to " + client_.flows.front().peer.to_string(), "", ENODATA,
                                  "all bytes had arrived before the warm-up ended: send more, or warm up less"));
  }
  result.warm_up = warm_at_;
  nanoseconds last{};
  warm_bytes_.resize(result.streams.size());
  for (std::size_t i = 0; i < result.streams.size(); ++i) {
    auto& stream = result.streams[i];
    stream.counted = ByteCount{stream.received.value() - warm_bytes_[i]};
    result.counted += stream.counted;
    last = std::max(last, stream.ended);
  }
  result.elapsed = last - warm_at_;
  result.intervals = crew_->intervals();
  result.machine = crew_->machine();
  add_costs(result);
  if (result.counted.value() == 0 || result.elapsed.count() <= 0) {
    return fail(Error::from_errno("measure tcp to " + client_.flows.front().peer.to_string(), "", ENODATA,
                                  "nothing arrived after the warm-up: measure longer"));
  }
  return result;
}

Result<TcpResult> measure_tcp(const TcpLoad& load, const Sides& sides) {
  TcpMeasurement measurement{load, sides};
  NETRIG_TRY(measurement.open());
  NETRIG_TRY(measurement.start());
  return measurement.finish();
}

std::string TcpResult::to_string() const {
  const auto seconds = std::chrono::duration<double>{elapsed}.count();
  return fmt::format(
      "{:.4g} Mbit/s: {} bytes in {:.3f} s over {} stream{}, {} retransmit{}, {}; {:.3f} s of CPU time at the client, "
      "{:.3f} s at the server{}",
      static_cast<double>(goodput().bits_per_second()) / 1e6, counted.value(), seconds, streams.size(),
      streams.size() == 1 ? "" : "s", retransmits, retransmits == 1 ? "" : "s", congestion_control,
      std::chrono::duration<double>{client.cpu}.count(), std::chrono::duration<double>{server.cpu}.count(),
      behind(all_spoilers(*this)));
}

std::ostream& operator<<(std::ostream& out, const TcpResult& result) { return out << result.to_string(); }

}  // namespace netrig::traffic
