#include <netrig/netlink/codec/link_kind_codec.h>
#include <netrig/netlink/link_kind.h>

#include <fmt/format.h>

#include <array>

namespace netrig::netlink {

std::string_view name_of(const LinkKind& kind) {
  // In the order of the variant's alternatives.
  constexpr std::array<std::string_view, std::variant_size_v<LinkKind>> kNames{
      "veth", "bridge", "macvlan", "vxlan", "vlan", "vrf", "ipvlan", "ifb", "dummy", "wireguard"};
  return kNames[kind.index()];
}

namespace codec {
namespace {

/// Collects ` word value` for what is given.
class Words {
 public:
  template <class T>
  Words& add(std::string_view word, const T& value) {
    text_ += fmt::format(" {} {}", word, value);
    return *this;
  }
  template <class T>
  Words& add(std::string_view word, const std::optional<T>& value) {
    if constexpr (std::is_same_v<T, bool>) {
      return value ? add(word, *value ? 1 : 0) : *this;
    } else {
      return value ? add(word, *value) : *this;
    }
  }
  Words& time(std::string_view word, const std::optional<std::chrono::milliseconds>& value) {
    return value ? add(word, value->count() / 10) : *this;
  }
  Words& on_off(std::string_view word, const std::optional<bool>& value) {
    return value ? add(word, *value ? "on" : "off") : *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

struct Describe {
  std::string operator()(const Veth& veth) const { return " peer name " + veth.peer.name.to_string(); }
  std::string operator()(const Bridge& bridge) const {
    return Words{}
        .time("forward_delay", bridge.forward_delay)
        .time("hello_time", bridge.hello_time)
        .time("max_age", bridge.max_age)
        .time("ageing_time", bridge.ageing_time)
        .add("stp_state", bridge.stp)
        .add("priority", bridge.priority)
        .add("vlan_filtering", bridge.vlan_filtering)
        .add("vlan_default_pvid", bridge.vlan_default_pvid)
        .add("group_fwd_mask", bridge.group_forward_mask)
        .add("mcast_snooping", bridge.multicast_snooping)
        .add("mcast_querier", bridge.multicast_querier)
        .take();
  }
  std::string operator()(const Macvlan& macvlan) const {
    using enum Macvlan::Mode;
    switch (macvlan.mode) {
      case private_:
        return " mode private";
      case vepa:
        return " mode vepa";
      case bridge:
        return " mode bridge";
      case passthru:
        return " mode passthru";
    }
    return fmt::format(" mode {}", static_cast<std::uint32_t>(macvlan.mode));
  }
  std::string operator()(const Vxlan& vxlan) const {
    Words words;
    words.add("id", vxlan.vni);
    if (vxlan.remote) words.add("remote", vxlan.remote->to_string());
    if (vxlan.local) words.add("local", vxlan.local->to_string());
    return words.add("dstport", vxlan.destination_port).take();
  }
  std::string operator()(const Vlan& vlan) const {
    return vlan.protocol == Vlan::Protocol::ieee_8021q ? fmt::format(" id {}", vlan.id)
                                                       : fmt::format(" protocol 802.1ad id {}", vlan.id);
  }
  std::string operator()(const Vrf& vrf) const { return fmt::format(" table {}", vrf.table); }
  std::string operator()(const Ipvlan& ipvlan) const {
    using enum Ipvlan::Mode;
    return ipvlan.mode == l2 ? " mode l2" : ipvlan.mode == l3 ? " mode l3" : " mode l3s";
  }
  std::string operator()(const Ifb&) const { return {}; }
  std::string operator()(const Dummy&) const { return {}; }
  std::string operator()(const Wireguard&) const { return {}; }
};

}  // namespace

std::string describe_kind(const LinkKind& kind) {
  return fmt::format("type {}{}", name_of(kind), std::visit(Describe{}, kind));
}

std::string describe_port(const BridgePort& port) {
  Words words;
  if (port.state) words.add("state", static_cast<int>(*port.state));
  return "type bridge_slave" + words.add("cost", port.cost)
                                   .add("priority", port.priority)
                                   .on_off("hairpin", port.hairpin)
                                   .on_off("guard", port.guard)
                                   .on_off("root_block", port.root_block)
                                   .on_off("fastleave", port.fast_leave)
                                   .on_off("learning", port.learning)
                                   .on_off("flood", port.flood)
                                   .on_off("mcast_flood", port.multicast_flood)
                                   .on_off("bcast_flood", port.broadcast_flood)
                                   .on_off("isolated", port.isolated)
                                   .take();
}

}  // namespace codec
}  // namespace netrig::netlink
