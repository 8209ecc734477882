#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/link_attributes.h>
#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/codec/link_kind_codec.h>

#include <fmt/format.h>

#include <net/if.h>
#include <sys/socket.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

std::string flag_word(const ifinfomsg& header, unsigned flag, std::string_view on, std::string_view off) {
  if ((header.ifi_change & flag) == 0) return {};
  return fmt::format(" {}", (header.ifi_flags & flag) != 0 ? on : off);
}

std::string describe_flags(const ifinfomsg& header) {
  return flag_word(header, IFF_UP, "up", "down") + flag_word(header, IFF_PROMISC, "promisc on", "promisc off") +
         flag_word(header, IFF_NOARP, "arp off", "arp on") +
         flag_word(header, IFF_MULTICAST, "multicast on", "multicast off") +
         flag_word(header, IFF_ALLMULTI, "allmulticast on", "allmulticast off");
}

std::string describe_settings(const LinkAttributes& attributes, DeviceNames& names) {
  std::string text;
  if (const auto mac = read_mac(attributes[IFLA_ADDRESS])) text += " address " + mac->to_string();
  if (const auto mtu = attributes.u32(IFLA_MTU)) text += fmt::format(" mtu {}", *mtu);
  if (const auto length = attributes.u32(IFLA_TXQLEN)) text += fmt::format(" txqueuelen {}", *length);
  if (const auto size = attributes.u32(IFLA_GSO_MAX_SIZE)) text += fmt::format(" gso_max_size {}", *size);
  if (const auto group = attributes.u32(IFLA_GROUP)) text += fmt::format(" group {}", *group);
  if (attributes.has(IFLA_IFALIAS)) text += fmt::format(" alias \"{}\"", attributes.text(IFLA_IFALIAS));
  if (const auto master = attributes.u32(IFLA_MASTER)) {
    text += *master == 0 ? " nomaster" : " master " + names(*master).to_string();
  }
  return text;
}

std::string describe_device_settings(const nlattr* families) {
  const Attributes<AF_INET6> by_family{families};
  std::string text;
  visit_nest(Attributes<IFLA_INET_MAX>{by_family[AF_INET]}[IFLA_INET_CONF], [&](const nlattr* setting) {
    text +=
        fmt::format(" ipv4.conf.{} {}", nla_type(setting), static_cast<std::int32_t>(read_u32(setting).value_or(0)));
  });
  if (const auto mode = Attributes<IFLA_INET6_MAX>{by_family[AF_INET6]}.u8(IFLA_INET6_ADDR_GEN_MODE)) {
    constexpr std::string_view kModes[] = {"eui64", "none", "stable_secret", "random"};
    text += fmt::format(" addrgenmode {}", *mode < std::size(kModes) ? kModes[*mode] : "?");
  }
  return text;
}

}  // namespace

std::string describe_link(const nlmsghdr* message, DeviceNames& names) {
  const LinkAttributes attributes{message, sizeof(ifinfomsg)};
  const auto header = read_header<ifinfomsg>(message);
  const auto index = static_cast<std::uint32_t>(header.ifi_index);
  const std::string name = attributes.text(IFLA_IFNAME);
  const bool creates = (message->nlmsg_flags & NLM_F_CREATE) != 0 && message->nlmsg_type == RTM_NEWLINK;
  const bool known_by_name = creates || index == 0;
  std::string text = "link";
  if (known_by_name && !name.empty()) text += " " + name;
  if (!known_by_name) text += " " + names(index).to_string();
  if (!known_by_name && !name.empty()) text += " name " + name;
  if (creates && index != 0) text += fmt::format(" index {}", index);
  text += describe_settings(attributes, names) + describe_device_settings(attributes[IFLA_AF_SPEC]);
  text += describe_flags(header);
  const auto lower = attributes.u32(IFLA_LINK);
  if (lower) text += " link " + names(*lower).to_string();
  if (const auto kind = read_kind(attributes[IFLA_LINKINFO], lower.value_or(0))) {
    text += " " + describe_kind(*kind);
  } else if (const auto port = read_port(attributes[IFLA_LINKINFO])) {
    text += " " + describe_port(*port);
  } else if (const auto word = Attributes<IFLA_INFO_MAX>{attributes[IFLA_LINKINFO]}.text(IFLA_INFO_KIND);
             !word.empty()) {
    text += " type " + word;
  }
  if (attributes.has(IFLA_NET_NS_FD)) text += fmt::format(" netns fd {}", attributes.u32(IFLA_NET_NS_FD).value_or(0));
  return text;
}

}  // namespace netrig::netlink::codec
