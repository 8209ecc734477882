// Links as they are, and changes to them.
//
//   Link eth0 = NETRIG_TRY(get_link(socket, {.name = InterfaceName{"eth0"}}));
//   std::cout << eth0;            // 2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP ...
//   batch.change_link({.device = {.index = eth0.index}, .up = false});
#pragma once

#include <netrig/net/interface_name.h>
#include <netrig/net/mac_address.h>
#include <netrig/netlink/device.h>
#include <netrig/netlink/link_kind.h>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace netrig::netlink {

/// RFC 2863 operational state, as the kernel's if.h numbers it.
enum class OperState : std::uint8_t { unknown, not_present, down, lower_layer_down, testing, dormant, up };

/// How a device makes its IPv6 link-local address (ip-link(8), addrgenmode).
enum class AddrGenMode : std::uint8_t { eui64, none, stable_secret, random };

/// Counters since the device was made (`ip -s link`).
struct LinkStatistics {
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_dropped = 0, rx_multicast = 0;
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0, tx_dropped = 0, collisions = 0;
  friend bool operator==(const LinkStatistics&, const LinkStatistics&) = default;
};

/// Options of a device that is a bridge's port (bridge(8), `bridge link set`). In a request, what is not given stays.
struct BridgePort {
  enum class State : std::uint8_t { disabled, listening, learning, forwarding, blocking };
  std::optional<State> state = {};
  std::optional<std::uint32_t> cost = {};
  std::optional<std::uint16_t> priority = {};
  std::optional<bool> hairpin = {}, guard = {}, root_block = {}, fast_leave = {};
  std::optional<bool> learning = {}, flood = {}, multicast_flood = {}, broadcast_flood = {}, isolated = {};
  friend bool operator==(const BridgePort&, const BridgePort&) = default;
};

/// A device as the kernel reports it.
struct Link {
  std::uint32_t index = 0;
  InterfaceName name;
  std::uint32_t flags = 0;  ///< IFF_*: netdevice(7)
  std::uint16_t type = 0;   ///< ARPHRD_*: 1 is Ethernet, 772 loopback
  std::uint32_t mtu = 0;
  OperState state = OperState::unknown;
  bool carrier = false;
  std::optional<MacAddress> mac = {}, broadcast = {};
  Device master = {};
  std::optional<std::uint32_t> linked_index =
      {};  ///< IFLA_LINK: a veth's other end, or what it lies on; 0: not visible
  std::optional<std::int32_t> linked_namespace =
      {};                          ///< the id here of the namespace in which `linked_index` counts; -1: no id
  InterfaceName linked_name = {};  ///< the name of `linked_index` when it is in this namespace
  bool linked_down = false;        ///< that device is in this namespace and not set up
  std::uint32_t group = 0, tx_queue_length = 0, tx_queues = 0, rx_queues = 0, promiscuity = 0;
  std::uint8_t mode = 0;  ///< 0 default, 1 dormant
  /// Bytes of the largest packet that is handed over to be cut up late, of IPv6 and of IPv4 (`ip -d link show`): above
  /// 65,536 it is BIG TCP's. 0: a kernel that does not say (before 4.16; of IPv4, before 6.3).
  std::uint32_t gso_max_size = 0, gso_ipv4_max_size = 0;
  std::string qdisc = {}, alias = {};
  std::string kind = {};                 ///< `veth`, `bridge`, ...; empty for `lo` and hardware
  std::optional<LinkKind> details = {};  ///< options, for the kinds in LinkKind except Veth
  std::optional<BridgePort> port = {};   ///< when `master` is a bridge
  std::optional<AddrGenMode> addr_gen_mode = {};
  LinkStatistics statistics = {};

  [[nodiscard]] bool up() const;  ///< administratively (IFF_UP)
  [[nodiscard]] Device device() const { return {index, name}; }
  /// As `ip link show` prints it: two lines (three with an alias), without spaces and newline at their ends.
  [[nodiscard]] std::string to_string() const;
  /// As `ip -br link show` prints it: `eth0@if3         UP             02:00:00:00:00:01
  /// <BROADCAST,MULTICAST,UP,LOWER_UP>`.
  [[nodiscard]] std::string brief() const;

  friend bool operator==(const Link&, const Link&) = default;
};

std::ostream& operator<<(std::ostream& out, const Link& link);

/// One of `net.ipv4.conf.DEVICE.*`, by its number in the kernel's enum in linux/ip.h (IPV4_DEVCONF_FORWARDING is 1,
/// ...).
struct Ipv4Setting {
  std::uint16_t id = 0;
  std::int32_t value = 0;
  friend bool operator==(const Ipv4Setting&, const Ipv4Setting&) = default;
};

/// What to change of a device (`ip link set`). What is not given stays. Several changes that the kernel would apply in
/// the wrong order (device settings and `up`, `master` and `port`) travel as several messages in the right one.
struct LinkChange {
  Device device;
  std::optional<bool> up = {}, promiscuous = {}, arp = {}, multicast = {}, all_multicast = {};
  std::optional<InterfaceName> name = {};
  std::optional<MacAddress> mac = {};
  std::optional<std::uint32_t> mtu = {}, tx_queue_length = {}, group = {};
  std::optional<std::uint32_t> gso_max_size = {};  ///< of both families, and of what GRO puts together
  std::optional<Device> master = {};               ///< an empty Device: `nomaster`
  std::optional<std::string> alias = {};           ///< empty: none
  std::optional<BridgePort> port = {};
  std::optional<LinkKind> kind = {};  ///< new options, of the kind that the device is
  std::vector<Ipv4Setting> ipv4 = {};
  std::optional<AddrGenMode> addr_gen_mode = {};
  int netns = -1;  ///< fd of the namespace to move to
};

/// Which links a dump gives; the kernel filters.
struct LinkFilter {
  Device master = {};
  std::string kind = {};
  bool statistics = true;  ///< false: zero counters, and a faster dump
};

/// All links of the socket's namespace that `filter` lets through, in the kernel's order.
Result<std::vector<Link>> dump_links(Socket& socket, const LinkFilter& filter = {});
/// One link. ENODEV where there is none.
Result<Link> get_link(Socket& socket, const Device& device);

}  // namespace netrig::netlink
