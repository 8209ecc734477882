#include <netrig/base/fork_window.h>
#include <netrig/traffic/own_files.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace netrig::traffic {

namespace {

constexpr unsigned kAfterStandard = 3;

int as_int(long result) { return static_cast<int>(result); }

bool close_range(unsigned first, unsigned last) {
  return first > last || ::syscall(SYS_close_range, first, last, 0U) == 0;
}

bool close_all_but(std::span<const int> kept) {
  std::vector<int> numbers(kept.begin(), kept.end());
  std::ranges::sort(numbers);
  unsigned next = kAfterStandard;
  for (const int number : numbers) {
    const auto fd = static_cast<unsigned>(number);
    if (fd > next && !close_range(next, fd - 1)) return false;
    next = std::max(next, fd + 1);
  }
  return close_range(next, UINT_MAX);
}

}  // namespace

Result<void> OwnFiles::open(std::span<const int> kept, const std::string& side) {
  const auto refused = [&] { return fail(Error::from_errno("open a table of descriptors", side, errno)); };
  const ForkWindow copies;  // of everything that is open, as a child has them
  if (::unshare(CLONE_FILES) != 0) return refused();
  is_open_ = true;
  return close_all_but(kept) ? Result<void>{} : refused();
}

OwnFiles::~OwnFiles() {
  if (is_open_) close_range(kAfterStandard, UINT_MAX);
}

int OwnFiles::epoll() { return as_int(::syscall(SYS_epoll_create1, EPOLL_CLOEXEC)); }

int OwnFiles::watch(int epoll, int fd) {
  epoll_event event{EPOLLIN, {.fd = fd}};
  return as_int(::syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &event));
}

int OwnFiles::wait(int epoll, std::span<epoll_event> events) {
  return as_int(::syscall(SYS_epoll_pwait, epoll, events.data(), static_cast<int>(events.size()), -1, nullptr,
                          static_cast<std::size_t>(_NSIG / CHAR_BIT)));
}

int OwnFiles::accept(int listener) {
  return as_int(::syscall(SYS_accept4, listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

long OwnFiles::receive(int fd, char& byte) {
  return ::syscall(SYS_recvfrom, fd, &byte, std::size_t{1}, MSG_DONTWAIT, nullptr, nullptr);
}

long OwnFiles::send(int fd, char byte) {
  return ::syscall(SYS_sendto, fd, &byte, std::size_t{1}, MSG_NOSIGNAL, nullptr, socklen_t{0});
}

void OwnFiles::close(int fd) { ::syscall(SYS_close, fd); }

}  // namespace netrig::traffic
