#include <netrig/base/deadline.h>
#include <netrig/base/error.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/link.h>
#include <netrig/netlink/socket.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/reserved.h>
#include <netrig/nft/trace.h>
#include <netrig/suites/isolation/inmates_rules.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string_view>
#include <sys/socket.h>

namespace netrig::isolation {
namespace {

constexpr std::uint16_t kPort = 9;

// The same table, chain and counter in both; the set is the first one's own, and so is the trace.
constexpr std::string_view kRules = R"(table inet rules {
  set only-first { type inet_service; elements = { 9 }; }
  counter seen { }
  chain out { type filter hook output priority 0; udp dport @only-first counter name seen meta nftrace set 1 drop; }
})";
constexpr std::string_view kOtherRules = R"(table inet rules {
  counter seen { }
  chain out { type filter hook output priority 0; udp dport 9 counter name seen; }
})";

// One to each family's loopback.
void send_datagrams() {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(kPort);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(kPort);
  v6.sin6_addr = in6addr_loopback;
  const UniqueFd socket4{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const UniqueFd socket6{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  // A rule that drops it is told to the sender: EPERM.
  const auto sent = [](ssize_t size) { return size == 1 || errno == EPERM; };
  if (!sent(::sendto(socket4.get(), "?", 1, 0, reinterpret_cast<const sockaddr*>(&v4), sizeof v4)) ||
      !sent(::sendto(socket6.get(), "?", 1, 0, reinterpret_cast<const sockaddr*>(&v6), sizeof v6))) {
    throw SetupError{Error::from_errno("send a datagram to loopback", "", errno)};
  }
}

// The rules and the trace of the calling thread's network, from now on.
class Sight {
 public:
  explicit Sight(std::string_view rules)
      : nft_{value_or_throw(nft::Frontend::open("inmate"))}, tracer_{value_or_throw(nft::Tracer::open("inmate"))} {
    auto netlink = value_or_throw(netlink::Socket::open("inmate"));
    netlink::Batch loopback{netlink};  // down in a network that nobody has prepared
    loopback.change_link({.device = {.name = InterfaceName{"lo"}}, .up = true});
    value_or_throw(loopback.send());
    value_or_throw(nft_.load_text(rules));
    value_or_throw(
        tracer_.start({nft::Rule{}.udp_dport(1)}));  // nobody's: what is told is of rules that trace themselves
  }
  // The listing, with counters, then a line for each event of a traced packet.
  std::string told() {
    if (!value_or_throw(tracer_.listens(Deadline::after(std::chrono::seconds{20})))) return "the trace is deaf\n";
    std::string text = value_or_throw(nft_.list());
    for (const auto& event : value_or_throw(tracer_.take())) {
      if (!nft::is_reserved(event.chain.table)) text += event.to_string() + '\n';
    }
    return text;
  }

 private:
  nft::Frontend nft_;
  nft::Tracer tracer_;
};

// Until the writer has closed the FIFO; opening waits for one.
std::string read_all(const std::string& fifo) {
  std::ostringstream text;
  text << std::ifstream{fifo}.rdbuf();
  return text.str();
}

}  // namespace

int rule_and_serve(const std::string& directory) {
  Sight sight{kRules};
  std::puts("ready");
  for (;;) {
    read_all(directory + "/go");
    send_datagrams();
    std::ofstream{directory + "/answer"} << sight.told();
  }
}

int watch_rules(const std::string& directory) {
  Sight sight{kOtherRules};
  std::ofstream{directory + "/go"}.flush();
  std::cout << kThere << read_all(directory + "/answer");
  std::cout << kHere << sight.told();
  send_datagrams();
  std::cout << kHereAfterSending << sight.told() << std::flush;
  return 0;
}

}  // namespace netrig::isolation
