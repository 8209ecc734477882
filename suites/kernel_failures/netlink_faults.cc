#include <netrig/suites/kernel_failures/netlink_faults.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <ostream>
#include <span>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

// `ld --wrap=NAME` gives calls of NAME to __wrap_NAME, and those of __real_NAME to the C library or the sanitizer.
extern "C" {
ssize_t real_sendto(int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
                    socklen_t to_size) __asm__("__real_sendto");
ssize_t real_recvmsg(int fd, msghdr* message, int flags) __asm__("__real_recvmsg");
ssize_t wrapped_sendto(int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
                       socklen_t to_size) __asm__("__wrap_sendto");
ssize_t wrapped_recvmsg(int fd, msghdr* message, int flags) __asm__("__wrap_recvmsg");
}

namespace netrig::kernel_failures {
namespace {

using Bytes = std::vector<std::byte>;

const nlmsghdr* message_at(std::span<const std::byte> bytes, std::size_t offset) {
  if (bytes.size() < offset + sizeof(nlmsghdr)) return nullptr;
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data() + offset);
  return message->nlmsg_len < sizeof(nlmsghdr) || message->nlmsg_len > bytes.size() - offset ? nullptr : message;
}

template <class Visit>
void visit_messages(std::span<const std::byte> bytes, Visit visit) {
  std::size_t offset = 0;
  while (const nlmsghdr* message = message_at(bytes, offset)) {
    visit(*message, offset);
    offset += NLMSG_ALIGN(message->nlmsg_len);
  }
}

Bytes refusal_of(const nlmsghdr& request, int code) {
  struct {
    nlmsghdr header;
    nlmsgerr error;
  } answer{};
  answer.header = {.nlmsg_len = sizeof answer,
                   .nlmsg_type = NLMSG_ERROR,
                   .nlmsg_flags = NLM_F_CAPPED,
                   .nlmsg_seq = request.nlmsg_seq,
                   .nlmsg_pid = 0};
  answer.error = {.error = -code, .msg = request};
  Bytes bytes(sizeof answer);
  std::memcpy(bytes.data(), &answer, sizeof answer);
  return bytes;
}

int protocol_of(int fd) {
  int protocol = -1;
  socklen_t size = sizeof protocol;
  ::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
  return protocol;
}

int failed(int code) {
  errno = code;
  return -1;
}

/// The seam's state. Everything under `mutex`.
class Border {
 public:
  void arm(const std::optional<Fault>& fault) {
    const std::scoped_lock lock{mutex_};
    if (armed_) throw std::logic_error{"one NetlinkFaults at a time"};
    armed_ = true;
    fault_ = fault;
    struck_ = false;
    seen_.clear();
    pending_.clear();
  }
  void disarm() {
    const std::scoped_lock lock{mutex_};
    armed_ = false;
  }
  std::vector<Request> seen() {
    const std::scoped_lock lock{mutex_};
    return seen_;
  }
  bool struck() {
    const std::scoped_lock lock{mutex_};
    return struck_;
  }

  ssize_t send(int fd, std::span<const std::byte> bytes, int flags, const sockaddr* to, socklen_t to_size) {
    const std::scoped_lock lock{mutex_};
    const auto pass_on = [&](std::span<const std::byte> part) {
      return real_sendto(fd, part.data(), part.size(), flags, to, to_size);
    };
    if (!armed_) return pass_on(bytes);
    pending_.erase(fd);  // of a socket that is gone, or of a request that nobody asks about any more
    const auto hit = count(fd, bytes);
    if (!hit) return pass_on(bytes);
    const auto& request = *message_at(bytes, *hit);
    switch (fault_->fate) {
      case Fate::not_sent:
        return failed(fault_->code);
      case Fate::send_interrupted:
        return failed(EINTR);
      case Fate::refused:
        pending_[fd].answers.push_back(refusal_of(request, fault_->code));
        return send_others(bytes, *hit, pass_on);
      default:
        pending_[fd].sequence = request.nlmsg_seq;
        return pass_on(bytes);
    }
  }

  ssize_t receive(int fd, msghdr* message, int flags) {
    const std::scoped_lock lock{mutex_};
    const auto found = pending_.find(fd);
    if (!armed_ || found == pending_.end()) return real_recvmsg(fd, message, flags);
    auto& pending = found->second;
    if (!pending.answers.empty()) return deliver(pending, message);
    if (fault_->fate == Fate::refused) return real_recvmsg(fd, message, flags);
    if (fault_->fate == Fate::read_interrupted) return pending_.erase(found), failed(EINTR);
    if (fault_->fate == Fate::answer_lost && !std::exchange(pending.told, true)) return failed(ENOBUFS);
    const auto size = real_recvmsg(fd, message, flags);
    return size < 0 ? size : spoil(pending, message, size);
  }

 private:
  struct Pending {
    std::deque<Bytes> answers;   ///< instead of the kernel's
    std::uint32_t sequence = 0;  ///< whose answer is spoilt
    bool told = false;           ///< that an answer was lost
  };

  /// Counts the requests; where the one is that this fault is for.
  std::optional<std::size_t> count(int fd, std::span<const std::byte> bytes) {
    std::optional<std::size_t> hit;
    const int protocol = protocol_of(fd);
    const auto before = seen_.size();
    visit_messages(bytes, [&](const nlmsghdr& message, std::size_t offset) {
      seen_.push_back({protocol, message.nlmsg_type, message.nlmsg_flags});
      if (fault_ && !struck_ && seen_.size() == fault_->request) hit = offset;
    });
    struck_ |= hit.has_value();
    if (hit && fault_->fate == Fate::send_interrupted) seen_.resize(before);  // sent again
    return hit;
  }

  /// The kernel gets the requests around the one at `offset`, as if it had refused that one.
  template <class PassOn>
  static ssize_t send_others(std::span<const std::byte> bytes, std::size_t offset, PassOn pass_on) {
    const bool is_transaction = message_at(bytes, 0)->nlmsg_type == NFNL_MSG_BATCH_BEGIN;
    const auto end = offset + NLMSG_ALIGN(message_at(bytes, offset)->nlmsg_len);
    Bytes others{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(offset)};
    if (end < bytes.size()) others.insert(others.end(), bytes.begin() + static_cast<std::ptrdiff_t>(end), bytes.end());
    if (!others.empty() && !is_transaction && pass_on(others) < 0) return -1;
    return static_cast<ssize_t>(bytes.size());
  }

  static ssize_t deliver(Pending& pending, msghdr* message) {
    const Bytes answer = std::move(pending.answers.front());
    pending.answers.pop_front();
    std::memcpy(message->msg_iov[0].iov_base, answer.data(), answer.size());
    message->msg_flags = 0;
    return static_cast<ssize_t>(answer.size());
  }

  ssize_t spoil(Pending& pending, msghdr* message, ssize_t size) const {
    const std::span bytes{static_cast<std::byte*>(message->msg_iov[0].iov_base), static_cast<std::size_t>(size)};
    bool concerned = false;
    visit_messages(bytes, [&](const nlmsghdr& answer, std::size_t) {
      if (answer.nlmsg_seq != pending.sequence) return;
      concerned = true;
      auto& header = const_cast<nlmsghdr&>(answer);
      if (fault_->fate == Fate::answer_lost) header.nlmsg_type = NLMSG_NOOP, header.nlmsg_seq = 0;
      if (fault_->fate == Fate::list_changed) header.nlmsg_flags |= NLM_F_DUMP_INTR;
    });
    if (concerned && fault_->fate == Fate::answer_truncated) message->msg_flags |= MSG_TRUNC;
    return concerned && fault_->fate == Fate::answer_cut ? size / 2 : size;
  }

  std::mutex mutex_;
  bool armed_ = false;
  std::optional<Fault> fault_;
  bool struck_ = false;
  std::vector<Request> seen_;
  std::map<int, Pending> pending_;  ///< by descriptor
};

Border& border() {
  static Border the_one;
  return the_one;
}

std::string noun_of_route_request(int type, bool many) {
  switch (type - ((type - RTM_BASE) & 3)) {
    case RTM_NEWLINK:
      return "link";
    case RTM_NEWADDR:
      return "address";
    case RTM_NEWROUTE:
      return "route";
    case RTM_NEWRULE:
      return many ? "rules" : "rule";
    case RTM_NEWNEIGH:
      return many ? "" : "neigh";  // `list fdb` or `list neighbours`
    case RTM_NEWMDB:
      return "mdb";
    default:
      return {};
  }
}

}  // namespace

std::string_view to_string(Fate fate) {
  constexpr std::string_view kTexts[] = {"refused",          "not sent",   "send interrupted", "answer lost",
                                         "answer truncated", "answer cut", "read interrupted", "list changed"};
  return kTexts[static_cast<std::size_t>(fate)];
}

std::ostream& operator<<(std::ostream& out, Fate fate) { return out << to_string(fate); }

std::string Request::noun() const {
  if (protocol == NETLINK_ROUTE) return noun_of_route_request(type, (flags & NLM_F_DUMP) == NLM_F_DUMP);
  switch (type) {
    case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE:
      return "table";
    case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN:
      return "chain";
    case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE:
      return "rule";
    default:
      return {};
  }
}

bool Request::has_answer() const { return (flags & (NLM_F_ACK | NLM_F_DUMP)) != 0; }

NetlinkFaults::NetlinkFaults(const std::optional<Fault>& fault) { border().arm(fault); }
NetlinkFaults::~NetlinkFaults() { border().disarm(); }
std::vector<Request> NetlinkFaults::seen() const { return border().seen(); }
bool NetlinkFaults::struck() const { return border().struck(); }

}  // namespace netrig::kernel_failures

ssize_t wrapped_sendto(int fd, const void* data, std::size_t size, int flags, const sockaddr* to, socklen_t to_size) {
  if (to == nullptr || to->sa_family != AF_NETLINK) return real_sendto(fd, data, size, flags, to, to_size);
  return netrig::kernel_failures::border().send(fd, {static_cast<const std::byte*>(data), size}, flags, to, to_size);
}

ssize_t wrapped_recvmsg(int fd, msghdr* message, int flags) {
  if (message->msg_namelen != sizeof(sockaddr_nl)) return real_recvmsg(fd, message, flags);
  return netrig::kernel_failures::border().receive(fd, message, flags);
}
