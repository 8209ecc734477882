// To be preloaded into nft: where only the host's root may give a socket more room (SO_SNDBUFFORCE), it takes what
// anybody may have (SO_SNDBUF, up to net.core.wmem_max). nft 1.0.6 knows the first way only, so that for ordinary users
// a file of a thousand rules fails with EMSGSIZE, "Message too long".
#include <dlfcn.h>
#include <sys/socket.h>

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the C library's begin with underscores
extern "C" int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  using Function = int(int, int, int, const void*, socklen_t);
  static auto* const real = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, "setsockopt"));
  const int done = real(fd, level, name, value, size);
  if (done == 0 || level != SOL_SOCKET || name != SO_SNDBUFFORCE) return done;
  return real(fd, level, SO_SNDBUF, value, size);
}
