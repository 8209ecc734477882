#include <netrig/suites/kernel_failures/everything.h>
#include <netrig/topology/plan.h>

namespace netrig::kernel_failures {

using traffic::tcp;

Topology everything() {
  Topology topology;
  auto gateway = topology.router("gateway");
  auto pc = topology.host("pc"), printer = topology.host("printer"), outside = topology.host("outside");
  topology.segment("lan", "10.1.0.0/24, fd01::/64").join(gateway, {.name = "lan"}).join(pc, printer);
  topology.segment("wan", "203.0.113.0/24, 2001:db8:113::/64").join(gateway, {.name = "wan"}).join(outside);
  gateway.masquerade("wan").forward_port("wan", tcp(8080), pc, Port{80}).sysctl("net.ipv4.tcp_ecn", "1");
  pc.route("192.0.2.0/24", "10.1.0.1").sysctl("net.ipv4.ip_default_ttl", "77");
  return topology;
}

testing::AssertionResult works(const Lab& lab) {
  const auto pc = lab["pc"], outside = lab["outside"], gateway = lab["gateway"];
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    const auto report = pc.ping(outside, family);
    if (report.received() == 0) return testing::AssertionFailure() << report;
  }
  const auto web = pc.listen(tcp(80));
  const auto reached = outside.probe(gateway.address("wan"), tcp(8080));
  if (reached.kind != traffic::ProbeOutcome::Kind::answered) return testing::AssertionFailure() << reached;
  pc.add_rule({.priority = 100, .to = IpPrefix::parse("192.0.2.0/24").value()});
  const auto seen = pc.exec({"cat", "/proc/sys/net/ipv4/ip_default_ttl"});
  if (seen.out != "77\n") return testing::AssertionFailure() << seen;
  if (gateway.snapshot().ruleset.tables.empty()) return testing::AssertionFailure() << "the gateway has no rules";
  return testing::AssertionSuccess();
}

testing::AssertionResult can_be_had(const Topology& topology) {
  const auto lab = Lab::build(topology);
  if (!lab) return testing::AssertionFailure() << "not built: " << lab.error();
  return works(*lab);
}

std::vector<std::string> names_of_nodes(const Topology& topology) {
  std::vector<std::string> names;
  const auto plan = value_or_throw(make_plan(topology));
  for (const auto& node : plan.nodes) names.push_back(node.name);
  return names;
}

}  // namespace netrig::kernel_failures
