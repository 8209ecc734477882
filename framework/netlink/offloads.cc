#include <netrig/base/unique_fd.h>
#include <netrig/netlink/offloads.h>

#include <array>
#include <cerrno>
#include <net/if.h>
#include <ostream>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

namespace netrig::netlink {

namespace {

// The old commands, one a feature: every kernel has them, and they need no list of the driver's names.
struct Feature {
  std::string_view name;
  std::optional<bool> Offloads::* value;
  std::uint32_t get, set;
};
// In the order in which they can be turned on; off, the other way round.
constexpr std::array kFeatures{
    Feature{"tx-checksum", &Offloads::tx_checksum, ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM},
    Feature{"rx-checksum", &Offloads::rx_checksum, ETHTOOL_GRXCSUM, ETHTOOL_SRXCSUM},
    Feature{"scatter-gather", &Offloads::scatter_gather, ETHTOOL_GSG, ETHTOOL_SSG},
    Feature{"tso", &Offloads::tso, ETHTOOL_GTSO, ETHTOOL_STSO},
    Feature{"gso", &Offloads::gso, ETHTOOL_GGSO, ETHTOOL_SGSO},
    Feature{"gro", &Offloads::gro, ETHTOOL_GGRO, ETHTOOL_SGRO},
};

class Ethtool {
 public:
  static Result<Ethtool> open(const InterfaceName& link) {
    UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket) return fail(Error::from_errno("open a socket for ethtool", link.to_string(), errno));
    return Ethtool{std::move(socket), link};
  }

  [[nodiscard]] Result<std::uint32_t> call(std::uint32_t command, std::uint32_t data) const {
    ethtool_value value{.cmd = command, .data = data};
    ifreq request{};
    link_.view().copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (ioctl(socket_.get(), SIOCETHTOOL, &request) != 0) return fail(Error::from_errno({}, {}, errno));
    return value.data;
  }

  [[nodiscard]] Result<Offloads> read() const {
    Offloads found;
    for (const auto& feature : kFeatures) {
      const auto on = call(feature.get, 0);
      if (on) {
        found.*feature.value = *on != 0;
      } else if (on.error().code != EOPNOTSUPP) {
        return fail(Error::from_errno("ethtool -k", link_.to_string(), on.error().code));
      }
    }
    return found;
  }

  // The kernel takes a change that another feature forbids without a word, and leaves things as they are.
  [[nodiscard]] Result<void> write(const Offloads& change) const {
    for (std::size_t i = kFeatures.size(); i-- > 0;) NETRIG_TRY(write(kFeatures[i], change, false));
    for (const auto& feature : kFeatures) NETRIG_TRY(write(feature, change, true));
    return {};
  }

  [[nodiscard]] Error refused(const Feature& feature, bool on, int code, std::string why = {}) const {
    const auto operation = std::string{"ethtool -K: turn "} + std::string{feature.name} + (on ? " on" : " off");
    if (code == 0) return Error::invalid(operation, link_.to_string(), std::move(why));
    return Error::from_errno(operation, link_.to_string(), code, std::move(why));
  }

 private:
  Ethtool(UniqueFd socket, const InterfaceName& link) : socket_{std::move(socket)}, link_{link} {}

  [[nodiscard]] Result<void> write(const Feature& feature, const Offloads& change, bool on) const {
    if ((change.*feature.value).value_or(!on) != on) return {};
    const auto set = call(feature.set, on ? 1 : 0);
    if (!set) return fail(refused(feature, on, set.error().code));
    return {};
  }

  UniqueFd socket_;
  InterfaceName link_;
};

Result<void> check(const Ethtool& ethtool, const Offloads& wanted) {
  const auto now = NETRIG_TRY(ethtool.read());
  for (const auto& feature : kFeatures) {
    const auto& value = wanted.*feature.value;
    if (!value || now.*feature.value == *value) continue;
    if (!(now.*feature.value)) return fail(ethtool.refused(feature, *value, EOPNOTSUPP));
    return fail(ethtool.refused(feature, *value, 0,
                                "the link cannot, or another feature stands against it; it is: " + now.to_string()));
  }
  return {};
}

}  // namespace

std::string Offloads::to_string() const {
  std::string text;
  for (const auto& feature : kFeatures) {
    const auto& value = this->*feature.value;
    if (value) text += (text.empty() ? "" : ", ") + std::string{feature.name} + (*value ? " on" : " off");
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Offloads& offloads) { return out << offloads.to_string(); }

Result<Offloads> offloads(const InterfaceName& link) { return NETRIG_TRY(Ethtool::open(link)).read(); }

Result<void> set_offloads(const InterfaceName& link, const Offloads& change) {
  const auto ethtool = NETRIG_TRY(Ethtool::open(link));
  const auto before = NETRIG_TRY(ethtool.read());
  auto changed = ethtool.write(change);
  if (changed) changed = check(ethtool, change);
  if (!changed) static_cast<void>(ethtool.write(before));  // what could be read can be set
  return changed;
}

}  // namespace netrig::netlink
