#include <netrig/suites/nat/home.h>

#include <regex>

namespace netrig {

void HomeTest::SetUp() {
  LabTest::SetUp();
  if (IsSkipped()) return;
  Topology home;
  auto pc = home.host("pc");
  auto gw = home.router("gw");
  auto server = home.host("server");
  home.segment("lan", "198.51.100.0/24, 2001:db8:1::/64").join(gw, {.name = "lan"}).join(pc);
  home.segment("wan", "203.0.113.0/24, 2001:db8:113::/64").join(gw, {.name = "wan"}).join(server);
  build(home);
}

std::string HomeTest::counted(const std::string& rules) {
  return std::regex_replace(rules, std::regex{" (accept|drop) comment"}, " counter $1 comment");
}

std::uint64_t HomeTest::count_of(std::string_view comment) {
  const auto rules = gw().rules();
  const auto* rule = rules.find_comment(comment);
  if (rule == nullptr || !rule->count()) throw SetupError{Error::invalid("find a counter", std::string{comment}, "")};
  return rule->count()->packets;
}

}  // namespace netrig
