#include <netrig/base/fork_window.h>
#include <netrig/base/limits.h>
#include <netrig/base/living_namespaces.h>
#include <netrig/sandbox/channel.h>
#include <netrig/sandbox/program_space.h>
#include <netrig/sandbox/quiet_signals.h>
#include <netrig/sandbox/space_init.h>
#include <netrig/sandbox/state.h>

#include <array>
#include <chrono>
#include <iterator>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace netrig::sandbox {
namespace {

// What a program space is made of; the network it has is nobody's, and holds nothing.
constexpr const char* kKinds[] = {"pid", "mnt", "net", "uts"};

constexpr std::chrono::seconds kArrivalPatience{20};

// What came of one request.
struct Answer {
  Failure failure{Step::prepare, 0};
  UniqueFd lease;
  UniqueFd pid_namespace, mount_namespace, init;
  pid_t init_pid = -1;
};

Answer failed(Step step, int error) {
  Answer answer;
  answer.failure = {step, error};
  return answer;
}

// Without room for a descriptor (RLIMIT_NOFILE) the kernel leaves it out of a message that it delivers: unix(7),
// MSG_CTRUNC.
void take_answer(Answer& answer) {
  SpaceReply reply{};
  Extras extras;
  const int error = receive_message(answer.lease.get(), &reply, sizeof reply, extras);
  answer.pid_namespace.reset(extras.descriptors[0]);
  answer.mount_namespace.reset(extras.descriptors[1]);
  answer.init.reset(extras.descriptors[2]);
  answer.init_pid = extras.sender;
  answer.failure = error == 0 ? Failure{reply.step, reply.error} : Failure{Step::space_reply, error};
  if (answer.failure.error == 0 && !answer.init) answer.failure = {Step::space_reply, EMFILE};
}

// Without somebody to ask (in a program that the test program executed) this process clones it itself.
bool is_own_parent() { return state().marker.spaces < 0; }

int send_request(int theirs, int owner) {
  if (is_own_parent()) {
    const QuietSignals quiet;
    start_space(theirs, owner, SpaceParent::user);
    return 0;
  }
  const SpaceRequest request;
  const int descriptors[] = {theirs, owner};
  return send_message(state().marker.spaces, &request, sizeof request, descriptors, 2);
}

std::string explain_refusal(const Failure& failure) {
  const std::string action{action_of(failure.step)};
  if (failure.error == ENOSPC) {
    std::string limits;
    for (const char* kind : kKinds) limits += (limits.empty() ? ": " : "; ") + describe_namespace_limit(kind);
    return action + limits;
  }
  if (failure.error == ENODATA) {
    return action +
           ": the space's init was killed before it could: by the kernel's out-of-memory killer, by a seccomp "
           "filter, or by another process; dmesg and memory.events of the control group tell which";
  }
  if (failure.error == ETOOMANYREFS) {
    return action +
           ": this user's processes have more descriptors on their way to one another than this process may have open: "
           "raise its limit (`ulimit -n`), or run fewer at a time";
  }
  return failure.error == EAGAIN ? action + ": " + describe_process_limits() : action;
}

// Each request brings the channel that its answer comes back on, so that several at once cannot mix.
Answer ask() {
  std::optional<ForkWindow> window;  // a clone of this process closes its copies before it answers
  if (is_own_parent()) window.emplace();
  int ends[2] = {-1, -1};
  if (const int error = make_channel(ends)) return failed(Step::prepare, error);
  Answer answer;
  answer.lease.reset(ends[0]);
  UniqueFd theirs{ends[1]};
  const int on = 1;
  ::setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  const UniqueFd self{static_cast<int>(raw::call(SYS_pidfd_open, ::getpid(), 0))};
  if (!self.valid()) return failed(Step::prepare, errno);
  if (const int error = send_request(theirs.get(), self.get())) return failed(Step::prepare, error);
  theirs.reset();
  take_answer(answer);
  return answer;
}

// unix(7), ETOOMANYREFS: those of all processes of this user count, and are on their way for a moment each.
bool wait_for_descriptors_to_arrive(std::optional<Deadline>& last) {
  if (!last) last = Deadline::after(kArrivalPatience);
  if (last->passed()) return false;
  ::poll(nullptr, 0, 1);
  return true;
}

Answer ask_patiently() {
  NamespacePatience patience{{std::begin(kKinds), std::end(kKinds)}};
  std::optional<Deadline> arrived;  // from the first such refusal on
  for (;;) {
    Answer answer = ask();
    const int error = answer.failure.error;
    const bool again = error == ENOSPC         ? patience.wait()
                       : error == ETOOMANYREFS ? wait_for_descriptors_to_arrive(arrived)
                                               : false;
    if (!again) return answer;
  }
}

}  // namespace

Result<ProgramSpace> ProgramSpace::start() {
  if (!inside()) return fail(Error::invalid("start a program space", "", why_not()));
  Answer answer = ask_patiently();
  if (answer.failure.error != 0) {
    return fail(Error::from_errno("start a program space", "", answer.failure.error, explain_refusal(answer.failure)));
  }
  ProgramSpace space;
  space.lease_ = std::move(answer.lease);
  space.pid_namespace_ = std::move(answer.pid_namespace);
  space.mount_namespace_ = std::move(answer.mount_namespace);
  space.init_ = std::move(answer.init);
  space.init_pid_ = answer.init_pid;
  space.owner_ = ::getpid();
  space.reaps_ = is_own_parent();
  return space;
}

ProgramSpace& ProgramSpace::operator=(ProgramSpace&& other) noexcept {
  // Through a temporary: what was held is killed at its end.
  ProgramSpace taken{std::move(other)};
  std::swap(lease_, taken.lease_);
  std::swap(init_, taken.init_);
  std::swap(pid_namespace_, taken.pid_namespace_);
  std::swap(mount_namespace_, taken.mount_namespace_);
  std::swap(init_pid_, taken.init_pid_);
  std::swap(owner_, taken.owner_);
  std::swap(reaps_, taken.reaps_);
  return *this;
}

ProgramSpace::~ProgramSpace() {
  if (!init_.valid() || owner_ != ::getpid()) return;
  kill();
  if (reaps_) ::waitid(P_PIDFD, static_cast<id_t>(init_.get()), nullptr, WEXITED | WNOHANG | __WALL);
}

void ProgramSpace::kill() noexcept {
  if (init_.valid()) raw::call(SYS_pidfd_send_signal, init_.get(), SIGKILL, nullptr, 0);
}

std::vector<Holder> ProgramSpace::delayers() const {
  std::array<char, 64> name{};
  const auto path = "/proc/self/fd/" + std::to_string(pid_namespace_.get());
  const auto size = ::readlink(path.c_str(), name.data(), name.size());
  return size <= 0 ? std::vector<Holder>{} : delayers_of({name.data(), static_cast<std::size_t>(size)}, init_pid_);
}

Result<void> ProgramSpace::wait(Deadline deadline) {
  if (!NETRIG_TRY(wait_readable(init_.get(), deadline))) {
    return fail(Error::from_errno("wait for the end of program space " + std::to_string(init_pid_), "", ETIMEDOUT,
                                  "not killed yet, or a process put into it from outside is not reaped"));
  }
  if (reaps_) ::waitid(P_PIDFD, static_cast<id_t>(init_.get()), nullptr, WEXITED | __WALL);
  return {};
}

}  // namespace netrig::sandbox
