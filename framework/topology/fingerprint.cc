#include <netrig/netns/baseline.h>
#include <netrig/netns/sysctl.h>
#include <netrig/nft/list.h>
#include <netrig/topology/fingerprint.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace netrig {
inline namespace topology {

namespace {

// Of Netrig's own: any fixed UUID serves, see RFC 9562, section 5.5.
constexpr const char* kNamespace = "6d3f0f0e-5a51-4b06-9f0b-7c1f3f0d6a55";

// Without the ids of other namespaces, which count in the order of first sight, and the state, which the flags tell.
std::string line_of(const netlink::Link& link) {
  return fmt::format(
      "{}: {} kind {} flags {:#x} mtu {} mac {} master {} link {} group {} txqlen {} queues {}/{} qdisc {} mode {}",
      link.index, link.name.to_string(), link.kind, link.flags, link.mtu, link.mac ? link.mac->to_string() : "-",
      link.master.index, link.linked_index.value_or(0), link.group, link.tx_queue_length, link.tx_queues,
      link.rx_queues, link.qdisc, static_cast<int>(link.mode));
}

// Sorted: the kernel's order is that of hash tables.
template <class Values, class Line>
void add_sorted(std::string& text, std::string_view section, const Values& values, Line line) {
  std::vector<std::string> lines;
  for (const auto& value : values) lines.push_back(line(value));
  std::ranges::sort(lines);
  for (const auto& each : lines) text += fmt::format("{} {}\n", section, each);
}

// The settings of the baseline, without those that this host does not let the rig set: they are the environment's.
void add_settings(std::string& text, const Node& node) {
  const auto unsettable = value_or_throw(netns::Baseline::of_this_host())->unsettable();
  node.run([&] {
    const auto sysctls = netns::Sysctls::here();
    for (const auto& setting : netns::baseline_settings()) {
      const auto same = [&](const auto& other) { return other.setting.name == setting.name; };
      if (std::ranges::any_of(unsettable, same)) continue;
      const auto value = sysctls.get(setting.name);  // one that is absent behaves as if it had the table's value
      text += fmt::format("sysctl {} = {}\n", setting.name, value ? *value : std::string{setting.value});
    }
  });
}

// The pieces are fewer than a snapshot's, which lists what traffic left behind too.
std::string text_of(const Node& node) {
  std::string text = fmt::format("node {}\n", node.name());
  const auto printed = [](const auto& value) { return fmt::format("{}", fmt::streamed(value)); };
  node.netlink([&](netlink::Socket& socket) {
    add_sorted(text, "link", value_or_throw(netlink::dump_links(socket, {.statistics = false})), line_of);
    add_sorted(text, "address", value_or_throw(netlink::dump_addresses(socket)), printed);
    add_sorted(text, "route", value_or_throw(netlink::dump_routes(socket, {.table = std::nullopt})), printed);
    add_sorted(text, "rule", value_or_throw(netlink::dump_rules(socket)), printed);
  });
  for (const auto& table : node.rules().tables) text += nft::to_string(table);
  add_settings(text, node);
  return text;
}

}  // namespace

std::string canonical_text(const Lab& lab) {
  std::string text = "netrig fingerprint 1\n";
  for (const auto& node : lab.nodes()) text += text_of(node);
  return text;
}

std::string fingerprint_of(const std::string& canonical_text) {
  const auto space = boost::uuids::string_generator{}(kNamespace);
  return boost::uuids::to_string(boost::uuids::name_generator_sha1{space}(canonical_text));
}

std::string fingerprint(const Lab& lab) { return fingerprint_of(canonical_text(lab)); }

}  // namespace topology
}  // namespace netrig
