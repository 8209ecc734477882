// Counting, in one network namespace, how many packets each rule matches.
//
//   auto recorder = NETRIG_TRY(gateway_ns.run([] { return CoverageRecorder::start("gateway"); }));
//   ... packets ...
//   std::cout << NETRIG_TRY(recorder.coverage(listing));
//
// By the kernel's trace of every packet, not by counters: a rule need not have one, none has to be put into it (which
// would give it another handle and another text), and rules of iptables-nft are seen too. The price: about a
// microsecond a rule that a packet meets, so do not measure throughput while one records. Not seen: rules at the
// ingress hook of an interface (netdev and inet tables), which packets meet before they can be traced, and packets that
// a flowtable takes past the rules.
#pragma once

#include <netrig/base/result.h>
#include <netrig/nft/coverage.h>
#include <netrig/nft/listing.h>

#include <memory>
#include <string>

namespace netrig::nft {

/// Records from its making to its end, by a thread of its own. Its rules (reserved.h) belong to its socket: they go
/// when this process does, however it ends. Move-only; functions may be called from any thread.
class CoverageRecorder {
 public:
  /// In the calling thread's network namespace, for all packets that inet, ip, ip6, bridge and arp tables see. EBUSY
  /// where another one records. Errors as of NfSocket::open().
  static Result<CoverageRecorder> start(const std::string& label);
  CoverageRecorder(CoverageRecorder&&) noexcept;
  CoverageRecorder& operator=(CoverageRecorder&&) noexcept;
  ~CoverageRecorder();

  /// Returns when all packets until now are counted; false where that cannot be known. To be called before and after
  /// the ruleset changes: what a recorder hears of only after two changes, it cannot tell apart.
  bool catch_up();
  /// The use of the listed rules since they were made, or recording began. The listing is of this moment, with handles.
  /// Says that it is not complete when it has lost something, or has no loopback, without which it cannot know.
  Result<Coverage> coverage(const Listing& listing);
  /// The same since the last take() alone.
  Result<Coverage> take(const Listing& listing);

 private:
  class Worker;
  explicit CoverageRecorder(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace netrig::nft
