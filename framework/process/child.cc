#include <netrig/process/child.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <new>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace netrig::process {

namespace {

constexpr std::size_t kReadSize = 64U << 10U;  // what a pipe holds, see pipe(7)
constexpr std::size_t kShownLines = 20;

int wait_status(const siginfo_t& info) {
  switch (info.si_code) {
    case CLD_EXITED:
      return info.si_status << 8;
    case CLD_DUMPED:
      return info.si_status | WCOREFLAG;
    default:
      return info.si_status;
  }
}

}  // namespace

Child::Child(const Command& command, std::string node, Launched launched, Awaited awaited)
    : name_{command.to_string()},
      node_{std::move(node)},
      launched_{std::move(launched)},
      out_{command.output_limit},
      err_{command.output_limit},
      both_{command.output_limit},
      awaited_{std::move(awaited)},
      pending_input_{command.input.value_or("")},
      input_ends_{!command.input_stays_open} {}

Error Child::error(const char* verb, int code, const std::string& detail) const {
  const auto tail = last_lines(both(), kShownLines, "  | ");
  const auto output = tail.empty() ? "; it printed nothing" : "; the last lines it printed:\n" + tail;
  return Error::from_errno(std::string{verb} + " \"" + name_ + "\"", node_, code, detail + output);
}

bool Child::ended() const {
  const std::scoped_lock lock{mutex_};
  return ended_;
}

Result<ExitStatus> Child::wait(Deadline deadline) const {
  std::unique_lock lock{mutex_};
  const auto over = [this] { return ended_; };
  if (deadline.at() == Deadline::never().at()) {
    changed_.wait(lock, over);
  } else if (!changed_.wait_until(lock, deadline.at(), over)) {
    lock.unlock();
    return fail(error("wait for", ETIMEDOUT, "it still runs"));
  }
  if (status_) return *status_;
  lock.unlock();
  return fail(error("wait for", ECHILD,
                    "its exit status went to somebody else: this process must not wait for children that it did not "
                    "start, as wait(2) and waitpid(-1) do, nor ignore SIGCHLD"));
}

Result<Completed> Child::finish(Deadline deadline) const {
  const auto status = NETRIG_TRY(wait(deadline));
  std::unique_lock lock{mutex_};
  if (output_lost_) {
    lock.unlock();
    return fail(error("keep the output of", ENOMEM, "some of it is lost"));
  }
  return Completed{name_, status, out_.text(), err_.text(), both_.text(), ended_at_ - launched_.started};
}

Result<void> Child::signal(int number) {
  const std::scoped_lock lock{mutex_};
  if (ended_ || ::syscall(SYS_pidfd_send_signal, launched_.pidfd.get(), number, nullptr, 0) == 0 || errno == ESRCH)
    return {};
  return fail(Error::from_errno("send signal " + std::to_string(number) + " to \"" + name_ + "\"", node_, errno));
}

void Child::signal_group(int number) {
  const std::scoped_lock lock{mutex_};
  if (!ended_) ::kill(-launched_.pid, number);
}

std::string Child::text(Stream stream) const {
  const std::scoped_lock lock{mutex_};
  return stream == Stream::out ? out_.text() : err_.text();
}

std::string Child::both() const {
  const std::scoped_lock lock{mutex_};
  return both_.text();
}

bool Child::lines_seen() const {
  const std::scoped_lock lock{mutex_};
  return std::ranges::all_of(awaited_.lines, &LineWatch::seen);
}

// Asks for the input's turn: EPOLLONESHOT, armed only while there is something to do.
Result<void> Child::write(std::string_view text) {
  const std::scoped_lock lock{mutex_};
  if (!launched_.input || input_ends_) {
    return fail(Error::from_errno("write to the standard input of \"" + name_ + "\"", node_, EPIPE,
                                  "it is closed, or was not opened with Command::with_open_input()"));
  }
  pending_input_ += text;
  return watch(Source::input, launched_.input, EPOLLOUT | EPOLLONESHOT);
}

void Child::close_input() {
  const std::scoped_lock lock{mutex_};
  input_ends_ = true;
  if (launched_.input) std::ignore = watch(Source::input, launched_.input, EPOLLOUT | EPOLLONESHOT);
}

Result<void> Child::watch(Source source, const UniqueFd& fd, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.u64 = key_ * 4 + static_cast<unsigned>(source)}};
  const int epoll = (*epoll_).get();
  if (::epoll_ctl(epoll, EPOLL_CTL_MOD, fd.get(), &event) == 0) return {};
  if (errno == ENOENT && ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd.get(), &event) == 0) return {};
  return fail(Error::from_errno("watch \"" + name_ + "\"", node_, errno));
}

Result<void> Child::attach(std::shared_ptr<const UniqueFd> epoll, std::uint64_t key) {
  const std::scoped_lock lock{mutex_};
  epoll_ = std::move(epoll);
  key_ = key;
  NETRIG_TRY(watch(Source::output, launched_.output, EPOLLIN));
  if (launched_.error) NETRIG_TRY(watch(Source::error, launched_.error, EPOLLIN));
  if (launched_.input) NETRIG_TRY(watch(Source::input, launched_.input, EPOLLOUT | EPOLLONESHOT));
  // Once for each time that the kernel tells of it: while a tracer holds the end, the pidfd stays readable, but there
  // is nothing to reap, and the kernel tells again when the tracer lets go (__ptrace_detach() in kernel/ptrace.c).
  return watch(Source::end, launched_.pidfd, EPOLLIN | EPOLLET);
}

bool Child::handle(Source source) {
  const std::scoped_lock lock{mutex_};
  switch (source) {
    case Source::end:
      reap();
      break;
    case Source::output:
      read_once(Stream::out, kReadSize);
      break;
    case Source::error:
      read_once(Stream::err, kReadSize);
      break;
    case Source::input:
      write_pending();
      break;
  }
  return ended_ && !launched_.output && !launched_.error;
}

// Leaves epoll first: a child that is being forked at this moment may hold a copy, and would keep the events coming.
void Child::drop(UniqueFd& fd) {
  if (!fd) return;
  ::epoll_ctl((*epoll_).get(), EPOLL_CTL_DEL, fd.get(), nullptr);
  fd.reset();
}

bool Child::read_once(Stream stream, std::size_t most) {
  auto& fd = pipe(stream);
  if (!fd) return false;
  char buffer[kReadSize];
  const auto count = ::read(fd.get(), buffer, std::min(most, sizeof buffer));
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) {
    drop(fd);
    return false;
  }
  keep(stream, {buffer, static_cast<std::size_t>(count)});
  return true;
}

// On the thread of the loop, where nobody would catch it.
void Child::keep(Stream stream, std::string_view piece) try {
  (stream == Stream::out ? out_ : err_).append(piece);
  both_.append(piece);
  for (auto& line : awaited_.lines) line.feed(stream, piece);
  if (!awaited_.lines.empty() && std::ranges::all_of(awaited_.lines, &LineWatch::seen)) announce();
} catch (const std::bad_alloc&) {
  output_lost_ = true;
}

// Only what is there now: a descendant that floods the pipe must not keep the end of the program from being told.
void Child::read_rest(Stream stream) {
  int left = 0;
  if (!pipe(stream) || ::ioctl(pipe(stream).get(), FIONREAD, &left) != 0) return;
  while (left > 0) {
    const auto before = out_.total() + err_.total();
    if (!read_once(stream, static_cast<std::size_t>(left))) return;
    left -= static_cast<int>(out_.total() + err_.total() - before);
  }
}

void Child::reap() {
  if (ended_) return;
  read_rest(Stream::out);
  read_rest(Stream::err);
  siginfo_t info{};
  const auto pidfd = static_cast<id_t>(launched_.pidfd.get());
  if (::waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG) == 0) {
    if (info.si_pid == 0) return;
    status_ = ExitStatus{wait_status(info)};
  }
  ended_ = true;
  ended_at_ = std::chrono::steady_clock::now();
  drop(launched_.pidfd);
  drop(launched_.input);
  announce();
  changed_.notify_all();
}

// Runs in a thread that blocks SIGPIPE: a program that closed its input gives EPIPE.
void Child::write_pending() {
  if (!launched_.input) return;
  const auto left = std::string_view{pending_input_}.substr(input_sent_);
  const auto count = left.empty() ? 0 : ::write(launched_.input.get(), left.data(), left.size());
  if (count < 0 && errno != EAGAIN && errno != EINTR) {
    input_ends_ = true;
    input_sent_ = pending_input_.size();
  }
  if (count > 0) input_sent_ += static_cast<std::size_t>(count);
  if (input_sent_ < pending_input_.size()) {
    std::ignore = watch(Source::input, launched_.input, EPOLLOUT | EPOLLONESHOT);
    return;
  }
  pending_input_.clear();
  input_sent_ = 0;
  if (input_ends_) drop(launched_.input);
}

void Child::announce() const {
  if (awaited_.changes) ::eventfd_write(awaited_.changes.get(), 1);
}

void Child::detach() {
  const std::scoped_lock lock{mutex_};
  read_rest(Stream::out);
  read_rest(Stream::err);
  drop(launched_.output);
  drop(launched_.error);
  drop(launched_.input);
}

}  // namespace netrig::process
