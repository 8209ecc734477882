#include <netrig/base/fault_point.h>
#include <netrig/base/open_files.h>
#include <netrig/traffic/connection_side.h>
#include <netrig/traffic/rendezvous.h>
#include <netrig/traffic/sender_limit.h>

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace netrig::traffic {

namespace {

constexpr std::uint64_t kMostHeld = 60'000;
constexpr std::uint64_t kSpareFiles = 64;

}  // namespace

Result<void> check(const ConnectionLoad& load) {
  const auto what = fmt::format("measure connections to {}", load.run.destination.to_string());
  const auto wrong = [&](const std::string& why) { return fail(Error::invalid(what, "", why)); };
  NETRIG_TRY(check(load.run, what));
  if (load.count == 0) return wrong("count is zero");
  if (load.hold && load.count > kMostHeld)
    return wrong(fmt::format("count is {}: at most {} connections can be held to one endpoint", load.count, kMostHeld));
  if (load.parallel < 1 || load.parallel > 1000)
    return wrong(fmt::format("parallel is {}: 1 to 1000 are possible", load.parallel));
  return {};
}

// The sockets are opened while it runs, so the client's side runs in the client's network, on a thread that its own
// waits for.
Result<ConnectionRateResult> measure_connections(const ConnectionLoad& load, const Sides& sides) {
  NETRIG_TRY(check(load));
  NETRIG_TRY(make_room_for_files((load.hold ? load.count : load.parallel) + kSpareFiles));
  fault_point("open-connections");
  const auto ready = [](int) -> Result<void> { return {}; };
  const auto door = NETRIG_TRY(Door::open(load.run, sides.server, ready));
  // One by itself first: it names who refuses.
  const auto first = NETRIG_TRY(door.connect(load.run, sides, ready));
  Acceptor acceptor{load, sides.server.name, door.fd()};
  Connector connector{load, sides.client.name, {load.run.destination, door.destination_port(load.run)}};
  CrewPlan plan;
  plan.what = "measure connections to " + load.run.destination.to_string();
  plan.run = &load.run;
  plan.progress = [&] { return connector.progress() + acceptor.accepted(); };
  plan.stuck = [] { return std::string{"the server's side does not answer"}; };
  plan.sample = [&, made = std::uint64_t{0}](Interval& interval) mutable {
    const auto now = std::min(connector.progress(), load.count);  // then come the answers over them
    interval.packets = now - std::exchange(made, now);
  };
  Crew crew{std::move(plan)};
  const auto connect = [&](Reins& reins) {
    auto done = sides.client.place([&] { return connector.run(reins); });
    crew.nudge_server();
    return done;
  };
  NETRIG_TRY(crew.run({sides.client.name, load.run.client_cpu, connect},
                      {sides.server.name, load.run.server_cpu, [&](Reins& reins) { return acceptor.run(reins); }}));
  ConnectionRateResult result;
  connector.tell(result);
  if (load.hold)
    result.memory = memory_of(2 * result.held, load.run.destination.family(), connector.buffers() + acceptor.buffers());
  result.intervals = crew.intervals();
  result.machine = crew.machine();
  result.server = crew.server_cost();
  return result;
}

std::string ConnectionRateResult::to_string() const {
  auto text = fmt::format("{:.6g} connections/s: {} in {:.3f} s, {}", connection_rate(), connections,
                          std::chrono::duration<double>{elapsed}.count(), connect_times.to_string());
  if (held > 0) text += fmt::format("; {} held at once, {}", held, memory.to_string(held));
  return text + behind(machine.spoilers());
}

std::ostream& operator<<(std::ostream& out, const ConnectionRateResult& result) { return out << result.to_string(); }

}  // namespace netrig::traffic
