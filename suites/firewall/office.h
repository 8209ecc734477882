// The network that office.nft is written for, running, with somebody to answer wherever a check asks.
#pragma once

#include <netrig/nft/trace.h>
#include <netrig/topology/lab.h>
#include <netrig/traffic/listener.h>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netrig::office {

/// gw with wan0 (internet, scanner, branch), dmz0 (web, mail, dns), lan0 (pc), guest0 (phone), mgmt0 (admin, ups) and
/// vpn0 (branch, and the partner's network 10.21.0.0/24, 2001:db8:21::/64 behind it).
Topology topology();
/// office.nft, in the source tree.
std::filesystem::path rules_file();
/// A node and a service that it offers.
using Service = std::pair<std::string, traffic::Service>;

class Office {
 public:
  /// Builds it, with listeners for `services`, and loads the rules. What the gateway changes in packets is seen by who
  /// gets them: `internet` has rules of its own, which look at what comes there and let it be, each with the value that
  /// it looks for as its comment: `arrives: mss 1452`, `arrives: mss 1432` (IPv6), `arrives: cs3`, `arrives: cs3,
  /// IPv6`.
  explicit Office(const std::set<Service>& services);

  [[nodiscard]] const Lab& lab() const { return lab_; }
  [[nodiscard]] Node operator[](std::string_view name) const { return lab_[name]; }
  [[nodiscard]] Node gateway() const { return lab_["gw"]; }
  /// Loads the rules anew: what sets and limits have learned is forgotten.
  void reload() const;
  /// What the gateway does with packets from an address, told by the kernel.
  [[nodiscard]] nft::Tracer& tracer() { return tracer_; }

 private:
  Lab lab_;
  std::vector<traffic::Listener> listeners_;
  nft::Tracer tracer_;
};

}  // namespace netrig::office
