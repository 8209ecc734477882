#include <netrig/bench/twins.h>
#include <netrig/process/readiness.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>

namespace netrig::bench {

namespace {

using ToolReport = nlohmann::json;
using process::Command;

constexpr std::chrono::seconds kAnswerPatience{30};

Error missing(const std::string& tool) {
  const std::string_view id = tool == "iperf3" ? " [netrig doctor: tool-iperf3]" : "";
  return Error::invalid("run " + tool, {}, fmt::format("there is no `{0}`: install {0}{1}", tool, id));
}

// Runs the client while the server stands; its standard output.
Result<std::string> run_both(const BuiltPath& path, const Command& serve, const process::Readiness& ready,
                             const Command& ask) {
  const auto tool = serve.argv.front();
  if (!path.client.exec({"sh", "-c", "command -v " + tool}).success()) return fail(missing(tool));
  auto server = path.server.start(serve, ready);
  const auto client = path.client.exec(ask, kAnswerPatience);
  NETRIG_TRY(server.kill());
  if (client.success()) return client.out;
  return fail(Error::invalid(client.command, path.client.name(), client.both.substr(0, 400)));
}

Result<ToolReport> run_iperf3(const BuiltPath& path, std::vector<std::string> options) {
  const auto port = std::to_string(kServerPort.value());
  std::vector<std::string> ask{"iperf3", "-J",
                               "-c",     path.destination.to_string(),
                               "-p",     std::to_string(path.port.value()),
                               "-t",     std::to_string(kSecondsOfOthers)};
  ask.insert(ask.end(), options.begin(), options.end());
  const auto text = NETRIG_TRY(run_both(path, {"iperf3", "-s", "-1", "-p", port},
                                        process::listening(process::Transport::tcp, kServerPort), Command{ask}));
  auto report = ToolReport::parse(text, nullptr, false);
  if (!report.is_discarded() && !report.contains("error")) return report;
  return fail(Error::invalid("iperf3", path.client.name(), text.substr(0, 400)));
}

std::chrono::nanoseconds from_seconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>{seconds});
}

Sampled received(const ToolReport& end) {
  const auto& sum = end.at("sum_received");
  Sampled sampled{.elapsed = from_seconds(sum.at("seconds")), .bytes = sum.at("bytes")};
  const auto& cpu = end.at("cpu_utilization_percent");
  sampled.more = {{"cpu_client", cpu.at("host_total").get<double>() / 100},
                  {"cpu_server", cpu.at("remote_total").get<double>() / 100}};
  return sampled;
}

// JSON of another version, without what is read here, is an error rather than an exception.
template <class Read>
Result<Sampled> read(const ToolReport& report, Read read) {
  try {
    return read(report.at("end"));
  } catch (const ToolReport::exception& error) {
    return fail(Error::invalid("read what iperf3 reports", {}, error.what()));
  }
}

// The number that follows `key`.
Result<double> number_after(std::string_view text, std::string_view key) {
  const auto found = text.find(key);
  double number = 0;
  if (found != std::string_view::npos) {
    const auto rest = text.substr(found + key.size());
    const auto digits = rest.substr(std::min(rest.find_first_not_of(" ="), rest.size()));
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc{}) return number;
  }
  return fail(Error::invalid("read what a tool reports", {}, fmt::format("no number after \"{}\"", key)));
}

}  // namespace

Result<Sampled> ping_flood(const BuiltPath& path) {
  const auto ran =
      path.client.exec(Command{{"ping", "-f", "-q", "-c", std::to_string(kEchoes), path.destination.to_string()}},
                       std::chrono::seconds{30});
  if (!ran.success()) return fail(Error::invalid(ran.command, path.client.name(), ran.both.substr(0, 400)));
  const auto milliseconds = NETRIG_TRY(number_after(ran.out, "packet loss, time"));
  return Sampled{.elapsed = from_seconds(milliseconds / 1e3),
                 .items = static_cast<std::uint64_t>(NETRIG_TRY(number_after(ran.out, " transmitted,")))};
}

Result<Sampled> iperf3_tcp(const BuiltPath& path, unsigned streams) {
  return read(NETRIG_TRY(run_iperf3(path, {"-P", std::to_string(streams)})), [](const ToolReport& end) {
    auto sampled = received(end);
    sampled.more.emplace_back("retransmits", end.at("sum_sent").at("retransmits").get<double>());
    return sampled;
  });
}

Result<Sampled> iperf3_udp(const BuiltPath& path, std::size_t payload) {
  return read(NETRIG_TRY(run_iperf3(path, {"-u", "-b", "0", "-l", std::to_string(payload)})),
              [](const ToolReport& end) {
                auto sampled = received(end);
                const auto& sum = end.at("sum_received");
                const double sent = sum.at("packets"), lost = sum.at("lost_packets");
                sampled.items = static_cast<std::uint64_t>(sent - lost);
                sampled.more.emplace_back("loss", sent == 0 ? 1 : lost / sent);
                return sampled;
              });
}

Result<Sampled> sockperf(const BuiltPath& path, bool over_tcp) {
  const std::string way = over_tcp ? "--tcp" : "--udp";
  std::vector<std::string> serve{"sockperf", "server",
                                 "-i",       path.destination.is_v4() ? "0.0.0.0" : "::",
                                 "-p",       std::to_string(kServerPort.value())};
  std::vector<std::string> ask{"sockperf",  "ping-pong",
                               "-i",        path.destination.to_string(),
                               "-p",        std::to_string(path.port.value()),
                               "-t",        std::to_string(kSecondsOfOthers),
                               "-m",        std::to_string(kRequestBytes),
                               "--full-rtt"};
  if (over_tcp) {
    serve.push_back(way);
    ask.push_back(way);
  }
  const auto ready = process::listening(over_tcp ? process::Transport::tcp : process::Transport::udp, kServerPort);
  const auto text = NETRIG_TRY(run_both(path, Command{serve}, ready, Command{ask}));
  const auto valid = text.substr(std::min(text.find("[Valid Duration]"), text.size()));
  const auto answers = NETRIG_TRY(number_after(valid, "ReceivedMessages"));
  return Sampled{.elapsed = from_seconds(NETRIG_TRY(number_after(valid, "RunTime"))),
                 .items = static_cast<std::uint64_t>(answers),
                 .more = {{"p50_us", NETRIG_TRY(number_after(text, "percentile 50.000"))},
                          {"p99_us", NETRIG_TRY(number_after(text, "percentile 99.000"))}}};
}

}  // namespace netrig::bench
