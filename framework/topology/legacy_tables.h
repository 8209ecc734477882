// Private to the module: whether a network namespace has tables of iptables-legacy (x_tables).
#pragma once

#include <netrig/base/unique_fd.h>
#include <netrig/net/address_family.h>

namespace netrig {
inline namespace topology {

/// The files in which the kernel names the tables of one network namespace: `ip_tables_names` and `ip6_tables_names` of
/// /proc/net (net/netfilter/x_tables.c). They stay open, so that a look is one read.
class LegacyTables {
 public:
  /// Of the calling thread's network namespace. What cannot be opened counts as without tables.
  static LegacyTables open();

  /// Whether there are tables of the family now.
  [[nodiscard]] bool any(AddressFamily family) const;
  /// The kernel has learned about such tables since: open() again.
  [[nodiscard]] bool outdated(AddressFamily family) const;

 private:
  struct Names {
    UniqueFd file;
    bool absent = false;  ///< the kernel knows no such tables
  };
  [[nodiscard]] const Names& of(AddressFamily family) const { return family == AddressFamily::ipv4 ? v4_ : v6_; }

  Names v4_, v6_;
};

}  // namespace topology
}  // namespace netrig
