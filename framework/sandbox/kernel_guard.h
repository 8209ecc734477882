// What a fresh /proc and /sys show of the host's kernel, made read-only for the one who could change it: the host's
// root, whom the sandbox maps to itself: the files ask for their owner or for CAP_DAC_OVERRIDE, and it is the one and
// has the other. (For everybody else they are read-only already.) Against accidents: a program that is the host's root
// and means it can mount another /proc. Private to the module; usable in a bare clone (see raw.h). Every function
// returns 0 or an errno value.
#pragma once

namespace netrig::sandbox {

/// Settings of the kernel and of devices: every entry of proc(5) that is no process's, as this kernel and its modules
/// have them (dynamic_debug, sysrq-trigger, ...), whatever its mode says, with what is mounted below it (binfmt_misc;
/// before Linux 5.12 that stays as it is). What belongs to the caller's namespaces stays writable:
/// /proc/sys/net, /proc/sys/user, and each process's own files. kernel.pid_max is read-only too, though since
/// Linux 6.14 it is the pid namespace's own: it is the sandbox's limit of processes (limit_processes()). After /proc
/// was mounted.
int guard_new_proc() noexcept;
/// The same for a /proc that cannot be mounted anew. Before /run is mounted, which is to hide what this keeps there.
int guard_old_proc() noexcept;
/// All of it but /sys/devices/virtual/net: the links of the network namespace. After /sys was mounted.
int guard_sysfs() noexcept;

}  // namespace netrig::sandbox
