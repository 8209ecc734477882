// Netlink requests that fare badly, at the border between this program and the kernel. The build wraps sendto() and
// recvmsg() of the whole program (`ld --wrap`, see netlink_faults.cc): the framework is the one that users link.
//
//   NetlinkFaults counting;                                    // counts from here on
//   Lab{home()};
//   const auto requests = counting.seen();
//   ...
//   NetlinkFaults faults{{.request = 17, .fate = Fate::refused, .code = ENOMEM}};
//   EXPECT_FALSE(Lab::build(home()));
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::kernel_failures {

/// What becomes of a request.
enum class Fate : std::uint8_t {
  refused,           ///< never reaches the kernel; the answer is `code`. The other requests of the same send do reach
                     ///< it, unless they are one transaction (nfnetlink batches)
  not_sent,          ///< the send fails with `code`
  send_interrupted,  ///< the send fails with EINTR, once
  answer_lost,       ///< done, but the answer finds no room: ENOBUFS, then the answers to others
  answer_truncated,  ///< the answer is longer than the room for it (MSG_TRUNC)
  answer_cut,        ///< the second half of the answer is missing
  read_interrupted,  ///< reading the answer fails with EINTR, once
  list_changed,      ///< the answers say that the list changed while it was read (NLM_F_DUMP_INTR), once
};

std::string_view to_string(Fate fate);
std::ostream& operator<<(std::ostream& out, Fate fate);

/// The first request is number 1.
struct Fault {
  std::size_t request = 0;
  Fate fate = Fate::refused;
  int code = 0;  ///< errno value, where `fate` needs one
};

/// A request as it was sent.
struct Request {
  int protocol = 0;  ///< NETLINK_ROUTE, NETLINK_NETFILTER
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  /// What an error about it must mention: `link`, `addresses`, `chain`; empty where any text will do.
  [[nodiscard]] std::string noun() const;
  /// Whether the kernel answers it when all goes well: of a transaction it answers the last request alone.
  [[nodiscard]] bool has_answer() const;
};

/// Counts the netlink requests of the whole process while it lives, and lets one fare badly. One at a time.
class NetlinkFaults {
 public:
  NetlinkFaults() : NetlinkFaults{std::nullopt} {}
  explicit NetlinkFaults(const std::optional<Fault>& fault);
  NetlinkFaults(const NetlinkFaults&) = delete;
  NetlinkFaults& operator=(const NetlinkFaults&) = delete;
  ~NetlinkFaults();

  /// In the order in which they were sent, by whatever thread.
  [[nodiscard]] std::vector<Request> seen() const;
  /// Whether the request was sent to which this was to happen.
  [[nodiscard]] bool struck() const;
};

}  // namespace netrig::kernel_failures
