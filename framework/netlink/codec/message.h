// Building netlink messages, many after each other in one buffer.
//
//   Message message{buffer, RTM_NEWLINK, NLM_F_CREATE, ifinfomsg{...}};
//   message.put(IFLA_MTU, std::uint32_t{1400});
//   {
//     Nest info{buffer, IFLA_LINKINFO};
//     buffer.put_text(IFLA_INFO_KIND, "veth");
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include <linux/netlink.h>

namespace netrig::netlink::codec {

/// The bytes of messages that are sent together. Lengths are filled in when the scopes Message and Nest end.
class Buffer {
 public:
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  void clear() { bytes_.clear(); }
  /// Forgets what was written after the buffer had this size.
  void truncate(std::size_t size) { bytes_.resize(size); }
  void reserve(std::size_t size) { bytes_.reserve(size); }

  /// Appends an attribute (rtnetlink(7)) that holds `value` in host byte order.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void put(int type, const T& value) {
    std::memcpy(attribute(type, sizeof value), &value, sizeof value);
  }
  /// The same where there is a value.
  template <class T>
  void put_optional(int type, const std::optional<T>& value) {
    if (value) put(type, *value);
  }
  /// An attribute that holds bytes as they are: addresses are in network order.
  void put_bytes(int type, std::span<const std::uint8_t> value) {
    std::byte* place = attribute(type, value.size());
    if (!value.empty()) std::memcpy(place, value.data(), value.size());
  }
  /// An attribute that holds text with its terminating zero.
  void put_text(int type, std::string_view text) {
    std::memcpy(attribute(type, text.size() + 1), text.data(), text.size());
  }
  /// An attribute without content: its presence says it.
  void put_flag(int type) { attribute(type, 0); }
  /// A structure as it is, padded; what attributes follow.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void put_struct(const T& value) {
    std::memcpy(extend(NLMSG_ALIGN(sizeof value)), &value, sizeof value);
  }

 private:
  friend class Message;
  friend class Nest;
  friend class StructWithAttributes;

  std::byte* extend(std::size_t size) {
    const std::size_t old = bytes_.size();
    bytes_.resize(old + size);
    return bytes_.data() + old;
  }
  std::byte* attribute(int type, std::size_t length) {
    const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + length), static_cast<std::uint16_t>(type)};
    std::byte* place = extend(NLA_HDRLEN + NLA_ALIGN(length));
    std::memcpy(place, &header, sizeof header);
    return place + NLA_HDRLEN;
  }
  /// Overwrites what was written at `offset`.
  template <class T>
  void patch(std::size_t offset, const T& value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }

  std::vector<std::byte> bytes_;
};

/// One message, from its construction to the end of the scope.
class Message {
 public:
  /// `header` is the family's fixed part (ifinfomsg, rtmsg, ...). NLM_F_REQUEST is set; the sequence number is the
  /// transport's to fill in.
  template <class Header>
  Message(Buffer& buffer, int type, int flags, const Header& header) : buffer_{buffer}, start_{buffer.size()} {
    nlmsghdr message{};
    message.nlmsg_type = static_cast<std::uint16_t>(type);
    message.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
    buffer.put_struct(message);
    buffer.put_struct(header);
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() {
    buffer_.patch(start_ + offsetof(nlmsghdr, nlmsg_len), static_cast<std::uint32_t>(buffer_.size() - start_));
  }

 private:
  Buffer& buffer_;
  std::size_t start_;
};

/// An attribute that holds those written until the end of the scope.
class Nest {
 public:
  Nest(Buffer& buffer, int type) : buffer_{buffer}, start_{buffer.size()} { buffer.put_flag(type); }
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;
  ~Nest() { buffer_.patch(start_ + offsetof(nlattr, nla_len), static_cast<std::uint16_t>(buffer_.size() - start_)); }

 private:
  Buffer& buffer_;
  std::size_t start_;
};

/// The message at the front of `bytes`, or nullptr when there is no whole one. libnl's nlmsg_ok() and nlmsg_next()
/// count in int.
inline const nlmsghdr* first_message(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(nlmsghdr)) return nullptr;
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
  return message->nlmsg_len < sizeof(nlmsghdr) || message->nlmsg_len > bytes.size() ? nullptr : message;
}
/// What follows it. Precondition: there is one.
template <class Byte>
std::span<Byte> after_first(std::span<Byte> bytes) {
  const std::size_t size = NLMSG_ALIGN(first_message(bytes)->nlmsg_len);
  return bytes.subspan(size < bytes.size() ? size : bytes.size());
}

/// A structure that begins with, or holds, its own 16-bit length, followed by the attributes written until the end of
/// the scope: struct rtnexthop.
class StructWithAttributes {
 public:
  template <class T>
  StructWithAttributes(Buffer& buffer, const T& value, std::size_t length_offset)
      : buffer_{buffer}, start_{buffer.size()}, length_offset_{length_offset} {
    buffer.put_struct(value);
  }
  StructWithAttributes(const StructWithAttributes&) = delete;
  StructWithAttributes& operator=(const StructWithAttributes&) = delete;
  ~StructWithAttributes() {
    buffer_.patch(start_ + length_offset_, static_cast<std::uint16_t>(buffer_.size() - start_));
  }

 private:
  Buffer& buffer_;
  std::size_t start_, length_offset_;
};

}  // namespace netrig::netlink::codec
