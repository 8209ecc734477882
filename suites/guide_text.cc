#include <netrig/suites/guide_text.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

namespace netrig {

namespace {

// The words that begin a command in the guide; prose begins with a capital letter or another word.
constexpr std::array kCommandWords = {"sudo",   "ip",  "ping", "echo",     "sysctl", "readlink",
                                      "bridge", "for", "done", "iptables", "exit",   "#"};

bool is_assignment(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == 0 || equals == std::string_view::npos) return false;
  return std::ranges::all_of(line.substr(0, equals), [](unsigned char c) { return std::isupper(c) != 0 || c == '_'; });
}

bool begins_command(std::string_view line) {
  const auto word = line.substr(0, line.find(' '));
  return std::ranges::find(kCommandWords, word) != kCommandWords.end() || is_assignment(line);
}

}  // namespace

std::string guide_commands(std::string_view from, std::string_view until) {
  std::istringstream in{std::string{guide_text()}};
  std::string commands;
  bool inside = false, continued = false, looping = false;
  for (std::string line; std::getline(in, line);) {
    if (!inside) {
      inside = line.starts_with(from);
      continue;
    }
    if (!until.empty() && line.starts_with(until)) break;
    if (continued || looping || begins_command(line)) commands += line + '\n';
    looping = line.starts_with("for ") || (looping && line != "done");
    continued = line.ends_with('\\');
  }
  return commands;
}

std::string without_line(const std::string& text, std::string_view needle) {
  std::istringstream in{text};
  std::string kept;
  bool found = false;
  for (std::string line; std::getline(in, line);) {
    if (line.contains(needle)) {
      found = true;
    } else {
      kept += line + '\n';
    }
  }
  EXPECT_TRUE(found) << "the guide no longer says: " << needle;
  return kept;
}

std::string replaced(std::string text, std::string_view needle, std::string_view replacement) {
  auto at = text.find(needle);
  EXPECT_NE(at, std::string::npos) << "the guide no longer says: " << needle;
  for (; at != std::string::npos; at = text.find(needle, at + replacement.size()))
    text.replace(at, needle.size(), replacement);
  return text;
}

}  // namespace netrig
