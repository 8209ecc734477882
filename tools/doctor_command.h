// `netrig doctor`: what this host permits and lacks.
#pragma once

#include <netrig/tools/command.h>

#include <string>
#include <vector>

namespace netrig::tools {

struct DoctorOptions {
  std::vector<std::string> ids;       ///< only these; all when empty
  std::vector<std::string> required;  ///< beside what is required anyway
  bool all_required = false;
  bool json = false;
  bool brief = false;
  bool time = false;
};

/// Prints the report on standard output. kUsage, with a suggestion on standard error, for an id that there is none of.
int run_doctor(DoctorOptions options);

/// The same from inside a sandbox: the checks that can be made there alone, as lines for the process that started it.
int run_doctor_inside();

}  // namespace netrig::tools
