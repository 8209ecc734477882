#include <netrig/base/fault_point.h>
#include <netrig/base/scope_exit.h>
#include <netrig/base/teardown_failure.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/topology/cuts.h>
#include <netrig/topology/lab_state.h>
#include <netrig/topology/settle.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <set>
#include <utility>

namespace netrig {
inline namespace topology {

std::shared_ptr<CableCuts> CableCuts::of(const LabLink& cable) {
  const auto key = [](const LabLink::End& end) { return std::pair{end.node.state_.get(), end.interface}; };
  const auto& first = key(cable.a()) < key(cable.b()) ? cable.a() : cable.b();
  auto& state = first.node.alive();
  const std::scoped_lock lock{state.cutting};
  auto& known = state.cuts[first.interface];
  auto cuts = known.lock();
  if (!cuts) known = cuts = std::make_shared<CableCuts>(cable);
  return cuts;
}

void CableCuts::add() {
  const std::scoped_lock lock{turn_};
  if (cuts_ == 0) take_down();
  ++cuts_;
}

void CableCuts::take_down() {
  if (sides_.empty()) sides_ = {remember(cable_.a()), remember(cable_.b())};
  ScopeExit undo{[&] {
    try {
      restore();
    } catch (const std::exception& error) {
      if (!lab_has_ended()) report_teardown_failure(error.what());
    }
  }};
  for (const auto& side : sides_) {
    fault_point("cut-link");
    side.end.node.set_link_down(side.end.interface.view());
  }
  undo.dismiss();
}

void CableCuts::remove() {
  const std::scoped_lock lock{turn_};
  if (cuts_ == 1) restore();
  --cuts_;
}

void CableCuts::abandon() noexcept {
  const std::scoped_lock lock{turn_};
  --cuts_;
}

bool CableCuts::lab_has_ended() const { return cable_.a().node.state_->ended || cable_.b().node.state_->ended; }

CableCuts::Side CableCuts::remember(const LabLink::End& end) {
  Side side{.end = end, .up = false, .addresses = {}, .routes = {}};
  const netlink::Device device{.name = end.interface};
  side.end.node.netlink([&](netlink::Socket& socket) {
    side.up = value_or_throw(netlink::get_link(socket, device)).up();
    side.addresses = value_or_throw(netlink::dump_addresses(socket, {.device = device, .family = AddressFamily::ipv6}));
    side.routes = value_or_throw(netlink::dump_routes(socket, {.table = std::nullopt, .device = device}));
  });
  std::erase_if(side.routes, [](const auto& route) { return route.protocol == netlink::RouteProtocol::kernel; });
  return side;
}

// May be done again after a failure: nothing is forgotten before all is back.
void CableCuts::restore() {
  // Twice: the first end gets its carrier from the second, and notices at once only when it is asked again.
  for (int round = 0; round < 2; ++round) {
    for (const auto& side : sides_) {
      if (side.up) side.end.node.set_link_up(side.end.interface.view());
    }
  }
  for (auto& side : sides_) {
    fault_point("restore-link");
    if (side.up) give_back(side);
  }
  sides_.clear();
}

void CableCuts::give_back(Side& side) {
  side.end.node.netlink([&](netlink::Socket& socket) {
    netlink::Batch batch{socket};
    for (auto address : side.addresses) {
      address.no_dad = true;
      batch.replace(address);
    }
    // More specific first: a gateway must be reachable when the route through it comes.
    std::ranges::sort(side.routes, std::greater{}, [](const auto& route) { return route.destination.length(); });
    for (const auto& route : side.routes) batch.replace(route);
    require(batch.send());
    std::set<IpAddress> given;
    for (const auto& address : side.addresses) given.insert(address.local.address());
    require(await_local_routes(socket, side.end.node.name(), std::move(given)));
  });
}

}  // namespace topology
}  // namespace netrig
