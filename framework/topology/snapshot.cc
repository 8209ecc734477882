#include <netrig/netlink/show.h>
#include <netrig/netns/sysctl.h>
#include <netrig/topology/snapshot.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ostream>
#include <sstream>

namespace netrig {
inline namespace topology {

const netlink::Link* Snapshot::find_link(std::string_view name) const {
  const auto found = std::ranges::find_if(links, [&](const auto& link) { return link.name.view() == name; });
  return found == links.end() ? nullptr : &*found;
}

namespace {

// As `sysctl` names it; interface_sysctl() does it for the kernel.
std::string setting_of(AddressFamily family, std::string_view interface, std::string_view key) {
  const auto name = InterfaceName::parse(interface);
  return name ? netns::interface_sysctl(family, *name, key) : std::string{};
}

}  // namespace

int Snapshot::number(const std::string& setting) const {
  const auto found = sysctls.find(setting);
  if (found == sysctls.end()) return 0;
  int value = 0;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

bool Snapshot::forwards(AddressFamily family) const {
  return number(family == AddressFamily::ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding") == 1;
}

bool Snapshot::forwards(AddressFamily family, std::string_view incoming) const {
  if (family == AddressFamily::ipv6)
    return forwards(family) || number(setting_of(family, incoming, "force_forwarding")) == 1;
  const auto own = setting_of(family, incoming, "forwarding");
  return sysctls.contains(own) ? number(own) == 1 : forwards(family);
}

int Snapshot::reverse_path_filter(std::string_view interface) const {
  const auto own = setting_of(AddressFamily::ipv4, interface, "rp_filter");
  return number(sysctls.contains(own) ? own : "net.ipv4.conf.all.rp_filter");
}

namespace {

void add_section(std::string& text, std::string_view command, const std::string& body) {
  if (body.empty()) return;
  text += "$ ";
  text += command;
  text += '\n';
  text += body;
  if (!body.ends_with('\n')) text += '\n';
}

template <class Values>
std::string lines(const Values& values) {
  std::ostringstream out;
  for (const auto& value : values) out << value << '\n';
  return out.str();
}

std::vector<netlink::Route> of_family(const std::vector<netlink::Route>& routes, AddressFamily family) {
  std::vector<netlink::Route> chosen;
  std::ranges::copy_if(routes, std::back_inserter(chosen),
                       [&](const auto& route) { return route.destination.family() == family; });
  return chosen;
}

}  // namespace

std::string Snapshot::to_string() const {
  std::string text;
  add_section(text, "ip link", lines(links));
  add_section(text, "ip address", netlink::show_addresses(links, addresses));
  add_section(text, "ip route", lines(of_family(routes, AddressFamily::ipv4)));
  add_section(text, "ip -6 route", lines(of_family(routes, AddressFamily::ipv6)));
  add_section(text, "ip rule", lines(policy_rules));
  add_section(text, "ip neighbour", lines(neighbours));
  add_section(text, "bridge fdb", lines(fdb));
  add_section(text, "bridge mdb", lines(mdb));
  add_section(text, "nft -a list ruleset", nft::to_string(ruleset, nft::Handles::show));
  add_section(text, "conntrack -L", lines(connections));
  std::string settings;
  for (const auto& [name, value] : sysctls) settings += fmt::format("{} = {}\n", name, value);
  add_section(text, "sysctl", settings);
  return text;
}

std::ostream& operator<<(std::ostream& out, const Snapshot& snapshot) { return out << snapshot.to_string(); }

}  // namespace topology
}  // namespace netrig
