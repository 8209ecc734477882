// Programs that belong to this one.
#pragma once

#include <string>

namespace netrig::bench {

/// The path of a file in the folder of the running program.
std::string beside(const std::string& name);

}  // namespace netrig::bench
