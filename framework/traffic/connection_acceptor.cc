#include <netrig/traffic/connection_side.h>
#include <netrig/traffic/own_files.h>

#include <array>
#include <cerrno>
#include <sys/epoll.h>

namespace netrig::traffic {

// With a table of its own, each end of the connections has the whole of the process's limit of open files.
Result<void> Acceptor::run(Reins& reins) {
  const std::array kept{listener_, reins.wake.get()};
  OwnFiles files;
  NETRIG_TRY(files.open(kept, name_));
  epoll_ = OwnFiles::epoll();
  if (epoll_ < 0 || OwnFiles::watch(epoll_, listener_) != 0 || OwnFiles::watch(epoll_, reins.wake.get()) != 0)
    return failure("accept connections");
  std::array<epoll_event, 256> events{};
  for (bool nudged = false; !nudged;) {
    const int count = OwnFiles::wait(epoll_, events);
    if (reins.abort.load(std::memory_order_acquire)) return {};
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == reins.wake.get()) {
        nudged = true;  // the client has what it wants
      } else {
        NETRIG_TRY(fd == listener_ ? accept_all() : answer(fd));
      }
    }
  }
  return accept_all();
}

Result<void> Acceptor::accept_all() {
  for (;;) {
    const int connection = OwnFiles::accept(listener_);
    if (connection < 0) {
      if (errno == EAGAIN) return {};
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return failure("accept connections");
    }
    accepted_.store(accepted() + 1, std::memory_order_relaxed);
    if (!load_.hold) {
      OwnFiles::close(connection);
    } else if (OwnFiles::watch(epoll_, connection) != 0) {
      return failure("accept connections");
    } else {
      held_.push_back(connection);
    }
  }
}

// Sends a connection's byte back; lets go of one that has ended.
Result<void> Acceptor::answer(int connection) {
  char byte = 0;
  const auto size = OwnFiles::receive(connection, byte);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (size > 0 && Ask{byte} == Ask::count_memory) count_memory();
  if (size <= 0) {
    OwnFiles::close(connection);
  } else if (OwnFiles::send(connection, byte) != 1) {
    return failure("answer a held connection");
  }
  return {};
}

void Acceptor::count_memory() {
  buffers_ = {};
  for (const int connection : held_) buffers_ += buffered(connection);
}

Result<void> Acceptor::failure(const char* what) const {
  return fail(Error::from_errno(what, name_, errno, "after " + std::to_string(accepted()) + " connections"));
}

}  // namespace netrig::traffic
