// Who keeps a sandbox from going: processes outside of it. Everything inside is killed, but the kernel lets a namespace
// go only when nobody refers to it any more.
//
//   for (const auto& holder : sandbox::holders_of("net:[4026532254]")) std::cerr << holder << '\n';
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace netrig::sandbox {

/// A process that refers to what should be gone.
struct Holder {
  pid_t pid = 0;
  std::string command;  ///< the process's name, as proc_pid_comm(5) has it
  std::string how;      ///< `holds descriptor 5`, `has it mounted at /tmp/net`, `traces process 17`, ...
};

/// `process 1234 (gdb) traces process 17`.
std::ostream& operator<<(std::ostream& out, const Holder& holder);

/// A namespace as readlink(2) names it in /proc/PID/ns: `net:[4026532254]`. Empty when it cannot be read.
std::string name_of_namespace(pid_t pid, std::string_view kind);

/// The processes that are in the namespace of that name, hold a descriptor of it or have it mounted. Of other users'
/// processes a user sees nothing. The name is to be that of a namespace which is still there: the kernel gives it to
/// another one afterwards (proc_free_inum in fs/proc/generic.c).
std::vector<Holder> holders_of(std::string_view name);

/// Who traces process `pid`: its death is told to the tracer first, and nobody reaps it until that one lets go
/// (ptrace(2)). Nothing where nobody does, or somebody in an outer pid namespace, whom /proc does not show.
std::optional<Holder> tracer_of(pid_t pid);

/// Why the init of the pid namespace `name` does not end though it was killed: an outside process that traces one of
/// the dead inside, or that put one there and has not reaped it. The calling process is left out: it is the init's
/// parent, and waits. So is the parent of `init`, where that is another's child.
std::vector<Holder> delayers_of(std::string_view name, pid_t init = 0);

}  // namespace netrig::sandbox
