// Private to the module: the cuts of one cable. The first takes the cable down, the last to go brings it up again.
#pragma once

#include <netrig/netlink/address.h>
#include <netrig/netlink/route.h>
#include <netrig/topology/lab.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace netrig {
inline namespace topology {

class CableCuts {
 public:
  explicit CableCuts(LabLink cable) : cable_{std::move(cable)} {}
  /// The cuts of that cable, whichever end is named first.
  static std::shared_ptr<CableCuts> of(const LabLink& cable);

  /// One cut more. Throws SetupError, with everything as it was.
  void add();
  /// One cut less. Throws SetupError: it is still cut then, and may be removed again.
  void remove();
  /// One cut less, the link stays as it is: for who could not remove it and goes.
  void abandon() noexcept;
  [[nodiscard]] bool lab_has_ended() const;

 private:
  /// What the kernel forgets of an end that is set down.
  struct Side {
    LabLink::End end;
    bool up = false;
    std::vector<netlink::Address> addresses;  ///< IPv6
    std::vector<netlink::Route> routes;
  };

  static Side remember(const LabLink::End& end);
  static void give_back(Side& side);
  void take_down();
  void restore();

  LabLink cable_;
  std::mutex turn_;
  int cuts_ = 0;
  std::vector<Side> sides_;  ///< until all that they had is back
};

}  // namespace topology
}  // namespace netrig
