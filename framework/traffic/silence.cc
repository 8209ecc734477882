#include <netrig/base/deadline.h>
#include <netrig/traffic/silence.h>

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>

namespace netrig::traffic {

namespace {

constexpr std::chrono::milliseconds kNamingTime{500};  // for a probe that is to tell who refused
constexpr std::chrono::milliseconds kShortest{100};    // a machine under load is silent for less
constexpr std::uint64_t kMissed = 20;                  // by chance, at a steady loss: less than once in 4e8 times
constexpr std::uint64_t kMissedOfRefused = 5;

}  // namespace

bool Silence::is_death() const {
  if (heard == 0 || up_to == 0 || up_to > sent) return false;
  const auto missed = sent - up_to;
  const auto expected = static_cast<double>(missed) * static_cast<double>(heard) / static_cast<double>(up_to);
  if (missed <= 2 * gap) return false;
  if (refused && missed >= 2 * gap + kMissedOfRefused) return true;
  return expected >= static_cast<double>(kMissed) && silent >= kShortest &&
         (silent >= sending / 2 || missed >= sent / 2);
}

void hear_errors(int fd, bool is_v4) {
  const int on = 1;
  ::setsockopt(fd, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
}

void forget_errors(int fd) {
  std::array<char, 1> none{};
  while (::recv(fd, none.data(), none.size(), MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) continue;
}

bool is_of_the_path(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EACCES || error == EPROTO ||
         error == ENOPROTOOPT || error == EHOSTDOWN || error == EOPNOTSUPP;
}

std::string refusal(const Endpoint& to, const Side& side) {
  std::string who;
  (void)side.place([&]() -> Result<void> {
    auto probe = NETRIG_TRY(Probe::open({.service = Service::udp(to.port), .destination = to.address}));
    const auto outcome = probe.run(Deadline::after(kNamingTime));
    if (outcome.kind != ProbeOutcome::Kind::silent) who = outcome.to_string();
    return {};
  });
  return who;
}

}  // namespace netrig::traffic
