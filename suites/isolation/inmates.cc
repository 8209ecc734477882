#include <netrig/suites/isolation/inmates.h>

#include <filesystem>

namespace netrig::isolation {

std::string inmate() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "netrig_inmate"; }

teardown::Outcome attempt(const std::string& where, const std::string& action, const std::string& argument,
                          const std::function<void()>& surroundings) {
  return teardown::outcome_of(
      {.program = inmate(), .arguments = {where, action, argument}, .surroundings = surroundings});
}

teardown::VictimOptions staying(const std::string& action, const std::string& argument,
                                const std::function<void()>& surroundings) {
  return {.program = inmate(), .arguments = {"stay", action, argument}, .surroundings = surroundings};
}

}  // namespace netrig::isolation
