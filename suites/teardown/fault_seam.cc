// The other side of take_step() in <netrig/sandbox/step.h>, for builds of the sandbox whose steps can be held or left
// out.
//
// NETRIG_FAULT_HOLD=STEP[,STEP...]  a process that comes to one of these steps says so and waits to be released
// NETRIG_FAULT_DIRECTORY=DIR        with two FIFOs: `reached` takes the step's number, a byte from `release` lets go on
//
// Compiled with NETRIG_FAULT_LEAVE_OUT=STEP, that step is never taken: a negative control.
// Runs in a bare clone: system calls only. FIFOs, because a process that closed all it inherited can still open them.
#include <netrig/sandbox/raw.h>
#include <netrig/sandbox/step.h>

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace netrig::sandbox {
namespace {

bool is_held(std::string_view name) noexcept {
  const char* held = std::getenv("NETRIG_FAULT_HOLD");
  if (held == nullptr) return false;
  for (std::string_view rest = held; !rest.empty();) {
    const auto end = rest.find(',');
    if (rest.substr(0, end) == name) return true;
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return false;
}

void say(const char* text) noexcept { raw::call(SYS_write, STDERR_FILENO, text, std::strlen(text)); }

// Ends the process where it cannot: whoever waits for the step would wait for nothing.
int open_fifo(const char* name, int flags) noexcept {
  const char* directory = std::getenv("NETRIG_FAULT_DIRECTORY");
  char path[256] = {};
  std::strncat(path, directory != nullptr ? directory : "", sizeof path - 32);
  std::strcat(path, name);
  const auto fifo = static_cast<int>(raw::call(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0));
  if (fifo >= 0) return fifo;
  for (const char* part : {"fault seam: cannot open ", static_cast<const char*>(path), "\n"}) say(part);
  raw::exit_now(98);
}

void hold(Step step) noexcept {
  const int release = open_fifo("/release", O_RDWR);
  const int reached = open_fifo("/reached", O_WRONLY);
  auto byte = static_cast<char>(step);
  raw::call(SYS_write, reached, &byte, 1);
  while (raw::call(SYS_read, release, &byte, 1) < 0 && errno == EINTR) {
  }
  raw::close_fd(reached);
  raw::close_fd(release);
}

}  // namespace

bool take_step(Step step) noexcept {
  const std::string_view name = name_of(step);
  if (is_held(name)) hold(step);
#ifdef NETRIG_FAULT_LEAVE_OUT
  return name != NETRIG_FAULT_LEAVE_OUT;
#else
  return true;
#endif
}

}  // namespace netrig::sandbox
