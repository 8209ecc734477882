#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/socket.h>
#include <netrig/netlink/transport.h>
#include <netrig/netlink/words.h>

#include <fmt/format.h>
#include <netlink/route/link.h>
#include <netlink/utils.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <net/if.h>
#include <ostream>
#include <sys/ioctl.h>

#include <linux/sockios.h>

namespace netrig::netlink {
namespace {

/// In linux/if.h, which does not go together with net/if.h.
constexpr unsigned kLowerUp = 1U << 16, kDormant = 1U << 17, kEcho = 1U << 18;

struct FlagWord {
  unsigned flag;
  std::string_view word;
};
/// In the order of iproute2's print_link_flags().
constexpr FlagWord kFlagWords[] = {
    {IFF_LOOPBACK, "LOOPBACK"},   {IFF_BROADCAST, "BROADCAST"},   {IFF_POINTOPOINT, "POINTOPOINT"},
    {IFF_MULTICAST, "MULTICAST"}, {IFF_NOARP, "NOARP"},           {IFF_ALLMULTI, "ALLMULTI"},
    {IFF_PROMISC, "PROMISC"},     {IFF_MASTER, "MASTER"},         {IFF_SLAVE, "SLAVE"},
    {IFF_DEBUG, "DEBUG"},         {IFF_DYNAMIC, "DYNAMIC"},       {IFF_AUTOMEDIA, "AUTOMEDIA"},
    {IFF_PORTSEL, "PORTSEL"},     {IFF_NOTRAILERS, "NOTRAILERS"}, {IFF_UP, "UP"},
    {kLowerUp, "LOWER_UP"},       {kDormant, "DORMANT"},          {kEcho, "ECHO"},
};

std::string flag_words(const Link& link) {
  std::string text;
  const auto add = [&](std::string_view word) {
    if (!text.empty()) text += ',';
    text += word;
  };
  if (link.up() && (link.flags & IFF_RUNNING) == 0) add("NO-CARRIER");
  for (const FlagWord& known : kFlagWords) {
    if ((link.flags & known.flag) != 0) add(known.word);
  }
  if (link.linked_down) add("M-DOWN");
  return "<" + text + ">";
}

std::string type_words(const Link& link) {
  std::array<char, 32> room{};
  return nl_llproto2str(link.type, room.data(), room.size());
}

std::string namespace_words(const Link& link) {
  if (!link.linked_namespace) return {};
  return *link.linked_namespace < 0 ? "link-netnsid unknown" : fmt::format("link-netnsid {}", *link.linked_namespace);
}

std::string link_words(const Link& link, bool for_address) {
  Sentence text;
  text.say(fmt::format("{}: {}:", link.index, full_name(link)))
      .say(flag_words(link))
      .say(fmt::format("mtu {}", link.mtu));
  if (!link.qdisc.empty()) text.say("qdisc " + link.qdisc);
  if (!link.master.empty()) text.say("master " + link.master.to_string());
  text.say("state " + state_word(link));
  if (!for_address) text.say(link.mode == 0 ? "mode DEFAULT" : "mode DORMANT");
  text.say(link.group == 0 ? "group default" : fmt::format("group {}", link.group));
  if (link.tx_queue_length != 0) text.say(fmt::format("qlen {}", link.tx_queue_length));
  text.raw("\n    link/" + type_words(link)).say("", link.mac);
  if (link.broadcast) text.say((link.flags & IFF_POINTOPOINT) != 0 ? "peer" : "brd", link.broadcast);
  text.say(namespace_words(link));
  if (!for_address && !link.alias.empty()) text.raw("\n    alias " + link.alias);
  return text.take();
}

bool is_down(const Socket& socket, const InterfaceName& name) {
  ifreq request{};
  name.view().copy(request.ifr_name, IFNAMSIZ - 1);
  return ioctl(socket.fd(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) == 0;
}

/// What the kernel's message leaves to others to look up.
void complete(Link& link, const Socket& socket, codec::DeviceNames& names) {
  names.fill(link.master);
  if (!link.linked_index || link.linked_namespace) return;
  link.linked_name = names(*link.linked_index).name;
  link.linked_down = !link.linked_name.empty() && is_down(socket, link.linked_name);
}

}  // namespace

bool Link::up() const { return (flags & IFF_UP) != 0; }

std::string full_name(const Link& link) {
  std::string name = link.name.to_string();
  if (!link.linked_index) return name;
  if (*link.linked_index == 0) return name + "@NONE";
  return name + "@" + Device{*link.linked_index, link.linked_name}.to_string();
}

std::string state_word(const Link& link) {
  std::array<char, 32> room{};
  std::string text = rtnl_link_operstate2str(static_cast<std::uint8_t>(link.state), room.data(), room.size());
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  return text;
}

std::string Link::to_string() const { return link_words(*this, false); }
std::string link_words_for_address(const Link& link) { return link_words(link, true); }

std::string Link::brief() const {
  return fmt::format("{:<16} {:<14} {}{}", full_name(*this), state_word(*this), mac ? mac->to_string() + " " : "",
                     flag_words(*this));
}

std::ostream& operator<<(std::ostream& out, const Link& link) { return out << link.to_string(); }

Result<std::vector<Link>> dump_links(Socket& socket, const LinkFilter& filter) {
  codec::Buffer buffer;
  codec::Resolver index{socket.fd(), buffer};
  codec::encode_dump(buffer, filter, index);
  if (!index.missing().empty()) {
    return fail(Error::from_errno("list links of " + index.missing().to_string(), socket.label(), ENODEV));
  }
  auto links = NETRIG_TRY(dump<Link>(socket, buffer, codec::decode_link));
  codec::DeviceNames names{socket.fd()};
  for (Link& link : links) complete(link, socket, names);
  return links;
}

Result<Link> get_link(Socket& socket, const Device& device) {
  codec::Buffer buffer;
  codec::encode_get(buffer, device);
  std::optional<Link> link;
  NETRIG_TRY(query(socket, buffer, [&](const nlmsghdr* answer) { link = codec::decode_link(answer); }));
  if (!link) return fail(Error::invalid("get link " + device.to_string(), socket.label(), "the answer is malformed"));
  codec::DeviceNames names{socket.fd()};
  complete(*link, socket, names);
  return *std::move(link);
}

Result<bool> supports(Socket& socket, std::string_view kind) {
  codec::Buffer buffer;
  codec::encode_probe(buffer, kind);
  const auto failures = exchange(socket, buffer);
  if (failures.empty()) return true;
  const int code = failures.front().code;
  if (code == EOPNOTSUPP) return false;
  if (code == EPERM) return fail(failures.front());
  return true;
}

}  // namespace netrig::netlink
