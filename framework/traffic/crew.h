// The two threads of a measurement, and the caller who watches them. Private to the module.
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/traffic/machine_use.h>
#include <netrig/traffic/measurement.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace netrig::traffic {

using Clock = std::chrono::steady_clock;

/// Nanoseconds of the monotonic clock, which every network namespace of a machine shares.
inline std::int64_t ticks() { return Clock::now().time_since_epoch().count(); }

/// What the calling thread has cost until now.
std::chrono::nanoseconds thread_time();

/// What the caller tells one side's thread, and when that started.
struct Reins {
  std::atomic<bool> stop_sending{false};  ///< finish in good order
  std::atomic<bool> abort{false};         ///< return at once
  UniqueFd wake;                          ///< an eventfd, readable once one of the two was set
  std::atomic<std::int64_t> started{0};   ///< ticks() when the work began; 0: not yet

  void pull(std::atomic<bool>& rein) const;
};

/// What a measurement does besides its two sides.
struct CrewPlan {
  std::string what;  ///< for errors: `measure tcp to 10.0.0.2:5201`
  const RunOptions* run = nullptr;
  std::optional<std::chrono::nanoseconds> sending = {};  ///< when to stop sending; none: the sides know themselves
  std::chrono::nanoseconds warm_up{};                    ///< when to call `warmed_up`; 0: never
  std::function<std::uint64_t()> progress = {};          ///< grows as long as something moves
  std::function<std::string()> stuck = {};               ///< who is waited for, when nothing moves any more
  std::function<void()> warmed_up = {};
  std::function<void(Interval&)> sample = {};  ///< fills in what happened since the last; from and to are set
};

/// Two threads that work, and what they cost. Ends and joins them when it goes.
class Crew {
 public:
  struct Job {
    std::string name;             ///< of the side
    std::optional<unsigned> cpu;  ///< to pin it to
    std::function<Result<void>(Reins&)> work;
  };

  explicit Crew(CrewPlan plan) : plan_{std::move(plan)} {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();

  /// Runs both to their end, which is also the end of their threads. The error is that of the side that failed first,
  /// ECANCELED when asked to stop, or that nothing moved for the run's patience.
  Result<void> run(Job client, Job server);
  /// The same in two parts, for who does something else meanwhile.
  Result<void> start(Job client, Job server);
  Result<void> finish();
  /// Senders finish in good order. From any thread.
  void stop_sending();
  /// Wakes the server's thread, to look at what the client's has left for it. From any thread.
  void nudge_server();

  [[nodiscard]] SideCost client_cost() const { return hands_[0].cost; }
  [[nodiscard]] SideCost server_cost() const { return hands_[1].cost; }
  [[nodiscard]] const std::vector<Interval>& intervals() const { return intervals_; }
  /// What the machine did from start() to finish().
  [[nodiscard]] const MachineUse& machine() const { return machine_; }
  /// ticks() when both sides were let go.
  [[nodiscard]] std::int64_t started() const { return started_; }

 private:
  struct Hand {
    Job job;
    Reins reins;
    SideCost cost;
    std::thread thread;
  };
  void work(Hand& hand);
  void note(Error error);
  void abort();
  void on_time(Clock::time_point now);
  [[nodiscard]] Clock::time_point next_event() const;
  void take_sample();
  Error stuck_error(Clock::time_point now) const;

  CrewPlan plan_;
  std::array<Hand, 2> hands_;
  std::mutex turn_;
  std::condition_variable_any changed_;
  bool let_go_ = false;
  int done_ = 0;
  std::optional<Error> error_;
  std::int64_t started_ = 0;

  MachineUse machine_;  ///< until finish(): what it had done before
  std::vector<Interval> intervals_;
  bool stopped_ = false, warm_ = false;
  std::uint64_t last_progress_ = 0;
  Clock::time_point moved_, looked_, sampled_;
};

/// Errors of RunOptions, by name.
Result<void> check(const RunOptions& run, const std::string& what);
/// An error where a time is above kMostTime.
Result<void> check_time(std::chrono::nanoseconds time, const char* name, const std::string& what);

}  // namespace netrig::traffic
