// What a link leaves to its driver, or does for many packets at once: what `ethtool -k` shows and `ethtool -K` sets.
//
//   NETRIG_TRY(set_offloads(eth0, {.tso = false, .gso = false, .gro = false}));   // each packet by itself
//   std::cout << NETRIG_TRY(offloads(eth0));       // tx-checksum on, rx-checksum on, scatter-gather on, tso off, ...
//
// They change what a measurement finds tenfold. Of the calling thread's network namespace, as all of this module.
// Source: ethtool(8), Documentation/networking/segmentation-offloads.rst.
#pragma once

#include <netrig/base/result.h>
#include <netrig/net/interface_name.h>

#include <iosfwd>
#include <optional>
#include <string>

namespace netrig::netlink {

/// On, off; nothing for "as it is" in a change, and for what the link does not know in an answer.
struct Offloads {
  std::optional<bool> tx_checksum = {};     ///< checksums are filled in late, or never on a veth
  std::optional<bool> rx_checksum = {};     ///< checksums are taken as verified
  std::optional<bool> scatter_gather = {};  ///< packets of several pieces; segmentation needs it
  std::optional<bool> tso = {};             ///< TCP segmentation by the driver; needs tx_checksum and scatter_gather
  std::optional<bool> gso = {};             ///< segmentation as late as possible, of any protocol
  std::optional<bool> gro = {};             ///< arriving segments are put together

  friend bool operator==(const Offloads&, const Offloads&) = default;
  /// `tx-checksum on, tso off`: those that have a value, in the order above.
  [[nodiscard]] std::string to_string() const;
};
std::ostream& operator<<(std::ostream& out, const Offloads& offloads);

/// Errors: ENODEV for a link that there is none of.
Result<Offloads> offloads(const InterfaceName& link);

/// Changes what has a value, all or nothing: after an error the link is as it was. Errors: ENODEV; EOPNOTSUPP for what
/// the link cannot do; EPERM without CAP_NET_ADMIN over the namespace; what the kernel turned off again or left on
/// because of another one (tso without tx_checksum), by its name.
Result<void> set_offloads(const InterfaceName& link, const Offloads& change);

}  // namespace netrig::netlink
