#include <netrig/traffic/tcp_worker.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace netrig::traffic {

namespace {

constexpr std::uint32_t kWakeUp = 0xffffffff;  // what stands for the eventfd in epoll's data
constexpr int kBurst = 64;                     // system calls for one end before the others have their turn
constexpr std::uint64_t kSwallow = std::uint64_t{2} << 20U;  // what is sent before the same thread receives it

bool is_done(const TcpFlow& flow) { return !flow.sends && !flow.receives; }

// Who serves both ends sends no more than the processor's cache holds before it receives.
int burst_of(const TcpLoad& load, bool has_both_ends) {
  if (!has_both_ends) return kBurst;
  return static_cast<int>(std::clamp<std::uint64_t>(kSwallow / load.block.value(), 1, kBurst));
}

}  // namespace

void TcpWorker::take(TcpSide& side) {
  for (auto& flow : side.flows) ends_.push_back({&side, &flow});
}

void TcpWorker::take(TcpSide& client, TcpSide& server, std::size_t connection) {
  has_both_ends_ = true;
  ends_.push_back({&client, &client.flows[connection]});
  ends_.push_back({&server, &server.flows[connection]});
}

void TcpWorker::watch(const End& end) const {
  epoll_event event{};
  event.events = (end.flow->receives ? EPOLLIN : 0U) | (end.flow->sends ? EPOLLOUT : 0U);
  event.data.u32 = static_cast<std::uint32_t>(&end - ends_.data());
  // Who only sends hears of a reset as EPOLLERR or EPOLLHUP, which need not be asked for.
  ::epoll_ctl(epoll_.get(), is_done(*end.flow) ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, end.flow->socket.get(), &event);
}

Result<void> TcpWorker::watch_all(const Reins& reins) {
  const auto refused = [&] { return fail(Error::from_errno("watch connections", ends_[0].side->name(), errno)); };
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event wake{EPOLLIN, {.u32 = kWakeUp}};
  if (!epoll_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, reins.wake.get(), &wake) != 0) return refused();
  for (const auto& end : ends_) {
    epoll_event none{};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, end.flow->socket.get(), &none) != 0) return refused();
    watch(end);
  }
  return {};
}

Result<void> TcpWorker::run(Reins& reins) {
  if (ends_.empty()) return {};
  received_.resize(load_.verify ? load_.block.value() : 0);
  NETRIG_TRY(watch_all(reins));
  open_ = ends_.size();
  std::array<epoll_event, 64> events{};
  while (open_ > 0) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (reins.abort.load(std::memory_order_acquire)) return {};
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.u32 == kWakeUp) {
        NETRIG_TRY(wake_up(reins));
      } else if (has_both_ends_) {
        NETRIG_TRY(serve_connection(event.data.u32, event.events, reins));
      } else {
        NETRIG_TRY(serve(ends_[event.data.u32], event.events, reins));
      }
    }
  }
  return {};
}

Result<void> TcpWorker::wake_up(const Reins& reins) {
  std::uint64_t pulled = 0;
  (void)!::read(reins.wake.get(), &pulled, sizeof pulled);
  if (!reins.stop_sending.load(std::memory_order_acquire)) return {};
  for (const auto& end : ends_) {
    if (!end.flow->sends) continue;
    NETRIG_TRY(end.side->finish_sending(*end.flow));
    if (is_done(*end.flow)) --open_;
    watch(end);
  }
  return {};
}

Result<void> TcpWorker::serve(const End& end, std::uint32_t events, const Reins& reins) {
  auto& flow = *end.flow;
  if (is_done(flow)) return {};  // by what was served before it in this round
  const auto before = std::pair{flow.sends, flow.receives};
  if ((events & EPOLLERR) != 0) end.side->drain_errors(flow);
  if (flow.receives && (events & ~EPOLLOUT) != 0) NETRIG_TRY(end.side->receive_some(flow, payload_, received_, kBurst));
  if (flow.sends && (events & ~EPOLLIN) != 0)
    NETRIG_TRY(end.side->send_some(flow, payload_, reins, burst_of(load_, has_both_ends_)));
  if (before == std::pair{flow.sends, flow.receives}) return {};
  if (is_done(flow)) --open_;
  watch(end);
  return {};
}

// One end, and at once the other: the bytes are still in this processor's cache, and the segments they were in go back
// to where the next ones are taken from.
Result<void> TcpWorker::serve_connection(std::size_t number, std::uint32_t events, const Reins& reins) {
  const auto serve_end = [&](std::size_t which, std::uint32_t what) -> Result<void> {
    const bool of_server = which % 2 == 1;
    const auto began = of_server ? thread_time() : std::chrono::nanoseconds{};
    auto served = serve(ends_[which], what, reins);
    if (of_server) server_time_ += thread_time() - began;
    return served;
  };
  NETRIG_TRY(serve_end(number, events));
  return serve_end(number ^ 1U, EPOLLIN);
}

}  // namespace netrig::traffic
