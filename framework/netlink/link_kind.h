// The kinds of virtual device that Netrig creates, and their options. A kind that the running kernel was not built with
// is refused with an error that says so; supports() asks beforehand.
//
//   batch.add_link({.name = br0}, Bridge{.multicast_snooping = false});
//   batch.add_link({.name = port, .master = {.name = br0}}, Veth{.peer = {.name = eth0, .netns = client.fd()}});
#pragma once

#include <netrig/net/interface_name.h>
#include <netrig/net/ip_address.h>
#include <netrig/net/mac_address.h>
#include <netrig/netlink/device.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace netrig::netlink {

/// What every new device can be told (ip-link(8)). A veth pair has two of these.
struct LinkSpec {
  InterfaceName name;
  std::uint32_t index = 0;  ///< 0: the kernel chooses. A veth's peer can have one only if the veth itself has one
  std::optional<MacAddress> mac = {};
  std::optional<std::uint32_t> mtu = {};
  std::optional<std::uint32_t> tx_queue_length = {};
  std::uint32_t queues =
      1;  ///< transmit and receive queues each; 0: the kernel's choice, which is slow to set up (one per CPU)
  std::uint32_t group = 0;  ///< for remove_link_group()
  bool up = false;  ///< brought up at once. Not possible for a veth's peer, which needs a change of its own afterwards
  Device master = {};  ///< the bridge or VRF to join; not for a veth's peer
  int netns = -1;      ///< fd of the network namespace it is made in; -1: the socket's own

  friend bool operator==(const LinkSpec&, const LinkSpec&) = default;
};

/// A virtual Ethernet pair (veth(4)); the other end is made where `peer.netns` says.
struct Veth {
  LinkSpec peer;
  friend bool operator==(const Veth&, const Veth&) = default;
};

/// An Ethernet bridge. What is not given is left as the kernel has it.
struct Bridge {
  std::optional<bool> stp = {};
  std::optional<std::chrono::milliseconds> forward_delay = {};  ///< in steps of 10 ms, as all times here
  std::optional<std::chrono::milliseconds> hello_time = {};
  std::optional<std::chrono::milliseconds> max_age = {};
  std::optional<std::chrono::milliseconds> ageing_time = {};
  std::optional<std::uint16_t> priority = {};
  std::optional<bool> vlan_filtering = {};
  std::optional<std::uint16_t> vlan_default_pvid = {};
  std::optional<std::uint16_t> group_forward_mask = {};  ///< bit n: forward frames to 01:80:c2:00:00:0n
  std::optional<bool> multicast_snooping = {};
  std::optional<bool> multicast_querier = {};
  friend bool operator==(const Bridge&, const Bridge&) = default;
};

/// A device of its own MAC on top of `lower`.
struct Macvlan {
  enum class Mode : std::uint32_t { private_ = 1, vepa = 2, bridge = 4, passthru = 8 };
  Device lower;
  Mode mode = Mode::bridge;
  friend bool operator==(const Macvlan&, const Macvlan&) = default;
};

/// Ethernet in UDP (RFC 7348).
struct Vxlan {
  std::uint32_t vni = 0;                 ///< 24 bits
  std::optional<IpAddress> remote = {};  ///< the far end, or a multicast group (which needs `lower`)
  std::optional<IpAddress> local = {};   ///< source address of the tunnel
  Device lower = {};
  std::uint16_t destination_port = 4789;  ///< UDP, IANA's number
  std::optional<std::uint8_t> ttl = {};
  std::optional<bool> learning = {};
  friend bool operator==(const Vxlan&, const Vxlan&) = default;
};

/// A tagged sub-interface of `lower` (IEEE 802.1Q, or 802.1ad for service tags).
struct Vlan {
  enum class Protocol : std::uint16_t { ieee_8021q = 0x8100, ieee_8021ad = 0x88a8 };
  Device lower;
  std::uint16_t id = 1;  ///< 1..4094
  Protocol protocol = Protocol::ieee_8021q;
  friend bool operator==(const Vlan&, const Vlan&) = default;
};

/// A routing domain: its ports' routes are those of `table`.
struct Vrf {
  std::uint32_t table = 0;
  friend bool operator==(const Vrf&, const Vrf&) = default;
};

/// A device that shares the MAC of `lower`.
struct Ipvlan {
  enum class Mode : std::uint16_t { l2 = 0, l3 = 1, l3s = 2 };
  Device lower;
  Mode mode = Mode::l3;
  friend bool operator==(const Ipvlan&, const Ipvlan&) = default;
};

/// An intermediate functional block: a queue in front of another device's input.
struct Ifb {
  friend bool operator==(const Ifb&, const Ifb&) = default;
};
struct Dummy {
  friend bool operator==(const Dummy&, const Dummy&) = default;
};
struct Wireguard {
  friend bool operator==(const Wireguard&, const Wireguard&) = default;
};

using LinkKind = std::variant<Veth, Bridge, Macvlan, Vxlan, Vlan, Vrf, Ipvlan, Ifb, Dummy, Wireguard>;

/// The kernel's word for a kind: `veth`, `bridge`, ...
std::string_view name_of(const LinkKind& kind);

/// Whether this kernel can make devices of `kind` (`veth`, `dummy`, also kinds unknown to Netrig such as `netkit`).
/// Makes none.
Result<bool> supports(Socket& socket, std::string_view kind);

}  // namespace netrig::netlink
