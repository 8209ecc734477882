#include <netrig/base/fault_point.h>
#include <netrig/base/limits.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/signal_mask.h>
#include <netrig/traffic/connection_rate.h>
#include <netrig/traffic/latency_side.h>
#include <netrig/traffic/rendezvous.h>
#include <netrig/traffic/sender_limit.h>
#include <netrig/traffic/silence.h>
#include <netrig/traffic/socket_address.h>
#include <netrig/traffic/tcp_measurement.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <optional>
#include <ostream>
#include <system_error>
#include <thread>

namespace netrig::traffic {

namespace {

constexpr double kMostRequests = 1e6;  // a second: beyond, a schedule is not kept
constexpr std::uint64_t kConnectsUnderLoad = 100;
constexpr double kTrimmed = 95;  // percent of the samples that count
constexpr std::chrono::nanoseconds kWithoutEnd = std::chrono::hours{24};

const auto kNoOptions = [](int) -> Result<void> { return {}; };

Result<void> connect_streams(const LatencyLoad& load, const Sides& sides, Asker& asker, Echo& echo) {
  const auto door = NETRIG_TRY(Door::open(load.run, sides.server, kNoOptions));
  auto [near, far] = NETRIG_TRY(door.connect(load.run, sides, kNoOptions));
  NETRIG_TRY(echo.open(std::move(far)));
  return asker.open(std::move(near));
}

// To where the requests go.
Result<Endpoint> open_datagrams(const LatencyLoad& load, const Sides& sides, Asker& asker, Echo& echo) {
  Endpoint to{load.run.destination, {}};
  NETRIG_TRY(sides.server.place([&]() -> Result<void> {
    auto [socket, port] = NETRIG_TRY(bound_socket(load.run, SOCK_DGRAM, sides.server.name, kNoOptions));
    to.port = load.run.destination_port.value_or(port);
    return echo.open(std::move(socket));
  }));
  NETRIG_TRY(sides.client.place([&]() -> Result<void> {
    UniqueFd socket{::socket(domain_of(to.address), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const SocketAddress address{to.address, to.port};
    if (!socket || ::connect(socket.get(), address.get(), address.size) != 0)
      return fail(Error::from_errno("send requests to " + to.to_string(), sides.client.name, errno));
    hear_errors(socket.get(), to.address.is_v4());
    return asker.open(std::move(socket));
  }));
  return to;
}

// Who refuses the requests, if that is what the error is about.
Error with_refusal(Error error, const Endpoint& to, const Side& client) {
  const auto who = refusal(to, client);
  if (!who.empty()) error.detail += (error.detail.empty() ? "" : ": ") + who;
  return error;
}

CrewPlan plan_for(const LatencyLoad& load, const Asker& asker) {
  CrewPlan plan;
  plan.what = fmt::format("measure latency to {}", load.run.destination.to_string());
  plan.run = &load.run;
  if (!load.count && load.rate == 0) plan.sending = load.duration;  // a schedule has its own end
  plan.progress = [&asker] { return asker.answers(); };
  plan.stuck = [] { return std::string{"the server's side does not answer"}; };
  plan.sample = [&asker, answers = std::uint64_t{0}, time = std::int64_t{0}](Interval& interval) mutable {
    const auto now = asker.answers();
    const auto total = asker.total_time();
    interval.packets = now - std::exchange(answers, now);
    const auto part = total - std::exchange(time, total);
    if (interval.packets > 0)
      interval.rtt = std::chrono::nanoseconds{part / static_cast<std::int64_t>(interval.packets)};
  };
  return plan;
}

}  // namespace

Result<void> check(const LatencyLoad& load) {
  const auto what = fmt::format("measure latency to {}", load.run.destination.to_string());
  const auto wrong = [&](const std::string& why) { return fail(Error::invalid(what, "", why)); };
  NETRIG_TRY(check(load.run, what));
  if (load.size < sizeof(RequestHeader) || load.size > 65507)
    return wrong(fmt::format("size is {}: 16 (a number and a time) to 65507 bytes are possible", load.size));
  if (!std::isfinite(load.rate) || load.rate < 0 || load.rate > kMostRequests)
    return wrong(fmt::format("rate is {}: 0 (back to back) to a million requests a second are possible", load.rate));
  if (load.rate > 0 && std::chrono::duration<double>{1 / load.rate} >= load.run.patience)
    return wrong("rate: the gap between requests is longer than run.patience");
  if (!load.count && load.duration.count() <= 0) return wrong("duration is not above zero");
  if (!load.count) NETRIG_TRY(check_time(load.duration, "duration", what));
  if (load.count && *load.count == 0) return wrong("count is zero");
  if (load.timeout.count() <= 0) return wrong("timeout is not above zero");
  NETRIG_TRY(check_time(load.timeout, "timeout", what));
  if (load.protocol == LatencyLoad::Protocol::udp && load.timeout >= load.run.patience)
    return wrong("timeout is not less than run.patience, which would end the wait for the last answers");
  return {};
}

Result<LatencyResult> measure_latency(const LatencyLoad& load, const Sides& sides) {
  NETRIG_TRY(check(load));
  fault_point("open-request-sockets");
  Asker asker{load, sides.client.name};
  Echo echo{load, sides.server.name};
  const bool tcp = load.protocol == LatencyLoad::Protocol::tcp;
  std::optional<Endpoint> to;  // of datagrams, who hear of a refusal while they are on their way
  if (tcp) {
    NETRIG_TRY(connect_streams(load, sides, asker, echo));
  } else {
    to = NETRIG_TRY(open_datagrams(load, sides, asker, echo));
  }
  Crew crew{plan_for(load, asker)};
  const auto ask = [&](Reins& reins) {
    auto done = asker.run(reins);
    if (!tcp) echo.end();
    return done;
  };
  const auto told = [&](Error error) { return fail(to ? with_refusal(std::move(error), *to, sides.client) : error); };
  auto done = crew.run({sides.client.name, load.run.client_cpu, ask},
                       {sides.server.name, load.run.server_cpu, [&](Reins& reins) { return echo.run(reins); }});
  if (!done) {
    const bool is_refusal = asker.path_error() != 0 && done.error().code == asker.path_error();
    return is_refusal ? told(std::move(done).error()) : fail(std::move(done).error());
  }
  if (auto alive = asker.check_alive(sides.server.name); !alive) return told(std::move(alive).error());
  LatencyResult result;
  asker.tell(result);
  result.intervals = crew.intervals();
  result.machine = crew.machine();
  result.client = crew.client_cost();
  result.server = crew.server_cost();
  if (result.times.count() > 0) return result;
  return told(Error::from_errno(fmt::format("measure latency to {}", load.run.destination.to_string()),
                                sides.server.name, ETIMEDOUT,
                                fmt::format("none of {} requests was answered within {:.3f} s", result.requests,
                                            std::chrono::duration<double>{load.timeout}.count())));
}

Result<WorkingLatency> measure_working_latency(const LatencyLoad& load, const TcpLoad& bulk, const Sides& sides) {
  if (bulk.run.on_interval) {
    return fail(Error::invalid("measure latency under load", "",
                               "bulk.run.on_interval would be called on another thread: use run.on_interval of the "
                               "requests, or look at load.intervals of the result"));
  }
  auto filling = bulk;
  filling.bytes = {};
  filling.duration = kWithoutEnd;
  if (filling.run.destination.is_unspecified()) filling.run.destination = load.run.destination;
  TcpMeasurement traffic{filling, sides};
  NETRIG_TRY(check(load));
  NETRIG_TRY(traffic.open());
  NETRIG_TRY(traffic.start());

  // Either's end is the other's.
  std::stop_source both;
  const std::stop_callback asked{load.run.stop, [&both] { both.request_stop(); }};
  std::optional<Result<TcpResult>> carried;
  std::jthread watch;
  {
    const SignalMask quiet;
    try {
      watch = std::jthread{[&] {
        carried = traffic.finish();
        if (!*carried) both.request_stop();
      }};
    } catch (const std::system_error& error) {
      return fail(Error::from_errno("measure latency under load", sides.client.name, error.code().value(),
                                    describe_process_limits()));
    }
  }
  const ScopeExit end{[&traffic] { traffic.stop_sending(); }};
  auto requests = load;
  requests.run.stop = both.get_token();
  WorkingLatency working;
  const auto probe = [&]() -> Result<void> {
    working.requests = NETRIG_TRY(measure_latency(requests, sides));
    ConnectionLoad connects;
    connects.count = kConnectsUnderLoad;
    connects.parallel = 1;
    connects.run = requests.run;
    connects.run.port = {};
    connects.run.interval = {};
    working.connects = NETRIG_TRY(measure_connections(connects, sides)).connect_times;
    return {};
  };
  auto probed = probe();
  traffic.stop_sending();
  watch.join();
  if (!*carried) return fail(carried->error());
  if (!probed) return fail(std::move(probed).error());
  working.load = *std::move(*carried);
  return working;
}

double WorkingLatency::responsiveness() const {
  const auto mean = [](const LatencyHistogram& times) {
    return std::chrono::duration<double>{times.trimmed_mean(kTrimmed)}.count();
  };
  const double round_trip = (mean(connects) + mean(requests.times)) / 2;
  return round_trip > 0 ? 60 / round_trip : 0;
}

std::string LatencyResult::to_string() const {
  return fmt::format("{} of {} requests answered, {:.6g} a second, {} late; {}{}", times.count(), requests,
                     answer_rate(), late, times.to_string(), behind(machine.spoilers()));
}

std::ostream& operator<<(std::ostream& out, const LatencyResult& result) { return out << result.to_string(); }

}  // namespace netrig::traffic
