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
constexpr std::size_t kDiscard = 4U << 20U;    // bytes to throw away in one system call
constexpr int kRounds = 16;                    // of sending and receiving over one connection, likewise

// What who serves both ends receives before it sends again: little enough to be in the processor's second cache still,
// and enough for the acknowledgement to set many segments free at once, which the kernel then sends in one go.
constexpr std::size_t kSwallow = 768U << 10U;

bool is_done(const TcpFlow& flow) { return !flow.sends && !flow.receives; }

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

double TcpWorker::server_share() const {
  return serving_ == 0 ? 0 : static_cast<double>(serving_server_) / static_cast<double>(serving_);
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
    if (!end.flow->sends || end.flow->sent.load(std::memory_order_relaxed) == 0) continue;  // which it will itself
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
  if (flow.receives && (events & ~EPOLLOUT) != 0) {
    const Helping helping = has_both_ends_ ? Helping{kSwallow, 1} : Helping{kDiscard, kBurst};
    NETRIG_TRY(end.side->receive_some(flow, payload_, received_, helping));
  }
  if (flow.sends && (events & ~EPOLLIN) != 0) NETRIG_TRY(end.side->send_some(flow, payload_, reins, kBurst));
  if (before == std::pair{flow.sends, flow.receives}) return {};
  if (is_done(flow)) --open_;
  watch(end);
  return {};
}

// Fills the sender's buffer, takes some of what has arrived, and again, without asking epoll as long as something
// moves.
Result<void> TcpWorker::serve_connection(std::size_t end, std::uint32_t events, const Reins& reins) {
  const auto& client = ends_[end & ~std::size_t{1}];
  const auto& server = ends_[end | 1U];
  const auto moved = [&] {
    return client.flow->sent.load(std::memory_order_relaxed) + server.flow->sent.load(std::memory_order_relaxed) +
           client.flow->received.load(std::memory_order_relaxed) +
           server.flow->received.load(std::memory_order_relaxed);
  };
  std::uint32_t ready = EPOLLIN | EPOLLOUT | (events & EPOLLERR);
  const int rounds = std::max(1, 2 * kRounds / static_cast<int>(ends_.size()));  // many connections: none waits long
  for (int round = 0; round < rounds; ++round) {
    const auto before = moved();
    const auto began = ticks();
    NETRIG_TRY(serve(client, ready, reins));
    const auto turn = ticks();
    NETRIG_TRY(serve(server, ready, reins));
    const auto end_of_round = ticks();
    serving_ += end_of_round - began;
    serving_server_ += end_of_round - turn;
    if (moved() == before) break;
    ready = EPOLLIN | EPOLLOUT;
  }
  return {};
}

}  // namespace netrig::traffic
