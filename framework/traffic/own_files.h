// A thread's own table of file descriptors: the limit of open files (RLIMIT_NOFILE) is one of numbers, each table has
// them all, and so a measurement whose both ends are in one process holds as many connections as two processes would.
// Private to the module.
#pragma once

#include <netrig/base/result.h>

#include <span>
#include <string>
#include <sys/epoll.h>

namespace netrig::traffic {

/// Plain numbers, and not UniqueFd: they mean something else in every other thread, so they may neither leave the
/// thread nor be closed by another. The calls go past the C library's wrappers, since ThreadSanitizer keeps one book of
/// descriptors for the whole process. Errors are errno's.
class OwnFiles {
 public:
  OwnFiles() = default;
  OwnFiles(const OwnFiles&) = delete;
  OwnFiles& operator=(const OwnFiles&) = delete;
  /// Closes all but standard input, output and error: who waits for the thread finds everything closed.
  ~OwnFiles();

  /// From here on the calling thread has those three and `kept`, by their numbers, and what it opens (unshare(2),
  /// CLONE_FILES). For threads that end soon: the table cannot be given back.
  Result<void> open(std::span<const int> kept, const std::string& side);

  // All close-on-exec and non-blocking, as far as that applies.
  static int epoll();
  static int watch(int epoll, int fd);  ///< for EPOLLIN, with the number itself as the event's data
  static int wait(int epoll, std::span<epoll_event> events);
  static int accept(int listener);
  static long receive(int fd, char& byte);
  static long send(int fd, char byte);
  static void close(int fd);

 private:
  bool is_open_ = false;
};

}  // namespace netrig::traffic
