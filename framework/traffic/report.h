// Results for programs and for people: JSON whose fields are named as in `iperf3 -J`, and tables.
//
//   std::cout << to_table(result);                                  // a line an interval, a stream, and the sums
//   file << to_json(load, result, Environment::here().to_json());   // end.sum_received.bits_per_second, ...
//
// A field that has iperf3's name means what it means there (iperf_api.c, version 3.12): `host` is the client, `remote`
// the server, times are in seconds but for `rtt` (microseconds) and `jitter_ms`. What iperf3 does not know has names of
// its own. Where nothing was counted a field is left out.
// The senders' `busy_time`, `rwnd_limited` and `sndbuf_limited` (seconds) are the kernel's of those names in TCP_INFO;
// `end.spoilers` are sentences, reasons to distrust the figures: the spoilers() of TCP and UDP results, and of all what
// the machine did meanwhile (MachineUse::spoilers()). Several streams: `intervals[].streams[]` and `end.streams[]` in
// one order, that of `start.connected[]`; `test_start` has `bytes` and `blocks` of all together, `target_bitrate` of
// each.
#pragma once

#include <netrig/traffic/connection_rate.h>
#include <netrig/traffic/latency.h>
#include <netrig/traffic/tcp_load.h>
#include <netrig/traffic/udp_load.h>

#include <string>
#include <string_view>

namespace netrig::traffic {

/// `environment` is JSON, and becomes the member of that name; text that is no JSON becomes a string, and empty text
/// nothing. Of a run with a warm-up (`omit`), `sum_received` leaves it out and `sum_sent` does not. With
/// Direction::both the sums are of both directions, and `test_start.bidir` is 1.
std::string to_json(const TcpLoad& load, const TcpResult& result, std::string_view environment = {});
/// `packets` are those sent, as in iperf3; `duplicates`, `refused` and `delay_us` are this library's own. A stream's
/// rate is over the time of all.
std::string to_json(const UdpLoad& load, const UdpResult& result, std::string_view environment = {});
/// `end.sum`: requests, lost, late, answers_per_second; `end.latency_us`: count, min, mean, p50, p90, p99, p99_9, max;
/// `end.histogram_us`: `[from, to, count]` of each bucket that holds something.
std::string to_json(const LatencyLoad& load, const LatencyResult& result, std::string_view environment = {});
/// `end.sum`: connections, held, seconds, connections_per_second, and of held ones memory_bytes (HeldMemory, the sum
/// of the next three), socket_memory_bytes, file_memory_bytes, buffer_memory_bytes; `end.connect_us` as `latency_us`
/// above.
std::string to_json(const ConnectionLoad& load, const ConnectionRateResult& result, std::string_view environment = {});

/// A line for the head, each interval that was sampled, each stream of several, and the whole, as iperf3 prints them;
/// what spoils it last:
///
///   Interval             Transfer     Bitrate          Retr   Cwnd      RTT
///   0.00 - 0.10 s        512.1 MB     40.97 Gbit/s        0   917 kB    65 us
std::string to_table(const TcpResult& result);
/// Likewise: transfer, bitrate, lost of sent. The last line has jitter, order and duplicates.
std::string to_table(const UdpResult& result);

}  // namespace netrig::traffic
