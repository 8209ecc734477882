#include <netrig/traffic/socket_options.h>
#include <netrig/traffic/tcp_side.h>

#include <fmt/format.h>

#include <cerrno>
#include <limits>
#include <netinet/in.h>
#include <sys/socket.h>

namespace netrig::traffic {

namespace {

template <class T>
int set(int fd, int level, int name, const T& value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : errno;
}

int domain(int fd) {
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family;
}

Error refused(const std::string& option, const std::string& side, int error, std::string remedy = {}) {
  return Error::from_errno("set " + option, side, error, std::move(remedy));
}

Result<void> set_congestion_control(int fd, const TcpLoad& load, const std::string& side) {
  const auto& name = load.congestion_control;
  if (name.empty()) return {};
  if (::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) == 0) return {};
  return fail(refused("congestion_control " + name, side, errno,
                      errno == ENOENT
                          ? "this kernel has no such algorithm: see net.ipv4.tcp_available_congestion_control"
                          : "see net.ipv4.tcp_allowed_congestion_control"));
}

}  // namespace

Result<void> set_buffer(int fd, int option, ByteCount wanted, const std::string& name, const std::string& side) {
  const auto bytes = static_cast<int>(wanted.value());
  if (const int error = set(fd, SOL_SOCKET, option, bytes); error != 0) return fail(refused(name, side, error));
  int got = 0;
  socklen_t size = sizeof got;
  ::getsockopt(fd, SOL_SOCKET, option, &got, &size);
  if (got >= 2 * static_cast<std::int64_t>(bytes))
    return {};  // the kernel doubles it, for its own book-keeping: socket(7)
  return fail(Error::invalid(fmt::format("set {} {}", name, wanted.to_string()), side,
                             fmt::format("the kernel gave {}: raise net.core.{} on the host", got / 2,
                                         option == SO_SNDBUF ? "wmem_max" : "rmem_max")));
}

Result<void> set_dscp(int fd, unsigned dscp, const std::string& side) {
  const int traffic_class = static_cast<int>(dscp << 2U);  // the two lowest bits are ECN's
  int error = set(fd, IPPROTO_IP, IP_TOS, traffic_class);
  if (domain(fd) == AF_INET6) error = set(fd, IPPROTO_IPV6, IPV6_TCLASS, traffic_class);
  return error == 0 ? Result<void>{} : fail(refused(fmt::format("dscp {}", dscp), side, error));
}

Result<void> check(const TcpLoad& load) {
  const auto what = fmt::format("measure tcp to {}", load.run.destination.to_string());
  const auto wrong = [&](const std::string& why) { return fail(Error::invalid(what, "", why)); };
  NETRIG_TRY(check(load.run, what));
  if (load.streams < 1 || load.streams > 1000)
    return wrong(fmt::format("streams is {}: 1 to 1000 are possible", load.streams));
  if (!load.bytes && load.duration.count() <= 0) return wrong("duration is not above zero");
  if (!load.bytes) NETRIG_TRY(check_time(load.duration, "duration", what));
  if (load.bytes && load.bytes->value() == 0) return wrong("bytes is zero");
  if (load.warm_up.count() < 0) return wrong("warm_up is below zero");
  NETRIG_TRY(check_time(load.warm_up, "warm_up", what));
  if (!load.bytes && load.warm_up >= load.duration) return wrong("warm_up is not less than duration");
  if (load.block.value() < 1 || load.block.value() > TcpPayload::kMostBlock)
    return wrong("block is not from 1 byte to 4 MiB");
  if (load.threads == TcpThreads::shared && load.run.client_cpu != load.run.server_cpu)
    return wrong("threads is shared, but run.client_cpu and run.server_cpu differ: a thread runs on one processor");
  if (load.verify && load.method == SendMethod::pages)
    return wrong("method pages sends the same page again and again, which verify cannot check: use copy");
  if (load.mss && (*load.mss < 88 || *load.mss > 32767))
    return wrong(fmt::format("mss is {}: 88 to 32767 are possible", *load.mss));
  if (load.dscp && *load.dscp > 63) return wrong(fmt::format("dscp is {}: 0 to 63 are possible", *load.dscp));
  if (load.pace && load.pace->bits_per_second() < 8) return wrong("pace is below a byte a second");
  for (const auto& buffer : {load.send_buffer, load.receive_buffer}) {
    if (buffer && (buffer->value() == 0 || buffer->value() > std::numeric_limits<int>::max() / 2))
      return wrong("a buffer is not from 1 byte to 1 GiB");
  }
  return {};
}

Result<void> set_options(int fd, const TcpLoad& load, const std::string& side) {
  NETRIG_TRY(set_congestion_control(fd, load, side));
  if (load.send_buffer) NETRIG_TRY(set_buffer(fd, SO_SNDBUF, *load.send_buffer, "send_buffer", side));
  if (load.receive_buffer) NETRIG_TRY(set_buffer(fd, SO_RCVBUF, *load.receive_buffer, "receive_buffer", side));
  if (load.dscp) NETRIG_TRY(set_dscp(fd, *load.dscp, side));
  if (load.mss) {
    if (const int error = set(fd, IPPROTO_TCP, TCP_MAXSEG, static_cast<int>(*load.mss)); error != 0)
      return fail(refused("mss", side, error));
  }
  if (load.no_delay) {
    if (const int error = set(fd, IPPROTO_TCP, TCP_NODELAY, 1); error != 0)
      return fail(refused("no_delay", side, error));
  }
  if (load.pace) {
    const std::uint64_t bytes_per_second = load.pace->bits_per_second() / 8;
    if (const int error = set(fd, SOL_SOCKET, SO_MAX_PACING_RATE, bytes_per_second); error != 0)
      return fail(refused("pace", side, error));
  }
  if (load.method == SendMethod::zero_copy) {
    if (const int error = set(fd, SOL_SOCKET, SO_ZEROCOPY, 1); error != 0)
      return fail(refused("method zero_copy", side, error));
  }
  return {};
}

tcp_info info_of(const TcpFlow& flow) {
  tcp_info info{};
  socklen_t size = sizeof info;
  ::getsockopt(flow.socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
  return info;
}

void tell(TcpStream& stream, const tcp_info& info) {
  using std::chrono::microseconds;
  stream.retransmits = info.tcpi_total_retrans;
  stream.rtt = microseconds{info.tcpi_rtt};
  stream.min_rtt = microseconds{info.tcpi_min_rtt};
  stream.congestion_window = ByteCount{std::uint64_t{info.tcpi_snd_cwnd} * info.tcpi_snd_mss};
  stream.segments_sent = info.tcpi_data_segs_out;
  stream.mss = info.tcpi_snd_mss;
  stream.busy_time = microseconds{info.tcpi_busy_time};
  stream.rwnd_limited = microseconds{info.tcpi_rwnd_limited};
  stream.sndbuf_limited = microseconds{info.tcpi_sndbuf_limited};
}

}  // namespace netrig::traffic
