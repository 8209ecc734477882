#include <netrig/base/error.h>
#include <netrig/sandbox/explain.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace netrig::sandbox {
namespace {

constexpr const char* kContainerFlags =
    "docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt "
    "apparmor=unconfined (podman: --security-opt unmask=ALL)";

bool makes_namespace(Step step) { return step >= Step::user_namespace && step <= Step::uts_namespace; }

std::string list(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

struct Limit {
  Step step;
  const char* name;
  std::optional<long> HostFacts::* value;
};

constexpr Limit kLimits[] = {
    {Step::user_namespace, "user.max_user_namespaces", &HostFacts::max_user_namespaces},
    {Step::pid_namespace, "user.max_pid_namespaces", &HostFacts::max_pid_namespaces},
    {Step::mount_namespace, "user.max_mnt_namespaces", &HostFacts::max_mnt_namespaces},
    {Step::net_namespace, "user.max_net_namespaces", &HostFacts::max_net_namespaces},
    {Step::ipc_namespace, "user.max_ipc_namespaces", &HostFacts::max_ipc_namespaces},
    {Step::uts_namespace, "user.max_uts_namespaces", &HostFacts::max_uts_namespaces},
};

Explanation explain_no_space(Step step, const HostFacts& facts) {
  std::string cause;
  for (const auto& [limited, name, value] : kLimits) {
    if (!(facts.*value)) continue;
    const std::string now = std::string{name} + " is " + std::to_string(*(facts.*value));
    if (step == limited && *(facts.*value) == 0) return {now, "sudo sysctl -w " + std::string{name} + "=10000"};
    cause += (cause.empty() ? "" : ", ") + now;
  }
  return {"a limit is reached for longer than namespaces take to be reaped: " + cause +
              "; user and pid namespaces nest at most 32 deep",
          "raise the limit with sudo sysctl -w, or start from fewer nested containers"};
}

Explanation explain_refused_namespace(const HostFacts& facts) {
  if (facts.unprivileged_userns_clone == 0) {
    return {"kernel.unprivileged_userns_clone is 0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"};
  }
  if (facts.seccomp_filtered) return {"the container's seccomp profile forbids user namespaces", kContainerFlags};
  if (facts.chrooted) return {"the kernel makes no user namespace in a chroot", "run it outside, or in a container"};
  return {};
}

Explanation explain_apparmor(const HostFacts& facts) {
  return {
      "AppArmor lets no unprivileged program use its user namespace: kernel.apparmor_restrict_unprivileged_userns is 1",
      "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with `userns,` for " +
          (facts.program.empty() ? "the program" : facts.program)};
}

// A container's: docker-default denies every mount, whatever seccomp and the paths of the system are set to.
Explanation explain_profile(const std::string& profile) {
  return {
      "AppArmor profile " + profile + " denies it",
      "docker run --security-opt apparmor=unconfined; elsewhere a profile with `userns,`, `mount,` and `capability,`"};
}

Explanation explain_refused_mount(const std::string& directory, const std::vector<std::string>& covered) {
  if (covered.empty()) return {};
  return {"the kernel gives no fresh " + directory + " where paths in it are covered: " + list(covered),
          "docker run --security-opt systempaths=unconfined (podman: --security-opt unmask=ALL)"};
}

Explanation explain_refused_entry(const HostFacts& facts) {
  if (facts.seccomp_filtered) return {"the container's seccomp profile forbids setns(2)", kContainerFlags};
  return {"whoever made a namespace may enter it: a security module, or a filter of system calls, forbids it", ""};
}

Explanation explain_refusal(Step step, int error, const HostFacts& facts) {
  if (step == Step::proc && !facts.covered_proc.empty()) return explain_refused_mount("/proc", facts.covered_proc);
  if (step == Step::sysfs && !facts.covered_sys.empty()) return explain_refused_mount("/sys", facts.covered_sys);
  if (makes_namespace(step)) {
    const Explanation known = explain_refused_namespace(facts);
    if (!known.cause.empty()) return known;
  }
  const bool confined = !facts.apparmor_profile.empty() && facts.apparmor_profile != "unconfined";
  if (error == EACCES && confined) return explain_profile(facts.apparmor_profile);
  if (facts.apparmor_restricts_userns == 1) return explain_apparmor(facts);
  if (step == Step::enter) return explain_refused_entry(facts);
  if (facts.seccomp_filtered) return {"the container's seccomp profile may forbid it", kContainerFlags};
  return {};
}

Explanation explain_missing(Step step, const HostFacts& facts) {
  switch (step) {
    case Step::user_namespace:
      return {
          "this kernel makes no user namespace here: built without CONFIG_USER_NS, or another thread runs (a "
          "sanitizer's)",
          ""};
    case Step::enter:
      return explain_refused_entry(facts);
    case Step::veth:
      return {"this kernel has no veth driver loaded, and a user namespace cannot load one", "sudo modprobe veth"};
    case Step::nft:
      return {"this kernel has no nf_tables loaded, and a user namespace cannot load it", "sudo modprobe nf_tables"};
    default:
      return {"this kernel is too old (Linux 5.10 is needed), or a seccomp filter hides the call", ""};
  }
}

Explanation explain_death(Step step, int signal) {
  switch (signal) {
    case SIGSYS:
      return {"a seccomp filter kills whoever makes a system call that it takes to " + std::string{action_of(step)} +
                  (step == Step::program_fork ? ", and to serve it" : ""),
              kContainerFlags};
    case SIGKILL:
      return {
          "by the kernel's out-of-memory killer, or by another process: dmesg and memory.events of the control group "
          "tell which",
          "more memory: docker run --memory, systemd's MemoryMax="};
    default:
      return {};
  }
}

// The chain's steps are checks of their own; those after it fail for want of what they start with, of room.
std::string_view doctor_id_of(Step step) { return name_of(step <= Step::nft ? step : Step::prepare); }

}  // namespace

Explanation explain(const Failure& failure, const HostFacts& facts) {
  if (failure.signal != 0) return explain_death(failure.step, failure.signal);
  switch (failure.error) {
    case EPERM:
    case EACCES:
      return explain_refusal(failure.step, failure.error, facts);
    case ENOSPC:
    case EUSERS:
      return explain_no_space(failure.step, facts);
    case EAGAIN:
      return {"the limit of processes is reached", "ulimit -u 10000; containers: --pids-limit 10000"};
    case EROFS:
      return {"/proc/sys is read-only, so sysctls cannot be set",
              "docker run --security-opt systempaths=unconfined (podman: --security-opt unmask=ALL)"};
    case EINVAL:
    case ENOSYS:
    case ENODEV:
    case EOPNOTSUPP:
    case EPROTONOSUPPORT:
      return explain_missing(failure.step, facts);
    default:
      return {};
  }
}

std::string describe_end(int error, int signal) {
  if (signal == 0 && error == ENODATA) return "the sandbox's init ended without a word";
  if (signal == 0) return describe_errno(error);
  const char* name = ::sigabbrev_np(signal);
  return "the sandbox's init was killed by signal " + std::to_string(signal) +
         (name != nullptr ? " (SIG" + std::string{name} + ")" : "");
}

std::string tell(const Failure& failure, const Explanation& explanation) {
  std::string text =
      "no sandbox: " + std::string{action_of(failure.step)} + ": " + describe_end(failure.error, failure.signal);
  if (!explanation.cause.empty()) text += ": " + explanation.cause;
  if (!explanation.remedy.empty()) text += "; remedy: " + explanation.remedy;
  return text + " [netrig doctor: " + std::string{doctor_id_of(failure.step)} + "]";
}

}  // namespace netrig::sandbox
