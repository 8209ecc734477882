#include <netrig/traffic/latency_side.h>
#include <netrig/traffic/silence.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/tcp.h>

namespace netrig::traffic {

namespace {

constexpr std::int64_t kLate = 1'000'000;  // ns
constexpr std::size_t kMostPending =
    8U << 20U;                         // bytes of requests that the kernel does not take: then the schedule waits
constexpr int kMostRefusals = 1000;    // of one request, while others are refused
constexpr timeval kGlance{0, 50'000};  // how long a blocked call does not see that it is to end

}  // namespace

Error Asker::failure(const char* what, int error) const {
  return Error::from_errno(what, name_, error,
                           fmt::format("{} after {:.3f} s, {} of {} requests answered",
                                       error == ECONNRESET || error == EPIPE ? "the server's side ended the connection"
                                                                             : "the exchange broke",
                                       static_cast<double>(ticks() - first_) / 1e9, answers(), requests_));
}

Result<void> Asker::open(UniqueFd socket) {
  socket_ = std::move(socket);
  const int on = 1;
  if (is_tcp()) ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  request_.resize(load_.size);
  in_.resize(std::max<std::size_t>(load_.size, 64U << 10U));
  return {};
}

std::int64_t Asker::due_at(std::uint64_t number) const {
  return first_ + static_cast<std::int64_t>(static_cast<double>(number) * 1e9 / load_.rate);
}

bool Asker::wants_more(const Reins& reins) const {
  if (load_.count) return requests_ < *load_.count;
  if (load_.rate > 0) return requests_ < planned_ && !has_given_up();
  return !reins.stop_sending.load(std::memory_order_acquire);
}

// Once the schedule's time is over, what the kernel does not take is not waited for without end.
void Asker::give_up(std::int64_t now) {
  const bool stuffed = out_.size() - out_begin_ >= kMostPending;
  if (load_.count || !stuffed || now - first_ - load_.duration.count() < load_.timeout.count()) return;
  given_up_ = planned_ - requests_;
}

Result<void> Asker::run(Reins& reins) {
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // this thread's own
  first_ = last_sent_ = last_answer_ = ticks();
  planned_ = static_cast<std::uint64_t>(std::ceil(std::chrono::duration<double>{load_.duration}.count() * load_.rate));
  NETRIG_TRY(load_.rate > 0 ? run_on_schedule(reins) : run_back_to_back(reins));
  if (is_tcp()) ::shutdown(socket_.get(), SHUT_WR);
  return {};
}

void Asker::queue(std::int64_t due) {
  const RequestHeader header{requests_++, due};
  std::memcpy(request_.data(), &header, sizeof header);
  answered_.push_back(false);
  last_sent_ = ticks();
  if (last_sent_ - due > kLate) ++late_;
}

// ---- on schedule

Result<void> Asker::run_on_schedule(Reins& reins) {
  while (!reins.abort.load(std::memory_order_acquire)) {
    const auto now = ticks();
    while (wants_more(reins) && due_at(requests_) <= now && out_.size() - out_begin_ < kMostPending) NETRIG_TRY(ask());
    give_up(now);
    NETRIG_TRY(flush());
    NETRIG_TRY(take_answers(MSG_DONTWAIT));
    const auto give_up = is_tcp() ? INT64_MAX : last_sent_ + load_.timeout.count();
    if (!wants_more(reins)) {
      if (answers() == requests_ || ticks() >= give_up) return {};
      NETRIG_TRY(rest(reins, give_up));
    } else {
      NETRIG_TRY(rest(reins, due_at(requests_)));
    }
  }
  return {};
}

// The next request: into the stream's queue, or out.
Result<void> Asker::ask() {
  queue(due_at(requests_));
  if (is_tcp()) {
    out_.insert(out_.end(), request_.begin(), request_.end());
    return {};
  }
  if (send_on(0, MSG_DONTWAIT) >= 0) return {};
  const bool refused_here = errno == EAGAIN || errno == EPERM || errno == ENOBUFS || errno == EINTR;
  if (refused_here) {  // it is lost, and not the path's doing
    ++unsent_;
    return {};
  }
  const int error = errno;
  note_path_error(error, requests_);
  return answers() > 0 ? Result<void>{} : fail(failure("send requests", error));
}

// Sends the request from `done` on. A refusal of those before makes the kernel send nothing (udp(7)): once more then.
ssize_t Asker::send_on(std::size_t done, int flags) {
  for (int refusals = 0;; ++refusals) {
    const auto sent = ::send(socket_.get(), &request_[done], request_.size() - done, MSG_NOSIGNAL | flags);
    const int error = errno;
    if (sent >= 0 || is_tcp() || answers() == 0 || !is_of_the_path(error) || refusals == kMostRefusals) return sent;
    note_path_error(error, requests_ - 1);
  }
}

Result<void> Asker::flush() {
  while (out_begin_ < out_.size()) {
    const auto sent = ::send(socket_.get(), &out_[out_begin_], out_.size() - out_begin_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail(failure("send requests", errno));
    if (sent < 0) {
      if (out_begin_ <= kMostPending) return {};
      out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(out_begin_));
      out_begin_ = 0;
      return {};
    }
    out_begin_ += static_cast<std::size_t>(sent);
  }
  out_.clear();
  out_begin_ = 0;
  return {};
}

// Until something comes, the kernel takes more, the reins are pulled, or it is `until`.
Result<void> Asker::rest(const Reins& reins, std::int64_t until) const {
  const bool pending = out_begin_ < out_.size();
  pollfd ready[] = {{socket_.get(), static_cast<short>(POLLIN | (pending ? POLLOUT : 0)), 0},
                    {reins.stop_sending.load() ? -1 : reins.wake.get(), POLLIN, 0}};
  const auto wait = std::clamp<std::int64_t>(until - ticks(), 0, 50'000'000);
  const timespec span{0, wait};
  if (::ppoll(ready, 2, &span, nullptr) < 0 && errno != EINTR) return fail(failure("wait for answers", errno));
  return {};
}

// ---- back to back

Result<void> Asker::run_back_to_back(Reins& reins) {
  ::fcntl(socket_.get(), F_SETFL, 0);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kGlance, sizeof kGlance);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kGlance, sizeof kGlance);
  while (wants_more(reins) && !reins.abort.load(std::memory_order_acquire)) {
    queue(ticks());
    for (std::size_t done = 0; done < request_.size() && !reins.abort.load(std::memory_order_acquire);) {
      const auto sent = send_on(done, 0);
      if (sent >= 0) {
        done += static_cast<std::size_t>(sent);
      } else if (errno != EAGAIN && errno != EINTR) {
        const int error = errno;
        note_path_error(error, requests_);
        if (is_tcp() || answers() == 0) return fail(failure("send requests", error));
        if (!is_of_the_path(error)) ++unsent_;
        break;
      }
    }
    const auto until = is_tcp() ? INT64_MAX : last_sent_ + load_.timeout.count();
    while (is_open() && ticks() < until && !reins.abort.load(std::memory_order_acquire)) NETRIG_TRY(take_answers(0));
    if (!answered_.back()) waited_ = ticks();
  }
  return {};
}

// ---- answers

Result<void> Asker::take_answers(int flags) {
  for (;;) {
    const auto size = ::recv(socket_.get(), &in_[in_size_], in_.size() - in_size_, flags);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (size < 0) {
      const int error = errno;
      note_path_error(error, requests_);
      return !is_tcp() && answers() > 0 ? Result<void>{} : fail(failure("receive answers", error));
    }
    if (size == 0 && is_tcp()) return fail(failure("receive answers", ECONNRESET));
    in_size_ += static_cast<std::size_t>(size);
    std::size_t at = 0;
    for (; in_size_ - at >= load_.size; at += load_.size) {
      RequestHeader header;
      std::memcpy(&header, &in_[at], sizeof header);
      note(header);
    }
    in_size_ = is_tcp() ? in_size_ - at : 0;  // a datagram of another size is not ours
    if (in_size_ > 0) std::memmove(in_.data(), &in_[at], in_size_);
    if (flags == 0) return {};
  }
}

void Asker::note(const RequestHeader& header) {
  if (header.number >= answered_.size() || answered_[header.number]) return;
  answered_[header.number] = true;
  last_answer_ = ticks();
  if (header.number > answered_to_) gap_ = std::max(gap_, header.number - answered_to_);
  if (header.number + 1 > answered_to_) unsent_ = 0;
  answered_to_ = std::max(answered_to_, header.number + 1);
  const auto took = last_answer_ - header.due_at;
  times_.record(std::chrono::nanoseconds{took});
  total_time_.store(total_time_.load(std::memory_order_relaxed) + took, std::memory_order_relaxed);
  answers_.store(answers() + 1, std::memory_order_relaxed);
}

void Asker::note_path_error(int error, std::uint64_t requests) {
  if (is_tcp()) return;
  forget_errors(socket_.get());  // whatever they are about: in the socket's queue they would end each wait
  if (!is_of_the_path(error)) return;
  path_error_ = error;
  refused_at_ = requests;
}

Result<void> Asker::check_alive(const std::string& server) const {
  const Silence silence{.sent = requests_ - std::min(unsent_, requests_ - answered_to_),
                        .heard = answers(),
                        .up_to = answered_to_,
                        .gap = gap_,
                        .sending = std::chrono::nanoseconds{last_sent_ - first_},
                        .silent = std::chrono::nanoseconds{last_sent_ - last_answer_},
                        .refused = path_error_ != 0 && refused_at_ >= answered_to_};
  if (is_tcp() || !silence.is_death()) return {};
  return fail(Error::from_errno(
      fmt::format("measure latency to {}", load_.run.destination.to_string()), server,
      silence.refused ? path_error_ : ETIMEDOUT,
      fmt::format("nothing was answered after {:.3f} s: {} of {} requests until then, none of {} since",
                  static_cast<double>(last_answer_ - first_) / 1e9, silence.heard, silence.up_to,
                  silence.sent - silence.up_to)));
}

void Asker::tell(LatencyResult& result) const {
  result.times = times_;
  result.requests = requests_ + given_up_;
  result.lost = result.requests - answers();
  result.late = late_ + given_up_;
  result.elapsed = std::chrono::nanoseconds{std::max({last_answer_, last_sent_, waited_}) - first_};
}

}  // namespace netrig::traffic
