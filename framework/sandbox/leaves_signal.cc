#include <netrig/sandbox/leaves_signal.h>
#include <netrig/sandbox/raw.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace netrig::sandbox {
namespace {

// The same of one thread. One that has ended has no say.
bool thread_leaves(const std::filesystem::path& thread, int signal) {
  std::ifstream status{thread / "status"};
  bool found = false;
  for (std::string name, value; status >> name && std::getline(status >> std::ws, value);) {
    if (name == "State:" && (value.starts_with('Z') || value.starts_with('X'))) return false;
    if (name != "SigBlk:" && name != "SigIgn:" && name != "SigCgt:") continue;
    found = true;
    if ((std::strtoull(value.c_str(), nullptr, 16) & raw::bit_of(signal)) != 0) return false;
  }
  return found;
}

}  // namespace

bool leaves_to_the_kernel(pid_t pid, int signal) {
  std::error_code error;
  std::filesystem::directory_iterator threads{"/proc/" + std::to_string(pid) + "/task", error};
  for (; !error && threads != std::filesystem::directory_iterator{}; threads.increment(error)) {
    if (thread_leaves(threads->path(), signal)) return true;
  }
  return false;
}

}  // namespace netrig::sandbox
