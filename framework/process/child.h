// Private to the module: a launched program, shared by the handles of its users and the thread that reads and reaps it.
#pragma once

#include <netrig/base/deadline.h>
#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>
#include <netrig/process/capture.h>
#include <netrig/process/command.h>
#include <netrig/process/exit_status.h>
#include <netrig/process/line_watch.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace netrig::process {

/// What a launch gives. The descriptors are this process's ends of the pipes, non-blocking; none where there is no
/// pipe.
struct Launched {
  pid_t pid = -1;         ///< as this process sees it
  pid_t pid_in_lab = -1;  ///< as the lab's programs see it
  UniqueFd pidfd;
  UniqueFd input;
  UniqueFd output;
  UniqueFd error;
  std::chrono::steady_clock::time_point started;
};

/// The output that a start waits for, and an eventfd(2) that becomes readable when a line was seen or the program
/// ended.
struct Awaited {
  std::vector<LineWatch> lines;
  UniqueFd changes;
};

/// How long the end of what was killed is waited for where somebody can be told to keep it from its end. The kernel
/// ends a thousand programs in a twentieth of it.
inline constexpr std::chrono::seconds kHeldPatience{10};
/// How long it is waited for where nobody can: under a load of hundreds of processes the kernel takes its time.
inline constexpr std::chrono::minutes kMostPatience{4};
/// kHeldPatience, but in a test of what is told after it.
inline constinit std::atomic<std::chrono::milliseconds> held_patience{kHeldPatience};

/// Who can be told to keep the process `pid`, a child that was killed and is not reaped, from its end: `process 17
/// (gdb) traces process 12 (sh)`. Nothing where it is the kernel's to end it, or one of its threads.
std::optional<std::string> why_held(pid_t pid);
/// The same in words for either case.
std::string why_not_gone(pid_t pid);
/// Kills a child that nobody else reaps, and reaps it: until `last`, and no longer than `patience` where somebody can
/// be told to hold it, who is then named (ETIMEDOUT).
Result<void> kill_and_reap(pid_t pid, Deadline last, Deadline::Clock::duration patience);

/// Every member may be called from any thread, except those for the reading thread.
class Child {
 public:
  /// What the reading thread's epoll tells.
  enum class Source : unsigned { end, output, error, input };

  Child(const Command& command, std::string node, Launched launched, Awaited awaited);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] pid_t pid() const { return launched_.pid; }
  [[nodiscard]] pid_t pid_in_lab() const { return launched_.pid_in_lab; }
  /// `run "dnsmasq" in "server": ...` as an Error with `detail` and the last lines of output.
  [[nodiscard]] Error error(const char* verb, int code, const std::string& detail) const;

  [[nodiscard]] bool ended() const;
  Result<ExitStatus> wait(Deadline deadline) const;
  Result<Completed> finish(Deadline deadline) const;
  Result<void> signal(int number);
  /// To the whole process group, while the program itself is not reaped: after that its number may be another group's.
  void signal_group(int number);
  /// SIGKILL to the group, and the end of the program: until `last`, and no longer than `patience` where somebody can
  /// be told to hold it.
  Result<ExitStatus> kill(Deadline last, Deadline::Clock::duration patience);
  Result<ExitStatus> kill() { return kill(Deadline::after(kMostPatience), held_patience.load()); }
  [[nodiscard]] std::string text(Stream stream) const;
  [[nodiscard]] std::string both() const;
  Result<void> write(std::string_view text);
  void close_input();
  [[nodiscard]] bool lines_seen() const;
  [[nodiscard]] int changes() const { return awaited_.changes.get(); }

  // ---- for the reading thread (loop.cc)

  /// Registers the descriptors with `epoll`, as `key` times 4 plus the Source. Keeps it, to ask for the input's turn.
  Result<void> attach(std::shared_ptr<const UniqueFd> epoll, std::uint64_t key);
  /// Takes what `source` has, or reaps; true when nothing is left to come from any source.
  bool handle(Source source);
  /// Takes what is left in the pipes and closes them.
  void detach();

 private:
  Result<void> watch(Source source, const UniqueFd& fd, std::uint32_t events);
  void drop(UniqueFd& fd);
  UniqueFd& pipe(Stream stream) { return stream == Stream::out ? launched_.output : launched_.error; }
  bool read_once(Stream stream, std::size_t most);
  void keep(Stream stream, std::string_view piece);
  void read_rest(Stream stream);
  void reap();
  void write_pending();
  void announce() const;

  const std::string name_;
  const std::string node_;
  Launched launched_;
  std::shared_ptr<const UniqueFd> epoll_;
  std::uint64_t key_ = 0;

  mutable std::mutex mutex_;  ///< of everything below, and of the descriptors above
  mutable std::condition_variable changed_;
  Capture out_, err_, both_;
  Awaited awaited_;
  std::string pending_input_;
  std::size_t input_sent_ = 0;  ///< of pending_input_
  bool input_ends_;             ///< after what is pending
  bool ended_ = false;
  bool output_lost_ = false;          ///< there was no memory to keep it
  std::optional<ExitStatus> status_;  ///< none when somebody else took it
  std::chrono::steady_clock::time_point ended_at_;
};

}  // namespace netrig::process
