#include <netrig/netlink/show.h>
#include <netrig/topology/snapshot.h>

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <sstream>

namespace netrig {
inline namespace topology {

const netlink::Link* Snapshot::find_link(std::string_view name) const {
  const auto found = std::ranges::find_if(links, [&](const auto& link) { return link.name.view() == name; });
  return found == links.end() ? nullptr : &*found;
}

bool Snapshot::forwards(AddressFamily family) const {
  const auto found =
      sysctls.find(family == AddressFamily::ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding");
  return found != sysctls.end() && found->second == "1";
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
