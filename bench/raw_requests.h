// Rtnetlink requests packed by hand: what the kernel needs and nothing else. For the floor that Netrig is measured
// against, so no library and no Netrig type in the way.
//
//   RawRequests requests;
//   requests.set_up(1);
//   requests.add_address(2, RawAddress::v4(0x0a020001, 16));
//   NETRIG_TRY(socket.send(requests));                     // one system call for all of them
//
// Sources: rtnetlink(7), include/uapi/linux/{rtnetlink,if_link,if_bridge,veth}.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

struct nlmsghdr;  // NOLINT(readability-identifier-naming): the kernel's

namespace netrig::bench {

/// An address and its prefix length, in the kernel's own form.
struct RawAddress {
  std::uint8_t family;                 ///< AF_INET or AF_INET6
  std::uint8_t prefix_length;          ///< 0 for a gateway
  std::array<std::uint8_t, 16> bytes;  ///< network order; IPv4 uses the first four

  static RawAddress v4(std::uint32_t host_order, std::uint8_t prefix_length = 0);
  /// `high` and `low` are the halves in host order: fd02::1 is (0xfd02000000000000, 1).
  static RawAddress v6(std::uint64_t high, std::uint64_t low, std::uint8_t prefix_length = 0);
  [[nodiscard]] std::size_t size() const;
};

/// A device to be made.
struct RawDevice {
  std::string_view name;
  std::uint32_t index;       ///< its MAC address follows from it: 02:6e:72:00:00:0b for 11
  std::uint32_t master = 0;  ///< index of the bridge that it is a port of; 0: none
  int network = -1;          ///< fd of the namespace it lives in; -1: the socket's
  bool up = false;           ///< comes up as it is made, which the peer of a pair cannot (ENOTCONN)
};

/// The MAC address of the device with that index.
std::array<std::uint8_t, 6> raw_mac(std::uint32_t index);
/// fe80::/64 and the modified EUI-64 of raw_mac(index) (RFC 4291, appendix A).
RawAddress raw_link_local(std::uint32_t index);

/// A batch of requests. Only the last asks for an acknowledgement: the kernel works in order, and reports every failure
/// unasked (netlink_rcv_skb in net/netlink/af_netlink.c).
class RawRequests {
 public:
  /// A bridge without multicast snooping, up.
  void add_bridge(const RawDevice& bridge);
  /// A pair with one queue each.
  void add_veth(const RawDevice& near, const RawDevice& peer);
  void set_up(std::uint32_t index);
  /// Keeps the kernel from giving a link-local address by itself; before the device comes up.
  void no_link_local(std::uint32_t index);
  /// IPv6 addresses without duplicate address detection.
  void add_address(std::uint32_t index, const RawAddress& address);
  void add_default_route(std::uint32_t index, const RawAddress& gateway);
  /// Asks for a device by index, which makes the kernel act on a pending carrier change at once (linkwatch_sync_dev).
  void query_link(std::uint32_t index);
  /// Asks for all IPv6 routes.
  void query_ipv6_routes();

  [[nodiscard]] const std::vector<char>& bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t last_sequence() const { return sequence_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  /// Makes the last request ask for its acknowledgement (a dump ends with one anyway).
  void close();
  /// Forgets the requests, keeps the memory.
  void clear() { bytes_.clear(); }

 private:
  nlmsghdr* header(std::size_t offset);
  void begin(std::uint16_t type, unsigned flags);
  void end();
  template <class T>
  void put(const T& value);
  void attribute(unsigned short type, const void* data, std::size_t size);
  void text(unsigned short type, std::string_view value);
  void number(unsigned short type, std::uint32_t value);
  void device_attributes(const RawDevice& device);
  std::size_t open_nest(unsigned short type);
  void close_nest(std::size_t offset);

  std::vector<char> bytes_;
  std::size_t last_ = 0;  ///< offset of the last request
  std::uint32_t sequence_ = 0;
};

}  // namespace netrig::bench
