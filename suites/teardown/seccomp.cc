#include <netrig/base/error.h>
#include <netrig/suites/teardown/seccomp.h>
#include <netrig/suites/teardown/surroundings.h>

#include <cerrno>
#include <cstddef>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

namespace netrig::teardown {
namespace {

constexpr auto kNumber = static_cast<unsigned>(offsetof(seccomp_data, nr));
constexpr auto kFirstArgument = static_cast<unsigned>(offsetof(seccomp_data, args));  // its low half, little endian
constexpr unsigned kRefuse = SECCOMP_RET_ERRNO | EPERM;

sock_filter statement(unsigned code, unsigned value) { return BPF_STMT(static_cast<std::uint16_t>(code), value); }
sock_filter jump(unsigned code, unsigned value, unsigned char yes, unsigned char no) {
  return BPF_JUMP(static_cast<std::uint16_t>(code), value, yes, no);
}

void install(std::vector<sock_filter> filter) {
  filter.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  give_up_new_privileges();
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    throw SetupError{Error::from_errno("install a seccomp filter", "", errno)};
  }
}

// SIGSYS is one of the signals that dump core: signal(7).
void leave_no_core_file() {
  const rlimit none{0, 0};
  require(::setrlimit(RLIMIT_CORE, &none) == 0, "set the limit of core files");
}

void answer_system_calls(const std::vector<long>& numbers, unsigned answer) {
  std::vector<sock_filter> filter{statement(BPF_LD | BPF_W | BPF_ABS, kNumber)};
  for (const long number : numbers) {
    filter.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
    filter.push_back(statement(BPF_RET | BPF_K, answer));
  }
  install(std::move(filter));
}

}  // namespace

void forbid_system_calls(const std::vector<long>& numbers) { answer_system_calls(numbers, kRefuse); }
void kill_on_system_calls(const std::vector<long>& numbers) {
  leave_no_core_file();
  answer_system_calls(numbers, SECCOMP_RET_KILL_PROCESS);
}

namespace {

void answer_user_namespaces(unsigned answer) {
  std::vector<sock_filter> filter;
  for (const long number : {SYS_clone, SYS_unshare}) {
    filter.push_back(statement(BPF_LD | BPF_W | BPF_ABS, kNumber));
    filter.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 3));
    filter.push_back(statement(BPF_LD | BPF_W | BPF_ABS, kFirstArgument));
    filter.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1));
    filter.push_back(statement(BPF_RET | BPF_K, answer));
  }
  install(std::move(filter));
}

}  // namespace

void forbid_user_namespaces() { answer_user_namespaces(kRefuse); }
void kill_on_user_namespaces() {
  leave_no_core_file();
  answer_user_namespaces(SECCOMP_RET_KILL_PROCESS);
}

}  // namespace netrig::teardown
