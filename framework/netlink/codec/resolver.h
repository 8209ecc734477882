// From the device that a request names to the index that its message needs.
#pragma once

#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/device.h>

#include <cstdint>
#include <map>
#include <span>

namespace netrig::netlink::codec {

/// Stands in a message for a device that was not found; no device has it.
inline constexpr std::uint32_t kUnresolved = 0x7FFFFFFF;

/// Finds indexes: given ones, those of devices in the socket's namespace, those that requests waiting in `pending` will
/// make.
class Resolver {
 public:
  /// `fd` is any socket of the namespace; -1: none, so only `pending` is looked through.
  Resolver(int fd, const Buffer& pending) : fd_{fd}, pending_{pending} {}

  /// The index; 0 for no device; kUnresolved for one that cannot be found, which missing() then names.
  std::uint32_t operator()(const Device& device);
  /// The first name that was not found; empty when all were.
  [[nodiscard]] const InterfaceName& missing() const { return missing_; }

 private:
  int fd_;
  const Buffer& pending_;
  InterfaceName missing_;
};

/// From the indexes in answers, and in requests that failed, to the names that people know. Remembers what it found.
class DeviceNames {
 public:
  /// `fd` and `pending` as for Resolver.
  explicit DeviceNames(int fd, std::span<const std::byte> pending = {}) : fd_{fd}, pending_{pending} {}

  /// Completes a device whose index alone is known. Leaves it as it is where the index has no name.
  void fill(Device& device);
  /// Takes `name` for the device of this index from now on.
  void remember(std::uint32_t index, const InterfaceName& name) { known_[index] = name; }
  /// The device of this index, named where it can be.
  Device operator()(std::uint32_t index);

 private:
  int fd_;
  std::span<const std::byte> pending_;
  std::map<std::uint32_t, InterfaceName> known_;
};

/// The name that a request in `pending` gives to the device that it makes with this index; empty where none does.
InterfaceName pending_name(std::span<const std::byte> pending, std::uint32_t index);

/// The index of the device called `name`, or 0 with errno set (SIOCGIFINDEX on any socket of the namespace).
std::uint32_t index_of(int fd, const InterfaceName& name);
/// The name of the device of this index, or an empty one with errno set (SIOCGIFNAME).
InterfaceName name_of_index(int fd, std::uint32_t index);

}  // namespace netrig::netlink::codec
