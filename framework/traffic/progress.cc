#include <netrig/traffic/progress.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <poll.h>
#include <string_view>
#include <utility>

namespace netrig::traffic {

namespace {

constexpr std::string_view kWipe = "\r\x1b[K";

// The line, as long as it is there.
class ProgressLine {
 public:
  ProgressLine(std::string what, std::chrono::nanoseconds whole, int fd)
      : what_{std::move(what)}, whole_{whole}, fd_{fd} {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() {
    if (is_shown_) show(kWipe);
  }

  void tell(const Interval& interval) {
    show(fmt::format("{}{}  {}  {:.3g} Mbit/s", kWipe, what_, how_far(interval.to),
                     static_cast<double>(interval.goodput().bits_per_second()) / 1e6));
    is_shown_ = true;
  }

 private:
  [[nodiscard]] std::string how_far(std::chrono::nanoseconds now) const {
    if (whole_.count() <= 0) return fmt::format("{:.1f} s", std::chrono::duration<double>(now).count());
    return fmt::format("{:.0f}%",
                       std::min(100.0, 100.0 * static_cast<double>(now.count()) / static_cast<double>(whole_.count())));
  }
  // A terminal that takes no more now (Ctrl-S) misses a line: the measurement does not wait for it.
  void show(std::string_view text) const {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 0) != 1) return;
    [[maybe_unused]] const auto size = ::write(fd_, text.data(), text.size());
  }

  std::string what_;
  std::chrono::nanoseconds whole_;
  int fd_;
  bool is_shown_ = false;
};

bool is_watched(int fd) {
  const char* terminal = std::getenv("TERM");
  return ::isatty(fd) == 1 && (terminal == nullptr || std::string_view{terminal} != "dumb");
}

}  // namespace

std::function<void(const Interval&)> show_progress(std::string what, std::chrono::nanoseconds whole, int fd) {
  if (!is_watched(fd)) return {};
  return [line = std::make_shared<ProgressLine>(std::move(what), whole, fd)](const Interval& interval) {
    line->tell(interval);
  };
}

}  // namespace netrig::traffic
