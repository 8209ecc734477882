// Looks at this host: what `netrig doctor` prints.
//
//   const Report report = examine({.program = "/proc/self/exe"});
//   print(std::cout, report, {}, {});
#pragma once

#include <netrig/doctor/finding.h>

#include <string>

namespace netrig::doctor {

/// What of the host can be seen from outside a sandbox: the chain of the sandbox (sandbox::probe()), settings, limits,
/// the machine, the tools in PATH. Changes nothing.
Report examine_outside();

/// What can be seen only inside a sandbox, where this process must be: kinds of links, queueing disciplines, nftables,
/// sockets. In fresh network namespaces, which go when it returns.
Report examine_inside();

/// A report as lines that parse_lines() reads back: how the process inside tells the one outside.
std::string to_lines(const Report& report);
/// What is no such line is passed over.
Report parse_lines(const std::string& lines);

}  // namespace netrig::doctor
