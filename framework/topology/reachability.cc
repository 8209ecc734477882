#include <netrig/topology/journey.h>
#include <netrig/topology/lab_trace.h>
#include <netrig/topology/plan.h>
#include <netrig/topology/question.h>
#include <netrig/topology/reachability.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <ostream>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

using namespace std::chrono_literals;

// One cell's question that has no answer yet.
struct Open {
  std::size_t from, to, service;
  Question question;
};

std::vector<traffic::Listener> listeners(const std::vector<Node>& nodes,
                                         const std::vector<traffic::Service>& services) {
  std::vector<traffic::Listener> brought;
  for (const auto& node : nodes) {
    for (const auto& service : services) {
      if (service.is_icmp()) continue;
      try {
        brought.push_back(node.listen(service));
      } catch (const SetupError& error) {
        if (error.error().code != EADDRINUSE) throw;
      }
    }
  }
  return brought;
}

// Every packet of the services, in both directions.
std::vector<nft::Rule> packets_of(const std::vector<traffic::Service>& services, AddressFamily family) {
  std::vector<nft::Rule> packets;
  for (const auto& service : services) {
    if (service.is_icmp()) {
      packets.push_back(family == AddressFamily::ipv4 ? nft::Rule{}.icmp_type(nft::IcmpType::echo_request)
                                                      : nft::Rule{}.icmpv6_type(nft::Icmpv6Type::echo_request));
      continue;
    }
    const auto protocol = service.is_tcp() ? nft::Protocol::tcp : nft::Protocol::udp;
    packets.push_back(nft::Rule{}.family(family).dport(protocol, *service.port()));
    packets.push_back(nft::Rule{}.family(family).sport(protocol, *service.port()));
  }
  return packets;
}

// Opens the sockets of all cells, one visit to a node's namespace for each.
std::vector<Open> questions(const std::vector<Node>& nodes, const std::vector<traffic::Service>& services,
                            AddressFamily family) {
  std::vector<Open> open;
  std::vector<IpAddress> addresses;
  for (const auto& node : nodes) addresses.push_back(node.address(family));
  for (std::size_t from = 0; from < nodes.size(); ++from) {
    std::vector<Question::Target> targets;
    for (std::size_t to = 0; to < nodes.size(); ++to) {
      for (std::size_t service = 0; service < services.size() && to != from; ++service)
        targets.push_back({addresses[to], services[service]});
    }
    auto asked = Question::of(nodes[from], targets);
    std::size_t next = 0;
    for (std::size_t to = 0; to < nodes.size(); ++to) {
      for (std::size_t service = 0; service < services.size() && to != from; ++service)
        open.push_back({from, to, service, std::move(asked[next++])});
    }
  }
  return open;
}

// Whether the question's packet was dropped on its way.
bool was_dropped(const LabTrace& trace, const Journeys& journeys, const Node& from, const Question& question) {
  const auto& visits = journeys.visits();
  for (std::size_t start = 0; start < visits.size(); ++start) {
    const Visit& visit = visits[start];
    if (visit.came != nft::Waypoint::sent || trace.nodes()[visit.node] != from || !question.is_this(visit.first))
      continue;
    if (visits[journeys.follow(start).back()].drop) return true;
  }
  return false;
}

}  // namespace

std::string cell_word(const traffic::Service& service) {
  return service.is_tcp() ? fmt::format("{}", service.port()->value()) : service.to_string();
}

bool Reachability::reached(const Node& from, const Node& to, const traffic::Service& service) const {
  const auto a = std::ranges::find(nodes, from), b = std::ranges::find(nodes, to);
  const auto s = std::ranges::find(services, service);
  if (a == nodes.end() || b == nodes.end() || s == services.end()) {
    throw SetupError{Error::invalid(fmt::format("look up {} to {} on {}", from.name(), to.name(), service.to_string()),
                                    "", "that was not asked")};
  }
  return cells[static_cast<std::size_t>(a - nodes.begin())][static_cast<std::size_t>(b - nodes.begin())]
              [static_cast<std::size_t>(s - services.begin())];
}

std::string Reachability::cell(std::size_t from, std::size_t to) const {
  if (from == to) return "-";
  const auto& seen = cells[from][to];
  if (std::ranges::none_of(seen, std::identity{})) return "none";
  if (std::ranges::all_of(seen, std::identity{})) return "all";
  std::string text;
  for (std::size_t service = 0; service < services.size(); ++service) {
    if (seen[service]) text += (text.empty() ? "" : " ") + cell_word(services[service]);
  }
  return text;
}

std::string Reachability::to_string() const {
  std::vector<std::vector<std::string>> table(nodes.size() + 1);
  table[0].emplace_back();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    table[0].push_back(nodes[i].name());
    table[i + 1].push_back(nodes[i].name());
    for (std::size_t to = 0; to < nodes.size(); ++to) table[i + 1].push_back(cell(i, to));
  }
  std::vector<std::size_t> widths(nodes.size() + 1);
  for (const auto& row : table) {
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  }
  std::string text;
  for (const auto& row : table) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      const bool last = column + 1 == row.size();
      text += last ? row[column] + "\n" : fmt::format("{:{}} | ", row[column], widths[column]);
    }
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Reachability& seen) { return out << seen.to_string(); }

Reachability reachability(const std::vector<Node>& nodes, const std::vector<traffic::Service>& services,
                          const ReachabilityOptions& options) {
  Reachability seen{.nodes = nodes, .services = services, .family = options.family};
  seen.cells.assign(nodes.size(), std::vector(nodes.size(), std::vector<bool>(services.size())));
  if (nodes.empty()) return seen;
  const auto brought = listeners(nodes, services);
  auto open = questions(nodes, services, options.family);
  LabTrace trace{nodes_to_trace(nodes.front()), packets_of(services, options.family)};
  const auto deadline = Deadline::after(options.patience);
  for (auto wait = 0ms; !open.empty(); wait = 10ms) {
    std::erase_if(open, [&](Open& each) {
      const auto outcome = each.question.ask(Deadline::after(0ms)).outcome;
      if (outcome == Attempt::Outcome::answered) seen.cells[each.from][each.to][each.service] = true;
      trace.collect();
      return outcome != Attempt::Outcome::silent;
    });
    const Journeys journeys{trace};
    std::erase_if(open,
                  [&](const Open& each) { return was_dropped(trace, journeys, nodes[each.from], each.question); });
    if (open.empty() || deadline.passed()) break;
    trace.wait(-1, 0, Deadline::after(wait));
  }
  return seen;
}

}  // namespace topology
}  // namespace netrig
