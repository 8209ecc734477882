#include <netrig/base/scope_exit.h>
#include <netrig/base/teardown_failure.h>
#include <netrig/nft/list.h>
#include <netrig/topology/lab_state.h>
#include <netrig/topology/lab_trace.h>
#include <netrig/topology/node_coverage.h>

#include <algorithm>
#include <poll.h>
#include <utility>

namespace netrig {
inline namespace topology {

LabTrace::LabTrace(std::vector<Node> nodes, const std::vector<nft::Rule>& packets)
    : nodes_{std::move(nodes)}, events_(nodes_.size()), listings_(nodes_.size()) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    auto& node = state(i);
    turns_.emplace_back(node.tracing);
    const auto network = nodes_[i].held_network();
    if (!node.tracer) {
      auto opened = value_or_throw(network->run([&] {
        node.legacy = LegacyTables::open();
        return nft::Tracer::open(node.plan.name);
      }));
      node.tracer = std::make_shared<nft::Tracer>(std::move(opened));
    }
    tracers_.push_back(node.tracer);
  }
  ScopeExit undo{[&] { stop(); }};
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (tracers_[i]->started()) require(tracers_[i]->stop());  // an earlier trace's rules, which it could not remove
    NodeCoverage::catch_up(nodes_[i]);
    generations_.push_back(value_or_throw(nft::generation(*nodes_[i].netfilter_socket())));
    require(tracers_[i]->start(packets, scope(i)));
  }
  undo.dismiss();
}

// Rules of bridges and of interfaces are looked for when the ruleset changed.
nft::TraceScope LabTrace::scope(std::size_t node) {
  auto& known = state(node);
  const auto now = generations_[node] - tracers_[node]->changes();
  if (!known.hooks || known.hooked != now) {
    known.hooks = value_or_throw(nft::hooks_in_use(*nodes_[node].netfilter_socket()));
    known.hooked = now;
  }
  nft::TraceScope scope{.bridged = known.plan.is_switch || known.hooks->bridge};
  if (!known.hooks->device) return scope;
  for (const auto& link : nodes_[node].netlink(
           [](auto& socket) { return value_or_throw(netlink::dump_links(socket, {.statistics = false})); }))
    scope.devices.push_back(link.name.to_string());
  return scope;
}

LabTrace::~LabTrace() { stop(); }

void LabTrace::stop() {
  for (const auto& tracer : tracers_) {
    // A destructor cannot do more than say so; the next trace of the node tries again.
    if (const auto stopped = tracer->stop(); !stopped) report_teardown_failure(stopped.error().message().c_str());
  }
}

bool LabTrace::collect() {
  bool any = false;
  for (std::size_t i = 0; i < tracers_.size(); ++i) {
    auto taken = value_or_throw(tracers_[i]->take());
    any |= !taken.empty();
    std::ranges::move(taken, std::back_inserter(events_[i]));
  }
  return any;
}

void LabTrace::wait(int fd, short events, Deadline deadline) const {
  std::vector<pollfd> entries;
  for (const auto& tracer : tracers_) entries.push_back({tracer->fd(), POLLIN, 0});
  if (fd >= 0) entries.push_back({fd, events, 0});
  ::poll(entries.data(), entries.size(), deadline.poll_timeout());
}

bool LabTrace::vouch(Deadline deadline) {
  bool listened = true;
  for (std::size_t i = 0; i < tracers_.size(); ++i) {
    const bool sees_rules = !state(i).hooks->device || tracers_[i]->sees_devices();
    listened &= value_or_throw(tracers_[i]->listens(deadline)) && sees_rules;
  }
  collect();
  return listened && std::ranges::none_of(tracers_, [](const auto& tracer) { return tracer->lost(); });
}

std::vector<std::string> LabTrace::unseen() const {
  std::vector<std::string> lines;
  for (const auto& tracer : tracers_) {
    if (const auto& refused = tracer->refused_devices())
      lines.push_back("rules at interfaces are not traced: " + refused->message());
  }
  return lines;
}

bool LabTrace::has_legacy_tables(std::size_t node, AddressFamily family) const {
  auto& tables = *state(node).legacy;
  if (tables.outdated(family)) tables = nodes_[node].run([] { return LegacyTables::open(); });
  return tables.any(family);
}

// The trace's own coming and going are two changes; when there were no others, the last listing is still right.
const nft::Listing& LabTrace::rules(std::size_t node) {
  if (listings_[node]) return *listings_[node];
  auto& known = state(node);
  const auto now = value_or_throw(nft::generation(*nodes_[node].netfilter_socket()));
  const bool stopped = !tracers_[node]->started();
  if (!stopped || !known.listing || known.listed != generations_[node] || now != generations_[node] + 2) {
    const auto nft = nodes_[node].frontend();
    auto text = value_or_throw(nodes_[node].run([&] { return nft->list(nft::Handles::show, nft::Counts::hide); }));
    known.listing = std::make_shared<const nft::Listing>(nft::Listing::parse(std::move(text)));
  }
  known.listed = now;
  listings_[node] = known.listing;
  return *known.listing;
}

std::vector<Node> nodes_to_trace(const Node& any) {
  auto nodes = any.lab_nodes();
  std::erase_if(nodes, [](const Node& node) { return node.plan().is_switch && node.rules().tables.empty(); });
  return nodes;
}

}  // namespace topology
}  // namespace netrig
