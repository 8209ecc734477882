#include <netrig/process/capture.h>

#include <algorithm>

namespace netrig::process {

void Capture::append(std::string_view text) {
  total_ += text.size();
  const auto for_head = std::min(text.size(), head_limit_ - head_.size());
  head_.append(text.substr(0, for_head));
  text.remove_prefix(for_head);
  if (text.size() > tail_limit_) {
    tail_.clear();
    text.remove_prefix(text.size() - tail_limit_);
  }
  tail_.append(text);
  // Cut only when it has doubled, so that a byte is moved once and not at every append.
  if (tail_.size() > 2 * tail_limit_) tail_.erase(0, tail_.size() - tail_limit_);
}

std::string Capture::text() const {
  const auto kept = std::min(tail_.size(), tail_limit_);
  const auto dropped = total_ - head_.size() - kept;
  if (dropped == 0) return head_ + tail_;
  const auto gap = "\n[... " + std::to_string(dropped) + " bytes dropped ...]\n";
  return head_ + gap + tail_.substr(tail_.size() - kept);
}

}  // namespace netrig::process
