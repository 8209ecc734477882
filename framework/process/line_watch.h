// Private to the module: waiting for a line in a stream of output that arrives in pieces.
#pragma once

#include <netrig/base/result.h>
#include <netrig/process/readiness.h>

#include <array>
#include <memory>
#include <regex.h>
#include <string>
#include <string_view>

namespace netrig::process {

/// Standard output and standard error.
enum class Stream { out, err };

/// Looks for one OutputLine in both streams. Fed with every piece; not thread-safe.
class LineWatch {
 public:
  /// An error for a malformed pattern, with regcomp's reason.
  static Result<LineWatch> create(const OutputLine& line);

  void feed(Stream stream, std::string_view piece);
  [[nodiscard]] bool seen() const { return seen_; }

 private:
  struct FreePattern {
    void operator()(regex_t* pattern) const;
  };

  explicit LineWatch(std::string text) : text_{std::move(text)} {}
  [[nodiscard]] bool matches(const std::string& line, bool complete) const;

  std::string text_;
  std::unique_ptr<regex_t, FreePattern> pattern_;  ///< none: `text_` is searched for as it is
  std::array<std::string, 2> unfinished_;          ///< the last line of each stream, until its newline comes
  bool seen_ = false;
};

}  // namespace netrig::process
