// The JSON of a measurement says what `iperf3 -J` says, under the same names.
#include <netrig/fixtures/two_hosts_test.h>
#include <netrig/suites/tools.h>
#include <netrig/topology/environment.h>
#include <netrig/topology/measure.h>
#include <netrig/traffic/report.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace netrig {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using Pointer = Json::json_pointer;

class Iperf3Report : public TwoHostsTest {
 protected:
  /// What iperf3 reports of a few bytes between the two hosts.
  Json by_iperf3(const std::vector<std::string>& options) {
    auto server = right().start({"iperf3", "-s", "-1"}, listening(traffic::tcp(5201)));
    std::vector<std::string> command{"iperf3", "-J", "-c", right().address().to_string()};
    command.insert(command.end(), options.begin(), options.end());
    return Json::parse(left().exec(process::Command{command}).out);
  }
  /// Both have each of them, and of the same type.
  static void expect_alike(const Json& ours, const Json& theirs, const std::vector<std::string>& fields) {
    for (const auto& field : fields) {
      const Pointer at{field};
      ASSERT_TRUE(theirs.contains(at)) << "iperf3 has no " << field << ": " << theirs.dump(1);
      ASSERT_TRUE(ours.contains(at)) << "no " << field << " in " << ours.dump(1);
      EXPECT_TRUE(ours[at].type() == theirs[at].type() || (ours[at].is_number() && theirs[at].is_number())) << field;
    }
  }
};

TEST_F(Iperf3Report, NamesTcpAlike) {
  NETRIG_NEEDS_TOOL("iperf3");
  traffic::TcpLoad load;
  load.duration = 50ms;
  load.run.interval = 10ms;
  load.run.patience = 60s;
  load.run.port = Port{5201};
  const auto ours = Json::parse(to_json(load, measure(left(), right(), load), Environment::here().to_json()));
  expect_alike(ours, by_iperf3({"-n", "1M"}),
               {"/start/connected/0/local_host",
                "/start/connected/0/local_port",
                "/start/connected/0/remote_host",
                "/start/connected/0/remote_port",
                "/start/version",
                "/start/connecting_to/host",
                "/start/connecting_to/port",
                "/start/tcp_mss_default",
                "/start/test_start/protocol",
                "/start/test_start/num_streams",
                "/start/test_start/blksize",
                "/start/test_start/omit",
                "/start/test_start/duration",
                "/start/test_start/bytes",
                "/start/test_start/blocks",
                "/start/test_start/reverse",
                "/start/test_start/tos",
                "/intervals/0/streams/0/start",
                "/intervals/0/streams/0/end",
                "/intervals/0/streams/0/seconds",
                "/intervals/0/streams/0/bytes",
                "/intervals/0/streams/0/bits_per_second",
                "/intervals/0/streams/0/retransmits",
                "/intervals/0/streams/0/snd_cwnd",
                "/intervals/0/streams/0/rtt",
                "/intervals/0/streams/0/omitted",
                "/intervals/0/streams/0/sender",
                "/intervals/0/sum/start",
                "/intervals/0/sum/end",
                "/intervals/0/sum/seconds",
                "/intervals/0/sum/bytes",
                "/intervals/0/sum/bits_per_second",
                "/intervals/0/sum/retransmits",
                "/intervals/0/sum/omitted",
                "/end/streams/0/sender/start",
                "/end/streams/0/sender/seconds",
                "/end/streams/0/sender/bytes",
                "/end/streams/0/sender/bits_per_second",
                "/end/streams/0/sender/retransmits",
                "/end/streams/0/sender/min_rtt",
                "/end/streams/0/receiver/bytes",
                "/end/streams/0/receiver/bits_per_second",
                "/end/sum_sent/bytes",
                "/end/sum_sent/bits_per_second",
                "/end/sum_sent/retransmits",
                "/end/sum_received/start",
                "/end/sum_received/end",
                "/end/sum_received/seconds",
                "/end/sum_received/bytes",
                "/end/sum_received/bits_per_second",
                "/end/cpu_utilization_percent/host_total",
                "/end/cpu_utilization_percent/remote_total",
                "/end/sender_tcp_congestion",
                "/end/receiver_tcp_congestion"});
  EXPECT_TRUE(ours.contains(Pointer{"/environment/kernel"}));
}

TEST_F(Iperf3Report, NamesUdpAlike) {
  NETRIG_NEEDS_TOOL("iperf3");
  traffic::UdpLoad load;
  load.packets = 50;
  load.streams = 2;
  load.rate = Bandwidth::bits_per_second(100'000'000);
  load.run.interval = 10ms;
  load.run.patience = 60s;
  const auto ours = Json::parse(to_json(load, measure(left(), right(), load)));
  const auto theirs = by_iperf3({"-u", "-P", "2", "-b", "100M", "-l", "1400", "-n", "140000"});
  std::vector<std::string> fields{"/start/test_start/protocol",    "/start/test_start/blksize",
                                  "/start/test_start/blocks",      "/start/test_start/num_streams",
                                  "/start/connected/1/local_port", "/end/streams/1/udp/out_of_order"};
  for (const auto* name : {"start", "end", "seconds", "bytes", "bits_per_second", "packets", "omitted", "sender"})
    for (const auto* part : {"/intervals/0/streams/1/", "/intervals/0/sum/"})
      fields.push_back(std::string{part} + name);
  for (const std::string part :
       {"/end/streams/0/udp", "/end/streams/1/udp", "/end/sum", "/end/sum_sent", "/end/sum_received"}) {
    for (const auto* name : {"/start", "/end", "/seconds", "/bytes", "/bits_per_second", "/jitter_ms", "/lost_packets",
                             "/packets", "/lost_percent", "/sender"})
      fields.push_back(part + name);
  }
  expect_alike(ours, theirs, fields);
  for (const auto* same :
       {"/end/sum/packets", "/end/sum_sent/bytes", "/end/streams/1/udp/packets", "/start/test_start/blksize"})
    EXPECT_EQ(ours[Pointer{same}], theirs[Pointer{same}]) << same;
}

}  // namespace
}  // namespace netrig
