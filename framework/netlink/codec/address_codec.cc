#include <netrig/netlink/codec/address_codec.h>
#include <netrig/netlink/codec/attributes.h>

#include <limits>
#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

using std::chrono::seconds;
constexpr std::uint32_t kForEver = std::numeric_limits<std::uint32_t>::max();

/// One flag of an address, and where Address keeps it.
struct FlagField {
  std::uint32_t flag;
  bool Address::* field;
};
constexpr FlagField kRequested[] = {
    {IFA_F_NODAD, &Address::no_dad},
    {IFA_F_NOPREFIXROUTE, &Address::no_prefix_route},
    {IFA_F_HOMEADDRESS, &Address::home},
    {IFA_F_MANAGETEMPADDR, &Address::manage_temporary},
};
constexpr FlagField kSeen[] = {
    {IFA_F_TENTATIVE, &Address::tentative},   {IFA_F_DADFAILED, &Address::dad_failed},
    {IFA_F_OPTIMISTIC, &Address::optimistic}, {IFA_F_DEPRECATED, &Address::deprecated},
    {IFA_F_SECONDARY, &Address::secondary},
};

/// As iproute2's default_scope().
Scope default_scope(const IpAddress& address) { return address.is_loopback() ? Scope::host : Scope::global; }

void put_lifetimes(Buffer& buffer, const Address& address) {
  if (!address.valid && !address.preferred) return;
  const auto number = [](const std::optional<seconds>& time) {
    return time ? static_cast<std::uint32_t>(time->count()) : kForEver;
  };
  ifa_cacheinfo lifetimes{};
  lifetimes.ifa_valid = number(address.valid);
  lifetimes.ifa_prefered = number(address.preferred);
  buffer.put(IFA_CACHEINFO, lifetimes);
}

void read_lifetimes(Address& address, const nlattr* attribute) {
  if (attribute == nullptr) return;
  const auto lifetimes = read_struct<ifa_cacheinfo>(attribute);
  if (lifetimes.ifa_valid != kForEver) address.valid = seconds{lifetimes.ifa_valid};
  if (lifetimes.ifa_prefered != kForEver) address.preferred = seconds{lifetimes.ifa_prefered};
}

}  // namespace

void encode_address(Buffer& buffer, int type, int flags, const Address& address, Resolver& index) {
  const IpAddress local = address.local.address();
  std::uint32_t bits = 0;
  for (const FlagField& known : kRequested) bits |= address.*known.field ? known.flag : 0U;
  ifaddrmsg header{};
  header.ifa_family = family_of(local);
  header.ifa_prefixlen = static_cast<std::uint8_t>(address.local.length());
  header.ifa_scope = static_cast<std::uint8_t>(address.scope.value_or(default_scope(local)));
  header.ifa_index = index(address.device);
  Message message{buffer, type, flags | NLM_F_ACK, header};
  buffer.put_bytes(IFA_LOCAL, local.bytes());
  buffer.put_bytes(IFA_ADDRESS, address.peer ? address.peer->bytes() : local.bytes());
  if (bits != 0) buffer.put(IFA_FLAGS, bits);
  if (address.broadcast) buffer.put_bytes(IFA_BROADCAST, address.broadcast->bytes());
  if (!address.label.empty()) buffer.put_text(IFA_LABEL, address.label);
  put_lifetimes(buffer, address);
}

void encode_dump(Buffer& buffer, const AddressFilter& filter, Resolver& index) {
  ifaddrmsg header{};
  if (filter.family) header.ifa_family = *filter.family == AddressFamily::ipv4 ? AF_INET : AF_INET6;
  header.ifa_index = index(filter.device);
  Message message{buffer, RTM_GETADDR, NLM_F_DUMP, header};
}

std::optional<Address> decode_address(const nlmsghdr* message) {
  const Attributes<IFA_MAX> attributes{message, sizeof(ifaddrmsg)};
  if (!attributes.valid()) return std::nullopt;
  const auto header = read_header<ifaddrmsg>(message);
  const auto far = read_ip(header.ifa_family, attributes[IFA_ADDRESS]);
  // IPv6 reports IFA_LOCAL for point-to-point addresses alone.
  const auto near = attributes.has(IFA_LOCAL) ? read_ip(header.ifa_family, attributes[IFA_LOCAL]) : far;
  if (!near) return std::nullopt;
  auto local = InterfaceAddress::make(*near, header.ifa_prefixlen);
  if (!local) return std::nullopt;
  Address address{.device = {.index = header.ifa_index}, .local = *local, .scope = Scope{header.ifa_scope}};
  if (far && *far != *near) address.peer = far;
  address.broadcast = read_ip(header.ifa_family, attributes[IFA_BROADCAST]);
  address.label = attributes.text(IFA_LABEL);
  const std::uint32_t bits = attributes.u32(IFA_FLAGS).value_or(header.ifa_flags);
  for (const FlagField& known : kRequested) address.*known.field = (bits & known.flag) != 0;
  for (const FlagField& known : kSeen) address.*known.field = (bits & known.flag) != 0;
  address.dynamic = (bits & IFA_F_PERMANENT) == 0;
  read_lifetimes(address, attributes[IFA_CACHEINFO]);
  return address;
}

std::string describe_address(const nlmsghdr* message, DeviceNames& names) {
  auto address = decode_address(message);
  if (!address) return "address";
  std::string text = "address " + address->local.address().to_string();
  if (address->peer) text += " peer " + address->peer->to_string();
  text += "/" + std::to_string(address->local.length());
  if (address->broadcast) text += " broadcast " + address->broadcast->to_string();
  text += " dev " + names(address->device.index).to_string();
  if (!address->label.empty()) text += " label " + address->label;
  if (address->no_dad) text += " nodad";
  return text;
}

}  // namespace netrig::netlink::codec
