// One machine of a running lab: a cheap handle to look at it, change it, run things in it and send from it.
//
//   Node gw = lab["gw"];
//   gw.exec({"ip", "route"}).out;                          // a program, with its output
//   gw.run([] { return ::socket(AF_INET, SOCK_DGRAM, 0); });  // a function, in the node's network namespace
//   gw.add_route(netlink::Route{...});                     // throws SetupError when the kernel refuses
//   std::cout << gw.snapshot();                            // as ip and nft print it
//
// A handle may outlive its lab; using it then throws a SetupError that says so.
#pragma once

#include <netrig/net/ip_address.h>
#include <netrig/netlink/address.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/neighbour.h>
#include <netrig/netlink/route.h>
#include <netrig/netlink/rule.h>
#include <netrig/netlink/socket.h>
#include <netrig/netns/net_ns.h>
#include <netrig/nft/coverage.h>
#include <netrig/nft/coverage_recorder.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/listing.h>
#include <netrig/nft/nf_socket.h>
#include <netrig/nft/ruleset.h>
#include <netrig/nft/transaction.h>
#include <netrig/process/process.h>
#include <netrig/process/readiness.h>
#include <netrig/topology/snapshot.h>
#include <netrig/traffic/connect.h>
#include <netrig/traffic/listener.h>
#include <netrig/traffic/ping.h>
#include <netrig/traffic/service.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netrig {
inline namespace topology {

class CableCuts;
class LabPrograms;
class LabTrace;
class NodeCoverage;
struct NodeState;
struct PlannedInterface;
struct PlannedNode;

/// Ready when a socket of the node listens on the service: `listening(tcp(8080))`. TCP or UDP.
process::Readiness listening(const traffic::Service& service);

/// How long Node::exec() lets a program run unless told otherwise.
inline constexpr std::chrono::seconds kProgramTimeout{30};
/// How long a probe waits for an answer unless told otherwise.
inline constexpr std::chrono::seconds kProbeTimeout{2};

/// How Node::load_ruleset() and Node::load_iptables() take a file in, and Node::add_rules() values.
struct RulesetOptions {
  nft::ReadOptions read = {};  ///< variables and include paths; of nft's files and text
  /// A rule that names an interface which the node does not have is an error: a misspelt name matches nothing, and nft
  /// and iptables do not mind. Patterns (`ppp*`, `ppp+`) may match nothing.
  bool interfaces_must_exist = true;
  /// These may come later.
  std::vector<std::string> may_be_missing = {};
};

/// A machine of a Lab. Copies refer to the same machine; one handle's calls are safe from any thread.
/// Every member throws SetupError when the lab has ended, and where stated.
class Node {
 public:
  explicit Node(std::shared_ptr<NodeState> state) : state_{std::move(state)} {}

  [[nodiscard]] const std::string& name() const;
  /// What the topology planned for it: interfaces, addresses, routes. Changes made since do not show here.
  [[nodiscard]] const PlannedNode& plan() const;
  /// Its network namespace. Valid as long as the Lab.
  [[nodiscard]] const netns::NetNs& network() const;

  /// Its first address of `family`, or its address on an interface or segment: those that were planned and not taken
  /// away since (a link that is down keeps them), then those that it was given at run time. Throws when there is none.
  [[nodiscard]] IpAddress address(AddressFamily family = AddressFamily::ipv4) const;
  [[nodiscard]] IpAddress address(std::string_view interface_or_segment,
                                  AddressFamily family = AddressFamily::ipv4) const;
  [[nodiscard]] bool has_address(AddressFamily family) const;

  /// Runs `function` in the node's network namespace, on a thread of its own; gives what it returns, throws what it
  /// throws.
  template <class Function>
  auto run(Function&& function) const {
    return held_network()->run(std::forward<Function>(function));
  }

  // ---- programs: they see the node's network, /sys, /etc/resolv.conf, /etc/hosts, and end with the lab at the latest

  /// Runs a program to its end. A status other than 0 is an answer; throws when it cannot be started or exceeds
  /// `timeout`.
  process::Completed exec(const process::Command& command, std::chrono::milliseconds timeout = kProgramTimeout) const;
  /// Starts a program and leaves it running. Throws when it cannot be started.
  process::Process start(const process::Command& command) const;
  /// Starts a program and returns when it is ready. Throws, with its last output, when it ends or is not ready in
  /// `timeout`.
  process::Process start(const process::Command& command, const process::Readiness& ready,
                         std::chrono::milliseconds timeout = kProgramTimeout) const;

  // ---- probes; see framework/traffic for what the reports hold

  /// Echo requests to the other node's address of the family, or to a given address.
  [[nodiscard]] traffic::PingReport ping(const Node& to, AddressFamily family = AddressFamily::ipv4) const;
  [[nodiscard]] traffic::PingReport ping(const IpAddress& to) const;
  [[nodiscard]] traffic::PingReport ping(const traffic::PingSpec& spec) const;
  /// One TCP connection attempt, or one UDP datagram that should come back.
  [[nodiscard]] traffic::ProbeOutcome probe(const IpAddress& to, const traffic::Service& service,
                                            std::chrono::milliseconds timeout = kProbeTimeout) const;
  [[nodiscard]] traffic::ProbeOutcome probe(const traffic::ProbeSpec& spec,
                                            std::chrono::milliseconds timeout = kProbeTimeout) const;
  /// Somebody who answers `service`, on every address of both families, until the lab ends; ready when this returns.
  /// Throws when somebody listens there already.
  [[nodiscard]] traffic::Listener listen(const traffic::Service& service) const;

  // ---- changes; each throws SetupError with what the kernel said

  void set_link_up(std::string_view interface) const;
  /// The kernel forgets IPv6 addresses and all routes of a link that is set down.
  void set_link_down(std::string_view interface) const;
  /// Makes a device of the node's own (dummy, vlan, macvlan, ...) and sets it up. Of a veth, this end only.
  void add_link(const netlink::LinkSpec& link, const netlink::LinkKind& kind) const;
  void remove_link(std::string_view interface) const;
  /// An IPv6 address is answered for when this returns, unless the link has no carrier.
  void add_address(std::string_view interface, const InterfaceAddress& address) const;
  void remove_address(std::string_view interface, const InterfaceAddress& address) const;
  void add_route(const netlink::Route& route) const;
  void remove_route(const netlink::Route& route) const;
  void add_rule(const netlink::Rule& rule) const;
  void remove_rule(const netlink::Rule& rule) const;
  void add_neighbour(const netlink::Neighbour& neighbour) const;
  /// Whether it forwards packets, by family.
  void set_forwarding(bool on) const;
  void set_forwarding(AddressFamily family, bool on) const;
  void set_sysctl(std::string_view name, std::string_view value) const;
  [[nodiscard]] std::string sysctl(std::string_view name) const;

  // ---- firewall and NAT; what the rig adds for itself (nft/reserved.h) shows in none of it

  /// Loads a file as `nft -f` does, on top of what is there; on an error, which is nft's own with file, line and
  /// column, the ruleset stays what it was. See nft/frontend.h.
  void load_ruleset(const std::filesystem::path& file, const RulesetOptions& options = {}) const;
  /// The same for text.
  void load_ruleset_text(std::string_view text, const RulesetOptions& options = {}) const;
  /// Loads a file of iptables-save or ip6tables-save by `iptables-restore` or `ip6tables-restore`, tried in a
  /// namespace of its own before it is loaded: on an error the rules are what they were. Throws where the tool is not
  /// installed.
  void load_iptables(AddressFamily family, const std::filesystem::path& file, const RulesetOptions& options = {}) const;
  /// What `nft list ruleset` (or `nft -a list ruleset`) prints here.
  [[nodiscard]] std::string ruleset_text(nft::Handles handles = nft::Handles::hide) const;
  /// The same with handles and taken apart: a rule by its comment or handle; differences() of two.
  [[nodiscard]] nft::Listing ruleset() const;
  /// Writes a file that load_ruleset(), or `nft -f`, puts in the place of whatever rules there are.
  void save_ruleset(const std::filesystem::path& file) const;
  /// Sets all counters of rules and policies, counter objects and quotas to zero. Needs Linux 6.2.
  void reset_counters() const;
  /// Removes every table.
  void flush_rules() const;
  /// Adds to the node's ruleset, in one transaction. A rule or a set that names an interface which the node does not
  /// have is an error, and nothing changes.
  void add_rules(const nft::Ruleset& ruleset, const RulesetOptions& options = {}) const;
  void change_rules(const nft::Transaction& transaction, const RulesetOptions& options = {}) const;
  /// Elements come to a set that is there and leave it, all of them or, on an error, none. Throws where the set is
  /// unknown, holds keys of another type, or has an element already (or does not have it).
  void add_elements(const nft::SetName& set, const std::vector<nft::SetElement>& elements,
                    const RulesetOptions& options = {}) const;
  void remove_elements(const nft::SetName& set, const std::vector<nft::SetElement>& elements) const;
  /// The node's ruleset as values, with its counters.
  [[nodiscard]] nft::Ruleset rules() const;

  /// Counts from now on, until the lab ends, which rules packets match: nft/coverage_recorder.h. Where NETRIG_COVERAGE
  /// names a file, every node records from the first rules on that it is given (program_coverage.h). Rules are best
  /// changed by the calls above, or by programs that exec() waits for: of those that run beside, changes that follow
  /// one another at once may not be told apart.
  void record_coverage() const;
  /// The rules that are there, and how often packets matched each. Throws where nobody records.
  [[nodiscard]] nft::Coverage coverage() const;

  /// Everything that tells how packets fare here, at this moment.
  [[nodiscard]] Snapshot snapshot() const;

  // ---- the library below, for what is not offered here

  /// Calls `use` with the node's route netlink socket, one caller at a time.
  template <class Use>
  auto netlink(Use&& use) const {
    return with_netlink_lock([&](netlink::Socket& socket) { return std::forward<Use>(use)(socket); });
  }
  /// Calls `use` with the node's nftables socket.
  template <class Use>
  auto netfilter(Use&& use) const {
    return std::forward<Use>(use)(*netfilter_socket());
  }

  /// All nodes of the lab that this one is of.
  [[nodiscard]] std::vector<Node> lab_nodes() const;

  friend bool operator==(const Node& a, const Node& b) { return a.state_ == b.state_; }

 private:
  friend class CableCuts;
  friend class LabTrace;
  friend class NodeCoverage;
  template <class Use>
  auto with_netlink_lock(Use&& use) const {
    auto [lock, socket] = netlink_socket();
    return std::forward<Use>(use)(*socket);
  }
  [[nodiscard]] std::pair<std::unique_lock<std::mutex>, netlink::Socket*> netlink_socket() const;
  [[nodiscard]] std::shared_ptr<nft::NfSocket> netfilter_socket() const;
  [[nodiscard]] std::shared_ptr<nft::Frontend> frontend() const;
  using Load = std::function<Result<void>(nft::Frontend& frontend)>;
  Result<void> load_checked(const Load& load, const RulesetOptions& options) const;
  Result<void> rehearse(const Load& load, const RulesetOptions& options) const;
  [[nodiscard]] std::shared_ptr<const netns::NetNs> held_network() const;
  [[nodiscard]] std::shared_ptr<LabPrograms> programs() const;
  [[nodiscard]] std::optional<IpAddress> find_address(AddressFamily family, const PlannedInterface* planned,
                                                      std::string_view device) const;
  [[nodiscard]] NodeState& alive() const;

  std::shared_ptr<NodeState> state_;
};

}  // namespace topology
}  // namespace netrig
