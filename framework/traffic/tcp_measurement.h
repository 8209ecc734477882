// A bulk TCP measurement in steps, for who does something else while it runs. Private to the module.
#pragma once

#include <netrig/traffic/crew.h>
#include <netrig/traffic/tcp_load.h>
#include <netrig/traffic/tcp_side.h>
#include <netrig/traffic/tcp_worker.h>

#include <array>
#include <optional>
#include <vector>

namespace netrig::traffic {

/// Of a stream, at the last look.
struct TcpSample {
  std::uint64_t received = 0, retransmits = 0;
};

/// open(), start(), finish(), each once and in this order. Ends its threads when it goes.
class TcpMeasurement {
 public:
  TcpMeasurement(TcpLoad load, Sides sides);

  Result<void> open();
  Result<void> start();
  /// For fixed times: now rather than when the time is over. From any thread.
  void stop_sending() { crew_->stop_sending(); }
  Result<TcpResult> finish();
  /// Bytes that have arrived. From any thread.
  [[nodiscard]] std::uint64_t received() const { return client_.received() + server_.received(); }

 private:
  CrewPlan plan();
  void share_out();
  void add_costs(TcpResult& result) const;

  TcpLoad load_;
  Sides sides_;
  TcpPayload payload_;
  TcpSide client_, server_;
  TcpThreads threads_;  ///< not automatic
  std::array<TcpWorker, 2> workers_;
  std::chrono::nanoseconds warm_at_{};
  std::vector<std::uint64_t> warm_bytes_;  ///< stream by stream, at warm_at_
  std::vector<TcpSample> samples_;         ///< stream by stream
  std::optional<Crew> crew_;               ///< last: its threads use the rest
};

}  // namespace netrig::traffic
