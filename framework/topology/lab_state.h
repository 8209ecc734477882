// Private to the module: what a running lab owns.
#pragma once

#include <netrig/netlink/socket.h>
#include <netrig/netns/net_ns.h>
#include <netrig/nft/coverage_recorder.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/list.h>
#include <netrig/nft/listing.h>
#include <netrig/nft/nf_socket.h>
#include <netrig/nft/trace.h>
#include <netrig/process/node_space.h>
#include <netrig/topology/legacy_tables.h>
#include <netrig/topology/plan.h>
#include <netrig/topology/programs.h>
#include <netrig/traffic/listener.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace netrig {
inline namespace topology {

struct LabState;
class CableCuts;

/// One machine. Outlives its lab when a Node handle does, but then holds nothing any more.
struct NodeState {
  PlannedNode plan;
  std::shared_ptr<const netns::NetNs> network;  ///< shared with whoever is running something in it
  std::optional<netlink::Socket> socket;
  std::shared_ptr<nft::NfSocket> netfilter;  ///< opened at the first use
  std::shared_ptr<nft::Frontend> frontend;   ///< the same
  std::shared_ptr<LabPrograms> programs;
  std::mutex turn;                                  ///< of the netlink socket, and of all that ends with the lab
  std::mutex loading;                               ///< of rulesets: from the first look to the last
  std::mutex tracing;                               ///< of all that is about traces, for as long as one runs
  std::shared_ptr<nft::Tracer> tracer;              ///< opened at the first use
  std::optional<LegacyTables> legacy;               ///< the same
  std::optional<nft::HooksInUse> hooks;             ///< as of generation `hooked`
  std::uint32_t hooked = 0;                         ///< without the tracer's own changes
  std::shared_ptr<nft::CoverageRecorder> coverage;  ///< none: nobody records
  std::shared_ptr<const nft::Listing> listing;      ///< of generation `listed`, without counts
  std::uint32_t listed = 0;
  std::vector<std::weak_ptr<traffic::Listener::State>> listeners;  ///< to be closed when the lab ends
  std::mutex cutting;                                              ///< of `cuts`
  std::map<InterfaceName, std::weak_ptr<CableCuts>> cuts;          ///< of the cables that begin here (cuts.h)
  std::atomic<bool> ended = false;
  LabState* lab = nullptr;  ///< not to be used once `ended`
};

struct LabState {
  Plan plan;
  std::string description;
  std::vector<std::shared_ptr<NodeState>> nodes;  ///< beside plan.nodes
  std::shared_ptr<LabPrograms> programs;
  std::chrono::nanoseconds setup_time{};

  LabState() = default;
  LabState(const LabState&) = delete;
  LabState& operator=(const LabState&) = delete;
  /// Ends the programs, then lets go of sockets and namespaces.
  ~LabState();
};

/// Builds the whole network (build.cc), or nothing.
Result<std::shared_ptr<LabState>> build_lab(const Topology& topology);

/// Throws the error when there is one.
void require(Result<void> result);

}  // namespace topology
}  // namespace netrig
