#include <netrig/base/fault_point.h>
#include <netrig/traffic/icmp_message.h>
#include <netrig/traffic/ping.h>
#include <netrig/traffic/socket_address.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <poll.h>
#include <unistd.h>

namespace netrig::traffic {

namespace {

using Clock = Deadline::Clock;

// Echo requests are told apart by id: one a pinger of this process.
std::uint16_t next_id() {
  static std::atomic<std::uint32_t> last = static_cast<std::uint32_t>(::getpid());
  return static_cast<std::uint16_t>(++last);
}

std::size_t most_payload(AddressFamily family) { return family == AddressFamily::ipv4 ? 65507 : 65527; }

Result<void> check(const PingSpec& spec) {
  const auto what = "ping " + spec.destination.to_string();
  if (spec.count < 1 || spec.count > 65535)
    return fail(Error::invalid(what, "", fmt::format("count {} is not in 1..65535", spec.count)));
  if (spec.ttl == 0) return fail(Error::invalid(what, "", "a time to live of 0 goes nowhere: use 1 to 255"));
  if (spec.interval < std::chrono::nanoseconds::zero())
    return fail(Error::invalid(what, "", "the interval is negative"));
  if (spec.destination.is_unspecified())
    return fail(Error::invalid(what, "", "it is no destination: name a host's address"));
  const auto most = most_payload(spec.destination.family());
  if (spec.size > most)
    return fail(
        Error::invalid(what, "", fmt::format("{} bytes of payload are more than the {} that fit", spec.size, most)));
  if (spec.source && spec.source->family() != spec.destination.family()) {
    return fail(Error::invalid(what, "", "source " + spec.source->to_string() + " is of the other address family"));
  }
  return {};
}

template <class Value>
Result<void> set_option(int fd, int level, int name, const Value& value, const char* what) {
  if (::setsockopt(fd, level, name, &value, sizeof value) == 0) return {};
  return fail(Error::from_errno(what, "", errno));
}

Result<void> set_options(int fd, const PingSpec& spec) {
  const int on = 1, ttl = spec.ttl;
  if (spec.interface) {
    if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, spec.interface->c_str(),
                     static_cast<socklen_t>(spec.interface->view().size())) != 0) {
      return fail(Error::from_errno("send through " + spec.interface->to_string(), "", errno));
    }
  }
  if (spec.destination.is_v4()) {
    const int discover = spec.dont_fragment ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT;
    NETRIG_TRY(set_option(fd, IPPROTO_IP, IP_TTL, ttl, "set the time to live"));
    return set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, discover, "set don't-fragment");
  }
  const int discover = spec.dont_fragment ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT;
  NETRIG_TRY(set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl, "set the hop limit"));
  NETRIG_TRY(set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl, "set the hop limit"));
  NETRIG_TRY(set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, on, "receive hop limits"));
  if (spec.dont_fragment) NETRIG_TRY(set_option(fd, IPPROTO_IPV6, IPV6_DONTFRAG, on, "set don't-fragment"));
  return set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, discover, "set don't-fragment");
}

// More than a socket's receive buffer holds by default; other people's packets must not keep a ping from its end.
constexpr int kMostWaiting = 4096;

// As long as `ping -f` waits for an answer before it sends the next.
constexpr std::chrono::milliseconds kFloodPatience{10};

}  // namespace

/// One call of run(): what is out, what came back.
class Pinger::Run {
 public:
  Run(Pinger& pinger, Deadline deadline)
      : fd_{pinger.socket_.get()},
        spec_{pinger.spec_},
        id_{pinger.id_},
        before_{pinger.sent_},
        unanswered_{pinger.unanswered_},
        deadline_{deadline} {
    report_.destination = spec_.destination;
    report_.size = spec_.size;
    sent_at_.reserve(spec_.count);
    settled_.assign(spec_.count, false);
    replied_.assign(spec_.count, false);
  }

  Result<PingReport> go() {
    start_ = Clock::now();
    while (settled_count_ < spec_.count) {
      const auto now = Clock::now();
      // A process that had no processor until then has asked all the same: no answer is never no question.
      if (now >= deadline_.at() && sent() > 0) break;
      if (sent() < spec_.count && now >= next_at()) {
        fault_point("send-echo-request");
        send();
        continue;
      }
      const auto until = sent() < spec_.count ? next_at() : sent_at_.back() + spec_.timeout;
      if (sent() == spec_.count && now >= until) break;
      NETRIG_TRY(receive(Deadline{std::min(until, deadline_.at())}));
    }
    // Time is up, and what came in time may still wait for a process that had no processor: that is not lost.
    for (int left = kMostWaiting; left > 0 && settled_count_ < sent(); --left) {
      if (!NETRIG_TRY(receive(Deadline{Clock::time_point{}}))) break;
    }
    for (unsigned i = 0; i < sent(); ++i) {
      if (!settled_[i]) unanswered_.insert_or_assign(on_the_wire(i + 1), sent_at_[i]);
    }
    return std::move(report_);
  }

 private:
  [[nodiscard]] unsigned sent() const { return static_cast<unsigned>(sent_at_.size()); }

  // `request`: from 1, of this run.
  [[nodiscard]] std::uint16_t on_the_wire(unsigned request) const {
    return static_cast<std::uint16_t>(before_ + request);
  }

  [[nodiscard]] Clock::time_point next_at() const {
    if (sent() == 0 || spec_.interval.count() > 0) return start_ + spec_.interval * sent();
    return settled_count_ == sent() ? sent_at_.back() : sent_at_.back() + kFloodPatience;
  }

  void send() {
    const unsigned request = sent() + 1;
    const auto message = echo_request(spec_.destination.family(), id_, on_the_wire(request), spec_.size);
    const SocketAddress to{spec_.destination, Port{}};
    sent_at_.push_back(Clock::now());
    ++report_.transmitted;
    if (::sendto(fd_, message.data(), message.size(), MSG_NOSIGNAL, to.get(), to.size) >= 0) return;
    PingError error;
    error.sequence = on_the_wire(request);
    error.local_error = errno;
    settle(request);
    report_.errors.push_back(error);
  }

  void settle(unsigned request) {
    if (settled_[request - 1]) return;
    settled_[request - 1] = true;
    ++settled_count_;
  }

  // False when nothing came until then.
  Result<bool> receive(Deadline until) {
    fault_point("await-echo-reply");
    // Within one machine the answer is there as a rule when sendto(2) returns.
    if (NETRIG_TRY(receive_now())) return true;
    // poll(2) counts milliseconds; what is shorter is waited for by ppoll(2).
    pollfd entry{fd_, POLLIN, 0};
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(until.remaining());
    const timespec span{.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000),
                        .tv_nsec = static_cast<long>(left.count() % 1'000'000'000)};
    if (left.count() <= 0 || ::ppoll(&entry, 1, &span, nullptr) <= 0) return false;
    return receive_now();
  }

  // False when nothing waits.
  Result<bool> receive_now() {
    alignas(cmsghdr) std::array<char, 256> control{};
    iovec vector{bytes_.data(), bytes_.size()};
    SocketAddress from;
    msghdr message{};
    message.msg_name = from.get();
    message.msg_namelen = from.size;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto size = ::recvmsg(fd_, &message, MSG_DONTWAIT);
    if (size < 0) {
      if (errno == EAGAIN) return false;
      if (errno == EBADF || errno == ENOTSOCK) return fail(Error::from_errno("receive echo replies", "", errno));
      return true;  // a pending error of the socket: the message about it comes, or came, too
    }
    take({bytes_.data(), static_cast<std::size_t>(size)}, from.endpoint().address, message);
    return true;
  }

  void take(std::span<const std::uint8_t> bytes, const IpAddress& from, msghdr& message) {
    int ttl = hop_limit(message);
    if (spec_.destination.is_v4()) {  // raw IPv4 sockets give the IP header too: raw(7)
      if (bytes.size() < sizeof(iphdr)) return;
      ttl = bytes[8];
      const std::size_t header = static_cast<std::size_t>(bytes[0] & 0x0fU) * 4;
      if (bytes.size() < header) return;
      bytes = bytes.subspan(header);
    }
    const auto answer = read_answer(spec_.destination, id_, bytes);
    if (!answer) return;
    const unsigned request = static_cast<std::uint16_t>(answer->sequence - before_);
    const bool of_this_run = request >= 1 && request <= sent();
    if (!of_this_run) {
      note_late(*answer, from, ttl);
    } else if (answer->is_reply) {
      note_reply(request, *answer, from, ttl);
    } else {
      note_error(*answer, from);
      settle(request);
    }
  }

  void note_error(const EchoAnswer& answer, const IpAddress& from) {
    report_.errors.push_back(
        {.sequence = answer.sequence, .from = from, .type = answer.type, .code = answer.code, .mtu = answer.mtu});
  }

  void note_reply(unsigned request, const EchoAnswer& answer, const IpAddress& from, int ttl) {
    if (replied_[request - 1]) {
      ++report_.duplicates;
      return;
    }
    replied_[request - 1] = true;
    report_.replies.push_back({answer.sequence, from, ttl, Clock::now() - sent_at_[request - 1]});
    settle(request);
  }

  // About a request of an earlier run.
  void note_late(const EchoAnswer& answer, const IpAddress& from, int ttl) {
    const auto sent_at = unanswered_.find(answer.sequence);
    if (sent_at == unanswered_.end()) return;
    if (answer.is_reply) {
      report_.late.push_back({answer.sequence, from, ttl, Clock::now() - sent_at->second});
    } else {
      note_error(answer, from);
    }
    unanswered_.erase(sent_at);
  }

  static int hop_limit(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
      if (part->cmsg_level != IPPROTO_IPV6 || part->cmsg_type != IPV6_HOPLIMIT) continue;
      int limit = 0;
      std::memcpy(&limit, CMSG_DATA(part), sizeof limit);
      return limit;
    }
    return 0;
  }

  int fd_;
  const PingSpec& spec_;
  std::uint16_t id_;
  unsigned before_;  // requests of earlier runs
  Unanswered& unanswered_;
  Deadline deadline_;
  PingReport report_;
  std::vector<Clock::time_point> sent_at_;
  std::vector<bool> settled_;  // answered, or known not to be
  std::vector<bool> replied_;
  Clock::time_point start_;
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(65536);
  unsigned settled_count_ = 0;
};

Result<Pinger> Pinger::open(const PingSpec& spec) {
  NETRIG_TRY(check(spec));
  const bool v4 = spec.destination.is_v4();
  UniqueFd socket{
      ::socket(domain_of(spec.destination), SOCK_RAW | SOCK_CLOEXEC, v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6})};
  if (!socket) {
    return fail(Error::from_errno("ping " + spec.destination.to_string(), "", errno,
                                  errno == EPERM ? "a raw socket needs CAP_NET_RAW: run inside the sandbox" : ""));
  }
  NETRIG_TRY(set_options(socket.get(), spec));
  if (spec.source) NETRIG_TRY(bind_source(socket.get(), *spec.source, Port{}));
  return Pinger{std::move(socket), spec, next_id()};
}

Result<PingReport> Pinger::run(Deadline deadline) {
  Run run{*this, deadline};
  auto report = NETRIG_TRY(run.go());
  sent_ = static_cast<std::uint16_t>(sent_ + report.transmitted);
  return report;
}

}  // namespace netrig::traffic
