#include <netrig/suites/kernel_failures/sweep.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

namespace netrig::kernel_failures {
namespace {

constexpr int kRefusals[] = {ENOMEM, EPERM, ENOBUFS, EEXIST, EOPNOTSUPP, EINVAL};
constexpr Fate kFailingFates[] = {Fate::not_sent, Fate::answer_lost, Fate::answer_truncated, Fate::answer_cut};
constexpr Fate kHarmlessFates[] = {Fate::send_interrupted, Fate::read_interrupted, Fate::list_changed};

bool wants_all() {
  const char* wanted = std::getenv("NETRIG_FAULTS");
  return wanted != nullptr && std::string_view{wanted} == "all";
}

Fault with_fate(std::size_t number, Fate fate) {
  return {.request = number, .fate = fate, .code = fate == Fate::not_sent ? ENOBUFS : 0};
}

}  // namespace

std::vector<Fault> faults_for(std::size_t number) {
  std::vector<Fault> faults;
  for (std::size_t i = 0; i < std::size(kRefusals); ++i) {
    if (wants_all() || i / 2 == number % 3) {
      faults.push_back({.request = number, .fate = Fate::refused, .code = kRefusals[i]});
    }
  }
  for (std::size_t i = 0; i < std::size(kFailingFates); ++i) {
    if (wants_all() || i == number % std::size(kFailingFates)) faults.push_back(with_fate(number, kFailingFates[i]));
  }
  return faults;
}

std::vector<Fault> harmless_faults_for(std::size_t number) {
  if (!wants_all()) return {with_fate(number, kHarmlessFates[number % std::size(kHarmlessFates)])};
  std::vector<Fault> faults;
  for (const Fate fate : kHarmlessFates) faults.push_back(with_fate(number, fate));
  return faults;
}

bool is_harmless(const Fault& fault) {
  return std::ranges::find(kHarmlessFates, fault.fate) != std::end(kHarmlessFates);
}

bool is_tolerated(const Request& request, const Fault& fault) {
  const bool spoils_answer = fault.fate == Fate::answer_truncated || fault.fate == Fate::answer_cut;
  if (spoils_answer && !request.has_answer()) return true;
  // A kernel that was built without a family has no routes of it. Where some are waited for, they are asked for again.
  return fault.fate == Fate::refused && fault.code == EOPNOTSUPP && request.protocol == NETLINK_ROUTE &&
         request.type == RTM_GETROUTE;
}

int expected_code(const Fault& fault) {
  switch (fault.fate) {
    case Fate::answer_lost:
      return ENOBUFS;
    case Fate::answer_truncated:
      return EMSGSIZE;
    case Fate::answer_cut:
      return ENOMSG;
    default:
      return fault.code;
  }
}

std::string to_string(const Fault& fault) {
  std::string text = "request " + std::to_string(fault.request) + " " + std::string{to_string(fault.fate)};
  if (fault.code != 0) text += std::string{" with "} + ::strerrorname_np(fault.code);
  return text;
}

testing::AssertionResult tells_of(const Error& error, const Request& request, const Fault& fault,
                                  const std::vector<std::string>& nodes) {
  const auto lacks = [&](const std::string& what) {
    return testing::AssertionFailure() << "no " << what << " in: " << error.message();
  };
  const int code = expected_code(fault);
  if (error.code != code || !error.message().contains(::strerrorname_np(code))) return lacks(::strerrorname_np(code));
  // A send that fails, and an answer that is not whole, are of others in the same send too, or of a whole transaction.
  const bool may_be_another = fault.fate == Fate::not_sent || fault.fate == Fate::answer_truncated ||
                              (fault.fate != Fate::refused && request.protocol == NETLINK_NETFILTER);
  if (!may_be_another && !error.operation.contains(request.noun())) return lacks(request.noun());
  if (error.operation.contains("netlink")) return lacks("name of what was asked");
  if (std::ranges::find(nodes, error.object) == nodes.end()) return lacks("node");
  return testing::AssertionSuccess();
}

}  // namespace netrig::kernel_failures
