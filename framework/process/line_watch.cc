#include <netrig/process/line_watch.h>

#include <utility>

namespace netrig::process {

namespace {

// A line without an end is cut here: it must not fill the memory.
constexpr std::size_t kLongestLine = 64U << 10U;

}  // namespace

void LineWatch::FreePattern::operator()(regex_t* pattern) const {
  ::regfree(pattern);
  delete pattern;
}

Result<LineWatch> LineWatch::create(const OutputLine& line) {
  LineWatch watch{line.text};
  if (!line.is_pattern) return watch;
  auto pattern = std::make_unique<regex_t>();
  if (const int code = ::regcomp(pattern.get(), line.text.c_str(), REG_EXTENDED | REG_NOSUB); code != 0) {
    std::string reason(256, '\0');
    reason.resize(::regerror(code, pattern.get(), reason.data(), reason.size()) - 1);
    return fail(Error::invalid("wait for a line that matches \"" + line.text + "\"", "", reason + ": see regex(7)"));
  }
  watch.pattern_.reset(pattern.release());
  return watch;
}

bool LineWatch::matches(const std::string& line, bool complete) const {
  if (!pattern_) return line.find(text_) != std::string::npos;
  return complete && ::regexec(pattern_.get(), line.c_str(), 0, nullptr, 0) == 0;
}

void LineWatch::feed(Stream stream, std::string_view piece) {
  auto& line = unfinished_.at(static_cast<std::size_t>(stream));
  while (!seen_ && !piece.empty()) {
    const auto newline = piece.find('\n');
    line.append(piece.substr(0, newline));
    const bool complete = newline != std::string_view::npos || line.size() > kLongestLine;
    seen_ = matches(line, complete);
    if (complete) line.clear();
    if (newline == std::string_view::npos) return;
    piece.remove_prefix(newline + 1);
  }
}

}  // namespace netrig::process
