#include <netrig/process/ready_wait.h>

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <utility>

namespace netrig::process {

namespace {

// No event tells of a new listener: it is looked up, at growing intervals in milliseconds.
constexpr int kLongestInterval = 16;
// Nor does inotify tell of everything (FileWatch::exists()).
constexpr int kFileInterval = 100;

}  // namespace

Result<ReadyWait> ReadyWait::prepare(const NodeSpace& node, const Readiness& ready) {
  ReadyWait wait;
  wait.ready_ = ready;
  wait.awaited_.changes.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wait.awaited_.changes) return fail(Error::from_errno("wait for readiness", node.name(), errno));
  for (const auto& condition : ready.conditions) {
    NETRIG_TRY(std::visit([&](const auto& kind) { return wait.add(node, kind); }, condition));
  }
  return wait;
}

Result<void> ReadyWait::add(const NodeSpace& node, const Listening& condition) {
  if (!table_) table_ = NETRIG_TRY(SocketTable::open(node.network()));
  sockets_.push_back({condition, NETRIG_TRY(table_->listening(condition.transport, condition.port))});
  return {};
}

Result<void> ReadyWait::add(const NodeSpace& /*node*/, const OutputLine& condition) {
  awaited_.lines.push_back(NETRIG_TRY(LineWatch::create(condition)));
  return {};
}

Result<void> ReadyWait::add(const NodeSpace& node, const FileExists& condition) {
  files_.push_back(NETRIG_TRY(FileWatch::create(node.root(), condition.path)));
  return {};
}

Result<bool> ReadyWait::all_true(const Child& child) {
  while (!sockets_.empty()) {
    const auto& [listening, before] = sockets_.back();
    const auto now = NETRIG_TRY(table_->listening(listening.transport, listening.port));
    if (std::ranges::includes(before, now)) break;
    sockets_.pop_back();
  }
  while (!files_.empty() && NETRIG_TRY(files_.back().exists())) files_.pop_back();
  return sockets_.empty() && files_.empty() && child.lines_seen();
}

void ReadyWait::pause(const Child& child, int interval, Deadline deadline) const {
  std::vector<pollfd> events{{child.changes(), POLLIN, 0}};
  for (const auto& file : files_) events.push_back({file.changes(), POLLIN, 0});
  int timeout = deadline.poll_timeout();
  for (const int limit : {sockets_.empty() ? -1 : interval, files_.empty() ? -1 : kFileInterval}) {
    if (limit >= 0) timeout = timeout < 0 ? limit : std::min(timeout, limit);
  }
  if (::poll(events.data(), events.size(), timeout) <= 0) return;
  eventfd_t ignored = 0;
  ::eventfd_read(child.changes(), &ignored);
}

// A program that goes into the background is ready, or not, when the process that was started ends with success.
Result<void> ReadyWait::wait(const Child& child, Deadline deadline) {
  for (int interval = 1;; interval = std::min(interval * 2, kLongestInterval)) {
    const bool ended = child.ended();  // before the look: what it did until its end counts
    if (NETRIG_TRY(all_true(child))) {
      if (!ended) return {};
      const auto status = child.wait(Deadline::never());
      if (status && status->success()) return {};
    }
    if (ended) {
      const auto status = child.wait(Deadline::never());
      const auto how = status ? status->to_string() : status.error().message();
      return fail(child.error("start", 0, "it ended before it was ready (" + ready_.to_string() + "): " + how));
    }
    if (deadline.passed()) return fail(child.error("start", ETIMEDOUT, "not yet " + ready_.to_string()));
    pause(child, interval, deadline);
  }
}

}  // namespace netrig::process
