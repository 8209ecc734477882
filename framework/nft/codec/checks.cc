#include <netrig/nft/codec/instruction.h>

#include <fmt/format.h>

namespace netrig::nft::codec {
namespace {

constexpr std::size_t kLongestText = 127;

bool printable(const std::string& text) {
  return text.size() <= kLongestText && text.find_first_of("\"\n") == std::string::npos;
}

std::unexpected<Error> unprintable(std::string_view what, const std::string& text) {
  return refuse(
      fmt::format("{} '{}' must have at most {} bytes, no quotation mark and no line break", what, text, kLongestText));
}

}  // namespace

Result<void> check_comment(const std::string& comment) {
  if (!printable(comment)) return unprintable("comment", comment);
  return {};
}

Result<void> check_log(const Log& log) {
  if (!printable(log.prefix)) return unprintable("log prefix", log.prefix);
  if (log.group && log.flags != LogFlags::none) return refuse("flags are for the kernel's log, not for a group");
  if (!log.group && (log.snaplen != 0 || log.queue_threshold != 0))
    return refuse("snaplen and queue-threshold are of a group: name one");
  if (log.level == Log::Level::audit && (!log.prefix.empty() || log.flags != LogFlags::none))
    return refuse("level audit tells neither prefix nor flags");
  return {};
}

}  // namespace netrig::nft::codec
