#include <netrig/suites/fuzz/target.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <linux/netlink.h>

namespace netrig::fuzz {

std::uint8_t Input::take() {
  if (rest_.empty()) return 0;
  const std::uint8_t first = rest_.front();
  rest_ = rest_.subspan(1);
  return first;
}

std::uint32_t Input::take_number() {
  const std::uint32_t small = take();
  if (small != 255) return small;
  std::uint32_t number = 0;
  for (unsigned shift = 0; shift < 32; shift += 8) number |= static_cast<std::uint32_t>(take()) << shift;
  return number;
}

std::vector<std::uint8_t> Input::take_bytes(std::size_t most) {
  const std::size_t wanted = take() % (most + 1);
  const auto front = rest_.first(std::min(wanted, rest_.size()));
  rest_ = rest_.subspan(front.size());
  return {front.begin(), front.end()};
}

std::string_view Input::text() const {
  return {reinterpret_cast<const char*>(rest_.data()), rest_.size()};  // NOLINT: bytes are characters
}

std::vector<std::byte> Input::netlink_message(std::uint16_t type) const {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + rest_.size());
  header.nlmsg_type = type;
  std::vector<std::byte> message(NLMSG_ALIGN(header.nlmsg_len));
  std::memcpy(message.data(), &header, sizeof header);
  if (!rest_.empty()) std::memcpy(message.data() + sizeof header, rest_.data(), rest_.size());
  return message;
}

void broken(std::string_view promise, std::string_view detail) {
  std::fprintf(stderr, "broken: %.*s: %.*s\n", static_cast<int>(promise.size()), promise.data(),
               static_cast<int>(detail.size()), detail.data());
  std::abort();
}

}  // namespace netrig::fuzz
