// How long entering a sandbox waits for namespaces that the kernel has yet to reap. Private to the module.
#pragma once

#include <netrig/base/living_namespaces.h>

#include <cerrno>
#include <string>
#include <vector>

namespace netrig::sandbox {

/// For a process outside to whom, by ENOSPC, one of these `kinds` of namespaces was refused: two seconds where as many
/// as may be are seen in use, or where user namespaces nest too deep, else twenty; none where the limit is zero.
NamespacePatience patience_of_outside(std::vector<std::string> kinds);

/// Does `action`, which gives an errno value or 0, and does it again while that is ENOSPC and `patience` lasts. What it
/// gave last.
template <class Action>
int try_patiently(NamespacePatience patience, const Action& action) {
  for (;;) {
    const int error = action();
    if (error != ENOSPC || !patience.wait()) return error;
  }
}

}  // namespace netrig::sandbox
