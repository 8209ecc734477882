#include <netrig/base/unique_fd.h>
#include <netrig/bench/raw_traffic.h>

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <vector>

namespace netrig::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlock = 1U << 20U;
constexpr std::chrono::milliseconds kQuiet{100};  // a receiver of datagrams ends after so long without one

struct Ends {
  UniqueFd client, server;
};

// IPv4 alone: the bare loops are of one path.
sockaddr_in address_of(const std::string& address, Port port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port.value());
  inet_pton(AF_INET, address.c_str(), &result.sin_addr);
  return result;
}

Result<UniqueFd> bound(int type) {
  UniqueFd socket{::socket(AF_INET, type | SOCK_CLOEXEC, 0)};
  const auto any = address_of("0.0.0.0", kServerPort);
  const bool good = socket && bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0 &&
                    (type == SOCK_DGRAM || listen(socket.get(), 1) == 0);
  if (!good) return fail(Error::from_errno("serve port 5201", "raw traffic", errno));
  return socket;
}

Result<UniqueFd> connected(const BuiltPath& path, int type) {
  UniqueFd socket{::socket(AF_INET, type | SOCK_CLOEXEC, 0)};
  const auto to = address_of(path.destination.to_string(), path.port);
  if (!socket || connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    return fail(Error::from_errno("connect", path.destination.to_string(), errno));
  return socket;
}

Result<Ends> open(const BuiltPath& path, int type) {
  auto server = NETRIG_TRY(path.server.run([&] { return bound(type); }));
  auto client = NETRIG_TRY(path.client.run([&] { return connected(path, type); }));
  if (type == SOCK_STREAM) server = UniqueFd{accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (!server) return fail(Error::from_errno("accept", "raw traffic", errno));
  return Ends{std::move(client), std::move(server)};
}

void stop_after_silence(int fd) {
  constexpr auto kMicroseconds = std::chrono::microseconds{kQuiet}.count();
  const timeval silence{.tv_sec = 0, .tv_usec = kMicroseconds};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
}

struct Received {
  std::uint64_t bytes = 0, items = 0;
  Clock::time_point last;
};

Received receive_all(int fd, std::size_t most) {
  std::vector<char> buffer(most);
  Received received;
  for (;;) {
    const auto size = recv(fd, buffer.data(), buffer.size(), MSG_TRUNC);
    if (size <= 0) return received;
    received.last = Clock::now();
    received.bytes += static_cast<std::uint64_t>(size);
    ++received.items;
  }
}

std::uint64_t send_for_a_while(int fd, std::size_t block) {
  const std::vector<char> buffer(block);
  std::uint64_t sends = 0;
  const auto end = Clock::now() + kSending;
  while (Clock::now() < end) sends += send(fd, buffer.data(), buffer.size(), MSG_NOSIGNAL) > 0 ? 1 : 0;
  return sends;
}

struct Ran {
  Received received;
  std::uint64_t sends = 0;
  std::chrono::nanoseconds elapsed{};
};

Ran run(const Ends& ends, std::size_t block) {
  Ran ran;
  const auto start = Clock::now();
  std::thread receiver{[&] { ran.received = receive_all(ends.server.get(), block); }};
  ran.sends = send_for_a_while(ends.client.get(), block);
  shutdown(ends.client.get(), SHUT_WR);
  receiver.join();
  ran.elapsed = ran.received.last - start;
  return ran;
}

void answer_all(int fd, bool over_tcp) {
  std::array<char, kRequestBytes> buffer;
  sockaddr_in from{};
  socklen_t length = sizeof from;
  auto* peer = reinterpret_cast<sockaddr*>(&from);
  while (recvfrom(fd, buffer.data(), buffer.size(), over_tcp ? MSG_WAITALL : 0, peer, &length) ==
         static_cast<ssize_t>(buffer.size())) {
    sendto(fd, buffer.data(), buffer.size(), MSG_NOSIGNAL, over_tcp ? nullptr : peer, over_tcp ? 0 : length);
  }
}

std::uint64_t ask_for_a_while(int fd) {
  std::array<char, kRequestBytes> buffer{};
  std::uint64_t answers = 0;
  for (const auto end = Clock::now() + kSending; Clock::now() < end; ++answers) {
    send(fd, buffer.data(), buffer.size(), MSG_NOSIGNAL);
    if (recv(fd, buffer.data(), buffer.size(), MSG_WAITALL) <= 0) break;
  }
  return answers;
}

}  // namespace

Result<Sampled> raw_tcp(const BuiltPath& path) {
  const auto ran = run(NETRIG_TRY(open(path, SOCK_STREAM)), kBlock);
  return Sampled{.elapsed = ran.elapsed, .bytes = ran.received.bytes};
}

Result<Sampled> raw_udp(const BuiltPath& path, std::size_t payload) {
  const auto ends = NETRIG_TRY(open(path, SOCK_DGRAM));
  stop_after_silence(ends.server.get());
  const auto ran = run(ends, payload);
  if (ran.received.items == 0) return fail(Error::invalid("send datagrams", "raw traffic", "none arrived"));
  const auto arrived = static_cast<double>(ran.received.items);
  return Sampled{.elapsed = ran.elapsed,
                 .bytes = ran.received.bytes,
                 .items = ran.received.items,
                 .more = {{"loss", 1 - arrived / static_cast<double>(ran.sends)}}};
}

Result<Sampled> raw_latency(const BuiltPath& path, bool over_tcp) {
  const auto ends = NETRIG_TRY(open(path, over_tcp ? SOCK_STREAM : SOCK_DGRAM));
  if (!over_tcp) {
    stop_after_silence(ends.server.get());
    stop_after_silence(ends.client.get());
  }
  std::thread server{[&] { answer_all(ends.server.get(), over_tcp); }};
  const auto start = Clock::now();
  const auto answers = ask_for_a_while(ends.client.get());
  const std::chrono::nanoseconds elapsed = Clock::now() - start;
  shutdown(ends.client.get(), SHUT_WR);
  server.join();
  return Sampled{.elapsed = elapsed, .items = answers};
}

}  // namespace netrig::bench
