#include <netrig/base/scope_exit.h>
#include <netrig/bench/raw_network.h>
#include <netrig/bench/raw_ping.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <unistd.h>

namespace netrig::bench {

namespace {

constexpr std::uint32_t kLoopback = 1;
constexpr std::uint32_t kFirstIndex = 11;  // as in a lab: unique in the whole network
constexpr std::uint32_t kBridgeNet = 0x0a02'0000;
constexpr std::uint64_t kBridgeNet6 = 0xfd02'0000'0000'0000;
constexpr std::uint32_t kPairNet = 0x0a00'0000;
constexpr std::uint64_t kPairNet6 = 0xfd00'0000'0000'0000;

constexpr std::size_t kIpv6Addresses = 3;  // of a node: ::1, link-local, its own

Result<void> write_setting(const char* path) {
  const UniqueFd file{open(path, O_WRONLY | O_CLOEXEC)};
  if (!file || write(file.get(), "1", 1) != 1) return fail(Error::from_errno("write 1", path, errno));
  return {};
}

// Forwards, and gives no link-local address (1: none) to the many ports of its bridge.
Result<void> prepare_gateway() {
  NETRIG_TRY(write_setting("/proc/sys/net/ipv4/ip_forward"));
  NETRIG_TRY(write_setting("/proc/sys/net/ipv6/conf/all/forwarding"));
  return write_setting("/proc/sys/net/ipv6/conf/default/addr_gen_mode");
}

void add_addresses(RawRequests& requests, std::uint32_t index, const RawAddress& ipv4, const RawAddress& ipv6) {
  requests.add_address(index, raw_link_local(index));
  requests.add_address(index, ipv4);
  requests.add_address(index, ipv6);
}

}  // namespace

Result<void> RawNetwork::make_nodes(std::size_t count, const Inside& inside) {
  const UniqueFd home{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!home) return fail(Error::from_errno("open", "/proc/thread-self/ns/net", errno));
  const ScopeExit go_home{[&] { setns(home.get(), CLONE_NEWNET); }};
  nodes_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (unshare(CLONE_NEWNET) != 0) return fail(Error::from_errno("make a network namespace", {}, errno));
    if (inside) NETRIG_TRY(inside());
    if (i == 0 && first_host_ == 1) NETRIG_TRY(prepare_gateway());
    auto socket = NETRIG_TRY(RawSocket::open());
    auto network = NETRIG_TRY(socket.network());
    nodes_.push_back({std::move(socket), std::move(network)});
  }
  return {};
}

Result<void> RawNetwork::settle(std::size_t node, std::uint32_t first_index, std::size_t count) {
  RawRequests requests;
  for (std::size_t done = 0; done < count;) {
    const auto batch = std::min<std::size_t>(count - done, RawSocket::kMaxQueries);
    for (std::size_t i = 0; i < batch; ++i) requests.query_link(first_index + static_cast<std::uint32_t>(done++));
    NETRIG_TRY(nodes_[node].socket.send(requests));
  }
  return {};
}

Result<void> RawNetwork::await_ipv6() {
  for (auto& node : nodes_) NETRIG_TRY(node.socket.await_ipv6_addresses(kIpv6Addresses));
  return {};
}

Result<RawNetwork> RawNetwork::bridge(std::size_t hosts, const Inside& inside) {
  RawNetwork network;
  network.first_host_ = 1;
  NETRIG_TRY(network.make_nodes(hosts + 1, inside));
  const auto bridge = kFirstIndex;
  const auto first_port = bridge + 1;
  const auto first_end = first_port + static_cast<std::uint32_t>(hosts);
  const auto gateway4 = RawAddress::v4(kBridgeNet + 1, 16);
  const auto gateway6 = RawAddress::v6(kBridgeNet6, 1, 64);

  RawRequests requests;
  requests.set_up(kLoopback);
  requests.add_bridge({.name = "br0", .index = bridge, .up = true});
  add_addresses(requests, bridge, gateway4, gateway6);
  for (std::uint32_t i = 0; i < hosts; ++i) {
    requests.add_veth({.name = "host" + std::to_string(i + 1), .index = first_port + i, .master = bridge, .up = true},
                      {.name = "eth0", .index = first_end + i, .network = network.nodes_[i + 1].network.get()});
  }
  NETRIG_TRY(network.nodes_[0].socket.send(requests));

  for (std::uint32_t i = 0; i < hosts; ++i) {
    network.ipv4_target_ = RawAddress::v4(kBridgeNet + 2 + i, 16);
    network.ipv6_target_ = RawAddress::v6(kBridgeNet6, 2 + i, 64);
    requests.set_up(kLoopback);
    requests.no_link_local(first_end + i);
    requests.set_up(first_end + i);
    add_addresses(requests, first_end + i, network.ipv4_target_, network.ipv6_target_);
    requests.add_default_route(first_end + i, gateway4);
    requests.add_default_route(first_end + i, gateway6);
    NETRIG_TRY(network.nodes_[i + 1].socket.send(requests));
  }
  NETRIG_TRY(network.settle(0, first_port, hosts));
  NETRIG_TRY(network.settle(0, bridge, 1));  // its carrier follows its ports'
  NETRIG_TRY(network.await_ipv6());
  return network;
}

Result<RawNetwork> RawNetwork::p2p(const Inside& inside) {
  RawNetwork network;
  NETRIG_TRY(network.make_nodes(2, inside));
  RawRequests requests;
  for (std::uint32_t i = 0; i < 2; ++i) {
    network.ipv4_target_ = RawAddress::v4(kPairNet + 1 + i, 24);
    network.ipv6_target_ = RawAddress::v6(kPairNet6, 1 + i, 64);
    requests.set_up(kLoopback);
    if (i == 0) {
      requests.add_veth({.name = "eth0", .index = kFirstIndex},
                        {.name = "eth0", .index = kFirstIndex + 1, .network = network.nodes_[1].network.get()});
    }
    requests.no_link_local(kFirstIndex + i);
    requests.set_up(kFirstIndex + i);
    add_addresses(requests, kFirstIndex + i, network.ipv4_target_, network.ipv6_target_);
    NETRIG_TRY(network.nodes_[i].socket.send(requests));
  }
  NETRIG_TRY(network.settle(0, kFirstIndex, 1));
  NETRIG_TRY(network.await_ipv6());
  return network;
}

Result<void> RawNetwork::verify() const {
  const auto from = nodes_[first_host_].network.get();
  NETRIG_TRY(raw_ping(from, ipv4_target_));
  return raw_ping(from, ipv6_target_);
}

}  // namespace netrig::bench
