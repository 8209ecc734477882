#include <netrig/base/limits.h>
#include <netrig/base/signal_mask.h>
#include <netrig/traffic/crew.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <exception>
#include <new>
#include <sched.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace netrig::traffic {

namespace {

constexpr int kLooks = 8;  // at the progress, in the time of one patience

double in_seconds(Clock::duration span) { return std::chrono::duration<double>{span}.count(); }

Result<void> pin(unsigned cpu, const std::string& side) {
  const auto what = fmt::format("run the measurement's thread on processor {}", cpu);
  if (cpu >= CPU_SETSIZE) return fail(Error::invalid(what, side, "there is no such processor"));
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  if (::sched_setaffinity(0, sizeof one, &one) == 0) return {};
  return fail(Error::from_errno(what, side, errno, "there is no such processor, or this process may not use it"));
}

}  // namespace

std::chrono::nanoseconds thread_time() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds{spent.tv_sec} + std::chrono::nanoseconds{spent.tv_nsec};
}

void Reins::pull(std::atomic<bool>& rein) const {
  rein.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  (void)!::write(wake.get(), &one, sizeof one);
}

Result<void> check(const RunOptions& run, const std::string& what) {
  using namespace std::chrono_literals;
  const auto wrong = [&](const std::string& why) { return fail(Error::invalid(what, "", why)); };
  if (run.destination.is_unspecified()) return wrong("run.destination is not set: name the address to send to");
  if (run.destination.is_multicast()) return wrong("run.destination is a multicast address");
  if (run.patience < 1ms) return wrong("run.patience is below 1 ms");
  NETRIG_TRY(check_time(run.patience, "run.patience", what));
  if (run.interval != 0ns && (run.interval < 10ms || run.interval > 10s)) {
    return wrong("run.interval is not 0 (no samples) and not from 10 ms to 10 s");
  }
  if (run.destination_port && run.destination_port->value() == 0) return wrong("run.destination_port is 0");
  return {};
}

Result<void> check_time(std::chrono::nanoseconds time, const char* name, const std::string& what) {
  if (time <= kMostTime) return {};
  return fail(Error::invalid(what, "", fmt::format("{} is above 30 days", name)));
}

Crew::~Crew() {
  abort();
  for (auto& hand : hands_) {
    if (hand.thread.joinable()) hand.thread.join();
  }
}

void Crew::abort() {
  {
    const std::scoped_lock lock{turn_};
    let_go_ = true;
  }
  changed_.notify_all();
  for (auto& hand : hands_) hand.reins.pull(hand.reins.abort);
}

void Crew::stop_sending() {
  for (auto& hand : hands_) hand.reins.pull(hand.reins.stop_sending);
}

void Crew::nudge_server() {
  const std::uint64_t one = 1;
  (void)!::write(hands_[1].reins.wake.get(), &one, sizeof one);
}

void Crew::note(Error error) {
  const std::scoped_lock lock{turn_};
  if (!error_) error_ = std::move(error);
}

void Crew::work(Hand& hand) {
  {
    std::unique_lock lock{turn_};
    changed_.wait(lock, [&] { return let_go_; });
  }
  Result<void> done;
  if (hand.job.cpu) done = pin(*hand.job.cpu, hand.job.name);
  if (done && !hand.reins.abort.load(std::memory_order_acquire)) {
    hand.reins.started.store(ticks(), std::memory_order_relaxed);
    try {
      done = hand.job.work(hand.reins);
    } catch (const std::bad_alloc&) {
      done = fail(Error::from_errno(plan_.what, hand.job.name, ENOMEM));
    } catch (const std::exception& error) {
      done = fail(Error::invalid(plan_.what, hand.job.name, error.what()));
    }
  }
  hand.cost.cpu = thread_time();
  if (!done) note(std::move(done).error());
  const std::scoped_lock lock{turn_};
  ++done_;
  changed_.notify_all();
}

Result<void> Crew::run(Job client, Job server) {
  NETRIG_TRY(start(std::move(client), std::move(server)));
  return finish();
}

Result<void> Crew::start(Job client, Job server) {
  if (plan_.sending) NETRIG_TRY(check_time(*plan_.sending, "duration", plan_.what));
  hands_[0].job = std::move(client);
  hands_[1].job = std::move(server);
  const SignalMask quiet;  // inherited: signals are for the program's own threads
  for (auto& hand : hands_) {
    hand.reins.wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!hand.reins.wake) return fail(Error::from_errno(plan_.what, "", errno));
  }
  for (auto& hand : hands_) {
    try {
      hand.thread = std::thread{[this, &hand] { work(hand); }};
    } catch (const std::system_error& error) {
      return fail(Error::from_errno(plan_.what, hand.job.name, error.code().value(), describe_process_limits()));
    }
  }
  machine_ = MachineUse::now();
  const std::scoped_lock lock{turn_};
  started_ = ticks();
  moved_ = looked_ = sampled_ = Clock::time_point{Clock::duration{started_}};
  let_go_ = true;
  changed_.notify_all();
  return {};
}

Result<void> Crew::finish() {
  for (std::unique_lock lock{turn_}; done_ < 2 && !error_;) {
    changed_.wait_until(lock, plan_.run->stop, next_event(), [&] { return done_ == 2 || error_; });
    if (done_ == 2 || error_) break;
    const auto now = Clock::now();
    if (plan_.run->stop.stop_requested()) {
      error_ = Error::from_errno(plan_.what, "", ECANCELED,
                                 fmt::format("asked to stop after {:.3f} s",
                                             in_seconds(now.time_since_epoch()) - static_cast<double>(started_) / 1e9));
      break;
    }
    lock.unlock();
    on_time(now);
    lock.lock();
  }
  if (error_) abort();
  for (auto& hand : hands_) hand.thread.join();
  if (error_) return fail(*error_);
  machine_ = MachineUse::now().since(machine_);
  if (plan_.run->interval.count() > 0) take_sample();
  return {};
}

Clock::time_point Crew::next_event() const {
  const Clock::time_point began{Clock::duration{started_}};
  auto next = looked_ + plan_.run->patience / kLooks;
  if (plan_.sending && !stopped_) next = std::min(next, began + *plan_.sending);
  if (plan_.warm_up.count() > 0 && !warm_) next = std::min(next, began + plan_.warm_up);
  if (plan_.run->interval.count() > 0) next = std::min(next, sampled_ + plan_.run->interval);
  return next;
}

// Whatever is due.
void Crew::on_time(Clock::time_point now) {
  const Clock::time_point began{Clock::duration{started_}};
  if (plan_.warm_up.count() > 0 && !warm_ && now >= began + plan_.warm_up) {
    warm_ = true;
    plan_.warmed_up();
  }
  if (plan_.sending && !stopped_ && now >= began + *plan_.sending) {
    stopped_ = true;
    stop_sending();
  }
  if (plan_.run->interval.count() > 0 && now >= sampled_ + plan_.run->interval) take_sample();
  if (now < looked_ + plan_.run->patience / kLooks) return;
  looked_ = now;
  if (const auto progress = plan_.progress(); progress != std::exchange(last_progress_, progress)) {
    moved_ = now;
  } else if (now >= moved_ + plan_.run->patience) {
    note(stuck_error(now));
  }
}

void Crew::take_sample() {
  const auto now = Clock::now();  // not when it was due: what has arrived since is counted too
  const Clock::time_point began{Clock::duration{started_}};
  Interval interval{.from = sampled_ - began, .to = now - began, .received = {}, .rtt = {}, .congestion_window = {}};
  plan_.sample(interval);
  sampled_ = now;
  intervals_.push_back(interval);
  if (plan_.run->on_interval) plan_.run->on_interval(interval);
}

Error Crew::stuck_error(Clock::time_point now) const {
  const auto since = moved_ - Clock::time_point{Clock::duration{started_}};
  return Error::from_errno(plan_.what, "", ETIMEDOUT,
                           fmt::format("{}: nothing moved for {:.3f} s, after {:.3f} s of the measurement",
                                       plan_.stuck(), in_seconds(now - moved_), in_seconds(since)));
}

}  // namespace netrig::traffic
