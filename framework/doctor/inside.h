// Single checks inside a sandbox, each in the network namespace that the calling thread is in. Private to the module.
#pragma once

#include <netrig/base/result.h>
#include <netrig/doctor/finding.h>

#include <string>
#include <string_view>

namespace netrig::doctor {

/// Makes a queueing discipline of `kind` on the loopback device (tc-qdisc(8)), with the options it cannot do without.
/// The error is the kernel's: ENOENT where it knows none of that kind.
Result<void> make_qdisc(std::string_view kind);

/// Of the check whether the kernel has a kind of link: an error is told as such, not as a lack of the kind.
Finding finding_of_kind(std::string_view id, const Result<bool>& known);

/// Opens a socket of that kind and closes it: 0 or an errno value.
int try_socket(int domain, int type, int protocol);

}  // namespace netrig::doctor
