#include <netrig/topology/topology.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

// The values of a comma-separated list; what cannot be read becomes a problem of `what`.
template <class Value>
std::vector<Value> parse_list(std::string_view text, const std::string& what, std::vector<Error>& problems) {
  std::vector<Value> values;
  while (!trimmed(text).empty()) {
    const auto comma = text.find(',');
    if (auto value = Value::parse(trimmed(text.substr(0, comma)))) {
      values.push_back(*std::move(value));
    } else {
      problems.push_back(Error::invalid("describe " + what, "", value.error().message()));
    }
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return values;
}

template <class Value>
std::optional<Value> parse_one(std::string_view text, const std::string& what, std::vector<Error>& problems) {
  auto value = Value::parse(text);
  if (value) return *std::move(value);
  problems.push_back(Error::invalid("describe " + what, "", value.error().message()));
  return std::nullopt;
}

std::string plural(std::size_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

}  // namespace

// ---- nodes

NodeSpec& NodeRef::spec() { return *std::ranges::find(topology_->nodes_, name_, &NodeSpec::name); }

NodeRef& NodeRef::route(std::string_view destination, std::string_view gateway, std::uint32_t metric) {
  const std::string what = fmt::format("route {} via {} of node {}", destination, gateway, name_);
  const auto to = parse_one<IpPrefix>(destination, what, topology_->problems_);
  const auto via = parse_one<IpAddress>(gateway, what, topology_->problems_);
  if (to && via) spec().routes.push_back({.destination = *to, .gateway = via, .device = {}, .metric = metric});
  return *this;
}

NodeRef& NodeRef::route_dev(std::string_view destination, std::string_view device, std::uint32_t metric) {
  const std::string what = fmt::format("route {} dev {} of node {}", destination, device, name_);
  if (const auto to = parse_one<IpPrefix>(destination, what, topology_->problems_)) {
    spec().routes.push_back({.destination = *to, .gateway = {}, .device = std::string{device}, .metric = metric});
  }
  return *this;
}

NodeRef& NodeRef::default_route(std::string_view gateway, std::uint32_t metric) {
  const std::string what = fmt::format("default route via {} of node {}", gateway, name_);
  if (const auto via = parse_one<IpAddress>(gateway, what, topology_->problems_)) {
    spec().routes.push_back(
        {.destination = IpPrefix::any(via->family()), .gateway = via, .device = {}, .metric = metric});
  }
  return *this;
}

NodeRef& NodeRef::no_automatic_routes() {
  spec().automatic_routes = false;
  return *this;
}

NodeRef& NodeRef::masquerade(std::string_view out, std::string_view source) {
  MasqueradeSpec masquerade{.out = std::string{out}, .source = {}};
  if (!source.empty()) {
    masquerade.source = parse_one<IpPrefix>(source, fmt::format("masquerade of node {}", name_), topology_->problems_);
    if (!masquerade.source) return *this;
  }
  spec().masquerades.push_back(std::move(masquerade));
  return *this;
}

NodeRef& NodeRef::forward_port(std::string_view in, traffic::Service service, const NodeRef& to, Port to_port) {
  spec().port_forwards.push_back({.in = std::string{in}, .service = service, .to = to.name(), .to_port = to_port});
  return *this;
}

NodeRef& NodeRef::sysctl(std::string_view name, std::string_view value) {
  spec().sysctls[std::string{name}] = std::string{value};
  return *this;
}

// ---- segments

SegmentSpec& SegmentRef::spec() { return *std::ranges::find(topology_->segments_, name_, &SegmentSpec::name); }

SegmentRef& SegmentRef::join(const NodeRef& node, const JoinOptions& options) {
  const std::string what = fmt::format("node {} on segment {}", node.name(), name_);
  auto& problems = topology_->problems_;
  AttachmentSpec member{.node = node.name(), .interface = std::string{options.name}, .addresses = {}, .mac = {}};
  member.metric = options.metric;
  member.addressed = options.address != "none";
  if (member.addressed) member.addresses = parse_list<InterfaceAddress>(options.address, what, problems);
  if (!options.mac.empty()) member.mac = parse_one<MacAddress>(options.mac, what, problems);
  spec().members.push_back(std::move(member));
  return *this;
}

SegmentRef& SegmentRef::bridge_at(const NodeRef& node, std::string_view interface, std::string_view address) {
  auto& segment = spec();
  segment.bridged = true;
  segment.bridge_node = node.name();
  segment.bridge_interface = interface;
  segment.bridge_addressed = address != "none";
  if (segment.bridge_addressed) {
    segment.bridge_addresses =
        parse_list<InterfaceAddress>(address, "bridge of segment " + name_, topology_->problems_);
  }
  return *this;
}

SegmentRef& SegmentRef::bridged() {
  spec().bridged = true;
  return *this;
}

SegmentRef& SegmentRef::stp() {
  spec().stp = true;
  spec().bridged = true;
  return *this;
}

SegmentRef& SegmentRef::mtu(std::uint32_t bytes) {
  spec().mtu = bytes;
  return *this;
}

SegmentRef& SegmentRef::metric(std::uint32_t value) {
  spec().metric = value;
  return *this;
}

SegmentRef& SegmentRef::interfaces(std::string_view first, std::string_view second) {
  auto& members = spec().members;
  if (members.size() != 2) {
    topology_->problems_.push_back(Error::invalid(
        fmt::format("describe segment {}", name_), "",
        fmt::format("interfaces() names the two ends of a link, and it has {}", plural(members.size(), "member"))));
    return *this;
  }
  members[0].interface = first;
  members[1].interface = second;
  return *this;
}

// ---- the whole

NodeRef Topology::add_node(std::string_view name, NodeKind kind) {
  NodeSpec spec;
  spec.name = name;
  spec.kind = kind;
  nodes_.push_back(std::move(spec));
  return NodeRef{*this, std::string{name}};
}

NodeRef Topology::host(std::string_view name) { return add_node(name, NodeKind::host); }

NodeRef Topology::router(std::string_view name) { return add_node(name, NodeKind::router); }

SegmentRef Topology::segment(std::string_view name, std::string_view prefixes) {
  SegmentSpec spec;
  spec.name = name;
  spec.addressed = prefixes != "none";
  if (spec.addressed) spec.prefixes = parse_list<IpPrefix>(prefixes, fmt::format("segment {}", name), problems_);
  segments_.push_back(std::move(spec));
  return SegmentRef{*this, std::string{name}};
}

SegmentRef Topology::link(const NodeRef& a, const NodeRef& b, std::string_view prefixes) {
  std::string name = a.name() + "-" + b.name();
  const auto same = [&](const SegmentSpec& other) { return other.name == name; };
  for (int copy = 2; std::ranges::any_of(segments_, same); ++copy)
    name = fmt::format("{}-{}-{}", a.name(), b.name(), copy);
  return segment(name, prefixes).join(a, b);
}

void Topology::trunk(const SegmentRef& a, const SegmentRef& b) { trunks_.push_back({a.name(), b.name()}); }

std::string Topology::describe() const {
  const auto routers = static_cast<std::size_t>(std::ranges::count(nodes_, NodeKind::router, &NodeSpec::kind));
  std::string text = plural(nodes_.size() - routers, "host");
  if (routers > 0) text += ", " + plural(routers, "router");
  for (const auto& segment : segments_) {
    text += "; " + segment.name;
    if (!segment.prefixes.empty()) {
      std::string prefixes;
      for (const auto& prefix : segment.prefixes) prefixes += (prefixes.empty() ? "" : ", ") + prefix.to_string();
      text += " (" + prefixes + ")";
    }
    text += ":";
    if (!segment.bridge_node.empty()) text += " " + segment.bridge_node + "[" + segment.bridge_interface + "]";
    for (const auto& member : segment.members) text += " " + member.node;
  }
  return text;
}

}  // namespace topology
}  // namespace netrig
