#include <netrig/topology/neighbourhood.h>

#include <algorithm>

namespace netrig {
inline namespace topology {

Neighbourhood::Neighbourhood(Planner& planner) : planner_{planner} {
  for (const auto& wired : planner.segments) {
    if (wired.bridge) add(wired.domain, *wired.bridge);
    for (const auto member : wired.members) add(wired.domain, member);
  }
}

void Neighbourhood::add(std::size_t domain, InterfaceRef ref) {
  domain_of_[ref] = domain;
  members_[domain].push_back(ref);
  auto& gateways = gateways_[domain];
  if (!planner_.plan.nodes[ref.node].forwards || at(ref).addresses.empty()) return;
  gateways.push_back({ref, !masquerades_out_of(ref)});
}

std::optional<std::size_t> Neighbourhood::domain_of(InterfaceRef interface) const {
  const auto found = domain_of_.find(interface);
  if (found == domain_of_.end()) return std::nullopt;
  return found->second;
}

const std::vector<Gateway>& Neighbourhood::gateways_near(InterfaceRef interface) const {
  static const std::vector<Gateway> none;
  const auto domain = domain_of(interface);
  return domain ? gateways_.at(*domain) : none;
}

bool Neighbourhood::masquerades_out_of(InterfaceRef ref) const {
  const auto& interface = at(ref);
  const auto matches = [&](const MasqueradeSpec& spec) {
    return spec.out == interface.name.view() || spec.out == interface.segment;
  };
  return ref.node < planner_.topology.nodes().size() &&
         std::ranges::any_of(planner_.topology.nodes()[ref.node].masquerades, matches);
}

std::optional<IpAddress> Neighbourhood::address_of(InterfaceRef ref, AddressFamily family) const {
  for (const auto& own : at(ref).addresses) {
    if (own.address().family() == family) return own.address();
  }
  return std::nullopt;
}

bool is_on_link(const PlannedInterface& interface, const IpAddress& address) {
  return std::ranges::any_of(interface.addresses, [&](const auto& own) { return own.prefix().contains(address); });
}

namespace {

constexpr std::uint32_t kIpv6Default = 1024;

}  // namespace

std::uint32_t effective_metric(AddressFamily family, std::uint32_t metric) {
  return family == AddressFamily::ipv6 && metric == 0 ? kIpv6Default : metric;
}

std::uint32_t metric_of(AddressFamily family, std::uint32_t cost) {
  return family == AddressFamily::ipv6 && cost != 0 ? kIpv6Default + cost : cost;
}

}  // namespace topology
}  // namespace netrig
