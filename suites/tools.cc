#include <netrig/suites/tools.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <unistd.h>

namespace netrig {

std::vector<std::string> lines_of(std::string_view text) {
  std::istringstream in{std::string{text}};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1)};
}

bool is_installed(std::string_view tool) {
  const char* path = std::getenv("PATH");
  std::istringstream folders{std::string{path == nullptr ? "" : path} + ":/usr/sbin:/sbin:/usr/bin:/bin"};
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + "/" + std::string{tool}).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace netrig
