#include <netrig/sandbox/raw.h>
#include <netrig/sandbox/scribe.h>

#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace netrig::sandbox {
namespace {

[[noreturn]] void write_when_asked(int channel, pid_t reader, const IdPlan& ids) {
  char go = 0;
  Extras none;
  if (receive_message(channel, &go, 1, none) == 0) {
    const MapsWritten written = write_maps_of(reader, ids);
    send_message(channel, &written, sizeof written);
  }
  raw::exit_now(0);
}

}  // namespace

Scribe::Scribe(const IdPlan& ids) {
  int ends[2];
  if (ids.wanted == IdRange::single || make_channel(ends) != 0) return;
  ours_.reset(ends[0]);
  const UniqueFd theirs{ends[1]};
  const pid_t reader = ::getpid();
  pid_ = ::fork();
  if (pid_ != 0) return;
  ours_.reset();
  write_when_asked(theirs.get(), reader, ids);
}

MapsWritten Scribe::write() {
  MapsWritten written{false, false, static_cast<std::uint8_t>(IdRange::single)};
  if (pid_ <= 0) return written;
  const char go = 0;
  Extras none;
  send_message(ours_.get(), &go, 1);
  receive_message(ours_.get(), &written, sizeof written, none);
  return written;
}

// The end of the channel sends it away.
void Scribe::dismiss() {
  ours_.reset();
  const pid_t child = std::exchange(pid_, -1);
  while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace netrig::sandbox
