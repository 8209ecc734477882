// Small files, whole. Private to the module.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

namespace netrig::sandbox {

/// What can be read of the file at `path`: empty when it cannot be opened or read.
inline std::string read_text(const char* path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();  // an error while reading ends the text; nothing is thrown
  return text.str();
}

}  // namespace netrig::sandbox
