// The guide that the suites follow (suites/guide.txt), and the shell commands in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace netrig {

/// The text of suites/guide.txt, built in.
std::string_view guide_text();

/// The shell commands between the line that begins with `from` and the next line of prose that begins with `until` (or
/// the end of the text): comment lines, commands, loops and continued lines as they stand; the prose between them is
/// left out. Empty when there is no such line.
std::string guide_commands(std::string_view from, std::string_view until);

/// `text` with every line that contains `needle` left out. Fails the current test when there is none: the guide has
/// changed.
std::string without_line(const std::string& text, std::string_view needle);
/// `text` with every `needle` replaced. Fails the current test when there is none.
std::string replaced(std::string text, std::string_view needle, std::string_view replacement);

}  // namespace netrig
