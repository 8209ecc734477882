#include <netrig/base/deadline.h>
#include <netrig/base/error.h>
#include <netrig/suites/teardown/hold.h>
#include <netrig/suites/teardown/victim.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

using namespace std::chrono_literals;

// Held open in both directions, so that neither side ever waits for the other to open it.
UniqueFd make_fifo(const std::string& path) {
  UniqueFd fifo;
  if (::mkfifo(path.c_str(), 0600) == 0) fifo.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fifo.valid()) throw SetupError{Error::from_errno("make a FIFO", path, errno)};
  return fifo;
}

std::string make_directory() {
  std::string name = std::filesystem::temp_directory_path() / "netrig-hold-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw SetupError{Error::from_errno("make a directory", name, errno)};
  return name;
}

}  // namespace

Hold::Hold(const std::vector<sandbox::Step>& steps)
    : awaited_(steps.begin(), steps.end()),
      directory_{make_directory()},
      reached_{make_fifo(directory_ + "/reached")},
      release_{make_fifo(directory_ + "/release")} {
  for (const auto step : steps) steps_ += (steps_.empty() ? "" : ",") + std::string{name_of(step)};
}

Hold::~Hold() { std::filesystem::remove_all(directory_); }

std::vector<std::string> Hold::environment() const {
  return {"NETRIG_FAULT_HOLD=" + steps_, "NETRIG_FAULT_DIRECTORY=" + directory_};
}

// The step that the next process is held at. Nothing when the victim ended before, or after the deadline.
std::optional<sandbox::Step> Hold::next(const Victim& victim, Deadline deadline) {
  pollfd events[] = {{reached_.get(), POLLIN, 0}, {victim.supervisor_pidfd(), POLLIN, 0}};
  while (::poll(events, 2, deadline.poll_timeout()) < 0 && errno == EINTR) {
  }
  // Asked again, because a victim may reach its step and end while poll looks from the one to the other.
  const auto ready = wait_readable(reached_.get(), Deadline::after(0s));
  unsigned char step = 0;
  if (!ready || !*ready || ::read(reached_.get(), &step, 1) != 1) return std::nullopt;
  return static_cast<sandbox::Step>(step);
}

bool Hold::reached(Victim& victim) {
  const Deadline deadline = Deadline::after(kPatience);
  while (!awaited_.empty()) {
    const auto step = next(victim, deadline);
    if (!step) {
      const auto ended = wait_readable(victim.supervisor_pidfd(), Deadline::after(0s));
      ADD_FAILURE() << "nothing came to " << name_of(*awaited_.begin()) << ": the victim "
                    << (ended && *ended ? "ended with " + describe_end(victim.wait_supervisor()) : "still runs");
      return false;
    }
    awaited_.erase(*step);
  }
  return true;
}

void Hold::release() {
  // More than any victim has steps; one is taken each time.
  const std::string plenty(1024, 'x');
  if (::write(release_.get(), plenty.data(), plenty.size()) != static_cast<ssize_t>(plenty.size())) std::abort();
}

}  // namespace netrig::teardown
