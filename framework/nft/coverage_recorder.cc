#include <netrig/base/deadline.h>
#include <netrig/base/signal_mask.h>
#include <netrig/nft/codec/message.h>
#include <netrig/nft/codec/trace_codec.h>
#include <netrig/nft/coverage_recorder.h>
#include <netrig/nft/list.h>
#include <netrig/nft/reserved.h>
#include <netrig/nft/trace_socket.h>
#include <netrig/nft/transaction.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <poll.h>
#include <span>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace netrig::nft {
namespace {

// "Use for experimentation and testing" (RFC 3692), and another one than the traces use.
constexpr auto kCoverageCanary = static_cast<Protocol>(254);
constexpr std::chrono::seconds kCanaryPatience{5};
constexpr std::array kCoveredFamilies{Family::inet, Family::bridge, Family::arp};

struct CoverageChain {
  std::string_view name;
  Hook hook;
};

Table coverage_table(Family family, const std::vector<CoverageChain>& chains, bool owned) {
  Table table{.family = family, .name = std::string{kCoverageTable}, .owned = owned};
  for (const auto& own : chains) {
    auto chain = Chain::base(std::string{own.name}, ChainType::filter, own.hook, std::numeric_limits<int>::min());
    chain.hook->policy_count.reset();
    if (own.hook == Hook::output && family == Family::inet)
      chain.add(Rule{}.family(AddressFamily::ipv4).protocol(kCoverageCanary).trace().drop());
    chain.add(Rule{}.trace());
    table.add(std::move(chain));
  }
  return table;
}

Table tables_of(Family family, bool owned) {
  if (family == Family::arp) return coverage_table(family, {{"in", Hook::input}, {"out", Hook::output}}, owned);
  return coverage_table(family, {{"in", Hook::prerouting}, {"out", Hook::output}}, owned);
}

// Bridge and arp tables are options of the kernel, and kernels before 5.12 know no owner.
Result<void> apply_tables(NfSocket& rules) {
  Result<void> applied;
  for (const bool owned : {true, false}) {
    applied = apply(rules, Transaction{}.add(tables_of(Family::inet, owned)));
    if (!applied && applied.error().code == EPERM)
      return fail(Error::from_errno("record coverage", rules.label(), EBUSY, "another recorder runs there"));
    if (!applied) continue;
    for (const Family family : std::span{kCoveredFamilies}.subspan(1))
      (void)apply(rules, Transaction{}.add(tables_of(family, owned)));
    return {};
  }
  return applied;
}

bool is_coverage_canary(const TraceEvent& event) {
  return event.drops() && event.chain.table == TableName{Family::inet, std::string{kCoverageTable}};
}

}  // namespace

class CoverageRecorder::Worker {
 public:
  Worker(NfSocket rules, NfSocket events, UniqueFd canary, UniqueFd wake)
      : rules_{std::move(rules)}, events_{std::move(events)}, canary_{std::move(canary)}, wake_{std::move(wake)} {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    const std::uint64_t one = 1;
    if (!thread_.joinable() || write(wake_.get(), &one, sizeof one) < 0) return;
    thread_.join();
    // What belongs to the socket would go with it; whoever looks next should find it gone.
    for (const Family family : kCoveredFamilies)
      (void)apply(rules_, Transaction{}.remove(TableName{family, std::string{kCoverageTable}}));
  }

  Result<void> begin() {
    NETRIG_TRY(apply_tables(rules_));
    NETRIG_TRY(look_at_tables());
    const SignalMask no_signals;
    thread_ = std::thread{[this] { run(); }};
    return {};
  }

  Result<Coverage> use_of(const Listing& listing, bool taken) {
    const bool heard = catch_up();
    const std::scoped_lock lock{mutex_};
    NETRIG_TRY(look_at_tables());
    if (failure_) return fail(*failure_);
    auto& hits = taken ? untaken_ : hits_;
    bool& lost = taken ? lost_untaken_ : lost_;
    Coverage seen{.nodes = {rules_.label()}, .complete = heard && !lost};
    for (const auto& rule : listing.rules()) {
      const auto table = tables_.find(rule.chain.table);
      const auto hit = table == tables_.end() ? hits.end() : hits.find({table->second, rule.handle});
      seen.rules.push_back({.rule = rule, .hits = hit == hits.end() ? 0 : hit->second});
    }
    if (taken) hits.clear();
    if (taken) lost = false;
    return seen;
  }

  // What was told before now has been counted when the canary has come.
  bool catch_up() {
    const auto deadline = Deadline::after(kCanaryPatience);
    std::unique_lock lock{mutex_};
    while (!failure_ && !deadline.passed()) {
      const auto seen = canaries_, losses = losses_;
      lock.unlock();
      const bool sent = send_canary(canary_);
      lock.lock();
      if (!sent) return false;
      changed_.wait_until(lock, deadline.at(), [&] { return failure_ || canaries_ != seen || losses_ != losses; });
      if (canaries_ != seen) return true;
    }
    return false;
  }

 private:
  using Key =
      std::pair<std::uint64_t, std::uint64_t>;  // handles of the table, which are never used again, and the rule
  using Hits = std::map<Key, std::uint64_t>;

  void run() {
    std::array<pollfd, 2> either{{{events_.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    while (either[1].revents == 0) {
      ::poll(either.data(), either.size(), -1);
      const std::scoped_lock lock{mutex_};
      if (const auto taken = take_events(); !taken) failure_ = taken.error();
      changed_.notify_all();
      if (failure_) return;
    }
  }

  Result<void> take_events() {
    Result<void> looked;
    const bool lost = NETRIG_TRY(read_messages(events_, [&](const nlmsghdr* message) {
      if (const auto event = codec::decode_trace(message)) {
        count(*event);
      } else if (const auto changed = codec::decode_generation(message); changed.has_value() && looked) {
        looked = look_at_tables(changed);
      }
    }));
    lost_ |= lost;
    lost_untaken_ |= lost;
    losses_ += lost ? 1 : 0;
    return looked;
  }

  void count(const TraceEvent& event) {
    if (is_coverage_canary(event)) ++canaries_;
    if (event.kind != TraceEvent::Kind::rule || is_reserved(event.chain.table)) return;
    const auto table = tables_.find(event.chain.table);
    if (table == tables_.end()) return;
    ++hits_[{table->second, event.rule}];
    ++untaken_[{table->second, event.rule}];
  }

  // A table that is removed and made again has the handles of its rules again, but another one itself. Where the
  // ruleset has changed again since that generation, nobody can tell any more what it was.
  Result<void> look_at_tables(std::optional<std::uint32_t> of_generation = {}) {
    auto handles = NETRIG_TRY(table_handles(rules_));
    if (!of_generation || NETRIG_TRY(generation(rules_)) == *of_generation) tables_ = std::move(handles);
    return {};
  }

  NfSocket rules_, events_;
  UniqueFd canary_, wake_;
  std::mutex mutex_;  // of everything below
  std::condition_variable changed_;
  std::map<TableName, std::uint64_t> tables_;
  Hits hits_, untaken_;
  bool lost_ = false, lost_untaken_ = false;
  std::uint64_t canaries_ = 0, losses_ = 0;
  std::optional<Error> failure_;
  std::thread thread_;
};

CoverageRecorder::CoverageRecorder(std::unique_ptr<Worker> worker) : worker_{std::move(worker)} {}
CoverageRecorder::CoverageRecorder(CoverageRecorder&&) noexcept = default;
CoverageRecorder& CoverageRecorder::operator=(CoverageRecorder&&) noexcept = default;
CoverageRecorder::~CoverageRecorder() = default;

Result<CoverageRecorder> CoverageRecorder::start(const std::string& label) {
  auto rules = NETRIG_TRY(NfSocket::open(label));
  auto events = NETRIG_TRY(open_trace_socket(label));
  NETRIG_TRY(hear_rules_and_generations(events));
  auto canary = NETRIG_TRY(open_canary(kCoverageCanary, label));
  UniqueFd wake{eventfd(0, EFD_CLOEXEC)};
  if (!wake) return fail(Error::from_errno("record coverage", label, errno));
  auto worker = std::make_unique<Worker>(std::move(rules), std::move(events), std::move(canary), std::move(wake));
  NETRIG_TRY(worker->begin());
  return CoverageRecorder{std::move(worker)};
}

bool CoverageRecorder::catch_up() { return worker_->catch_up(); }
Result<Coverage> CoverageRecorder::coverage(const Listing& listing) { return worker_->use_of(listing, false); }
Result<Coverage> CoverageRecorder::take(const Listing& listing) { return worker_->use_of(listing, true); }

}  // namespace netrig::nft
