// nftables' user data, where comments are. Whoever made the object wrote the data, and the kernel keeps it as it is: a
// type and a length in one byte each, then the value (libnftnl/udata.h), or anything else.
// nftnl_udata_parse() believes the lengths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace netrig::nft::codec {

/// The value of the attribute of `type`; none where there is no whole one.
inline std::optional<std::string_view> user_data(const void* data, std::uint32_t size, std::uint8_t type) {
  std::string_view rest{static_cast<const char*>(data), data == nullptr ? 0U : size};
  while (rest.size() >= 2) {
    const auto found = static_cast<std::uint8_t>(rest[0]);
    const auto length = static_cast<std::uint8_t>(rest[1]);
    rest.remove_prefix(2);
    if (length > rest.size()) break;
    if (found == type) return rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return std::nullopt;
}

/// The text of the attribute of `type`, up to its final zero; empty where there is none.
inline std::string comment_in(const void* data, std::uint32_t size, std::uint8_t type) {
  const std::string_view text = user_data(data, size, type).value_or(std::string_view{});
  return std::string{text.substr(0, text.find('\0'))};
}

}  // namespace netrig::nft::codec
