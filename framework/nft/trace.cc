#include <netrig/nft/codec/trace_codec.h>
#include <netrig/nft/list.h>
#include <netrig/nft/reserved.h>
#include <netrig/nft/trace.h>
#include <netrig/nft/trace_socket.h>
#include <netrig/nft/transaction.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

namespace netrig::nft {
namespace {

constexpr int kFirst = std::numeric_limits<int>::min();
constexpr int kLast = std::numeric_limits<int>::max();
// "Use for experimentation and testing" (RFC 3692): no rule or program of a user's knows it.
constexpr auto kCanaryProtocol = static_cast<Protocol>(253);

struct OwnChain {
  Waypoint waypoint;
  std::string_view name;
  Hook hook;
  int priority;
};
constexpr std::array<OwnChain, 7> kOwnChains{{
    {Waypoint::entered, "entered", Hook::ingress, kFirst},
    {Waypoint::arrived, "arrived", Hook::prerouting, kFirst},
    {Waypoint::sent, "sent", Hook::output, kFirst},
    {Waypoint::routable, "routable", Hook::prerouting, kLast},
    {Waypoint::delivered, "delivered", Hook::input, kLast},
    {Waypoint::forwarded, "forwarded", Hook::forward, kLast},
    {Waypoint::left, "left", Hook::postrouting, kLast},
}};

// The chain that both beginnings lead to: the kernel reads each of its rules once instead of twice, which is most of
// what a trace costs.
constexpr std::string_view kChosen = "chosen";

TableName own_table(Family family) { return {family, std::string{kReservedTable}}; }

Rule canary_rule() { return Rule{}.family(AddressFamily::ipv4).protocol(kCanaryProtocol).trace().drop(); }

Table trace_table(Family family, const std::vector<Rule>& packets, const std::vector<std::string>& devices,
                  bool owned) {
  Table table{.family = family, .name = std::string{kReservedTable}, .owned = owned};
  Chain chosen = Chain::regular(std::string{kChosen});
  for (const Rule& packet : packets) chosen.add(Rule{packet}.trace().accept());
  table.add(std::move(chosen));
  for (const OwnChain& own : kOwnChains) {
    const bool entering = own.waypoint == Waypoint::entered;
    if (entering && devices.empty()) continue;
    Chain chain = Chain::base(std::string{own.name}, ChainType::filter, own.hook, own.priority);
    chain.hook->policy_count.reset();
    const bool begins = own.priority == kFirst;
    if (own.waypoint == Waypoint::sent && family == Family::inet) chain.add(canary_rule());
    if (entering) {  // rules of its own, so that its events tell where they come from
      chain.hook->devices = devices;
      for (const Rule& packet : packets) chain.add(Rule{packet}.trace().accept());
    } else {
      // elsewhere one event a packet, where the end of a chain would make two
      chain.add(begins ? Rule{}.jump(std::string{kChosen}) : Rule{}.accept());
    }
    table.add(std::move(chain));
  }
  return table;
}

// Kernels before 5.10 know no ingress hook in an inet table (EOPNOTSUPP; EINVAL); an interface may have gone meanwhile
// (ENOENT, ENODEV); and a chain has room for 256 of them (EFBIG: nf_tables_api.c, NFT_NETDEVICE_MAX).
bool is_about_devices(int error) {
  return error == EOPNOTSUPP || error == EINVAL || error == ENOENT || error == ENODEV || error == EFBIG;
}

bool is_canary(const TraceEvent& event) {
  return event.drops() && event.headers && event.headers->protocol == kCanaryProtocol &&
         event.chain.table.name == kReservedTable;
}

}  // namespace

std::string_view to_string(Waypoint waypoint) {
  return std::ranges::find(kOwnChains, waypoint, &OwnChain::waypoint)->name;
}

// A packet is traced from the chosen rule on, unless it was before: by another rule of nftrace, or where it was sent
// through the loopback interface. Then the jump shows, and has the headers.
std::optional<Waypoint> waypoint(const TraceEvent& event) {
  using Kind = Verdict::Kind;
  if (event.chain.table.name != kReservedTable || !event.verdict) return std::nullopt;
  const Kind kind = event.verdict->kind;
  if (event.chain.name == kChosen) {
    if (kind != Kind::accept || !event.headers) return std::nullopt;
    return event.incoming != 0 ? Waypoint::arrived : Waypoint::sent;
  }
  const auto* own = std::ranges::find(kOwnChains, event.chain.name, &OwnChain::name);
  if (own == kOwnChains.end() || (kind != Kind::accept && kind != Kind::jump)) return std::nullopt;
  return own->waypoint;
}

Tracer::Tracer(NfSocket rules, NfSocket events, UniqueFd canary)
    : rules_{std::move(rules)}, events_{std::move(events)}, canary_{std::move(canary)} {}

Result<Tracer> Tracer::open(const std::string& label) {
  auto rules = NETRIG_TRY(NfSocket::open(label));
  auto events = NETRIG_TRY(open_trace_socket(label));
  auto canary = NETRIG_TRY(open_canary(kCanaryProtocol, label));
  return Tracer{std::move(rules), std::move(events), std::move(canary)};
}

Result<void> Tracer::start(const std::vector<Rule>& packets, const TraceScope& scope) {
  if (started_) return fail(Error::from_errno("start a trace", rules_.label(), EBUSY));
  NETRIG_TRY(read_events());
  ready_.clear();
  lost_ = false;
  auto applied = begin(packets, scope);
  const bool without_devices = !applied && !scope.devices.empty() && is_about_devices(applied.error().code);
  refused_devices_ = without_devices ? std::optional{applied.error()} : std::nullopt;
  if (without_devices) applied = begin(packets, {.bridged = scope.bridged});
  if (!applied && applied.error().code == EPERM) {
    return fail(Error::from_errno("start a trace", rules_.label(), EBUSY, "another trace runs there"));
  }
  NETRIG_TRY(applied);
  started_ = true;
  bridged_ = scope.bridged;
  devices_ = !scope.devices.empty() && !without_devices;
  ++changes_;
  return {};
}

Result<void> Tracer::begin(const std::vector<Rule>& packets, const TraceScope& scope) {
  Result<void> applied;
  for (const bool owned : {true, false}) {  // kernels before 5.12 know no owner
    Transaction begin;
    begin.add(trace_table(Family::inet, packets, scope.devices, owned));
    if (scope.bridged) begin.add(trace_table(Family::bridge, packets, {}, owned));
    applied = apply(rules_, begin);
    if (applied || (applied.error().code != EINVAL && applied.error().code != EOPNOTSUPP)) break;
  }
  return applied;
}

Result<void> Tracer::stop() {
  if (!started_) return {};
  Transaction end;
  end.remove(own_table(Family::inet));
  if (bridged_) end.remove(own_table(Family::bridge));
  auto removed = apply(rules_, end);
  const bool gone = !removed && removed.error().code == ENOENT;  // somebody removed every table: nothing is left to do
  if (!removed && !gone) return removed;
  started_ = false;
  if (!gone) ++changes_;
  return {};
}

Result<std::vector<TraceEvent>> Tracer::take() {
  NETRIG_TRY(read_events());
  return std::exchange(ready_, {});
}

Result<void> Tracer::read_events() {
  lost_ |= NETRIG_TRY(read_messages(events_, [&](const nlmsghdr* message) {
    auto event = codec::decode_trace(message);
    if (!event) return;
    if (is_canary(*event)) {
      canary_seen_ = true;
    } else {
      ready_.push_back(*std::move(event));
    }
  }));
  return {};
}

Result<bool> Tracer::listens(Deadline deadline) {
  canary_seen_ = false;
  if (!send_canary(canary_)) return false;
  for (;;) {
    NETRIG_TRY(read_events());
    if (canary_seen_) return true;
    if (!NETRIG_TRY(wait_readable(events_.fd(), deadline))) return false;
  }
}

}  // namespace netrig::nft
