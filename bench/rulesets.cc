#include <netrig/bench/rulesets.h>
#include <netrig/net/ip_address.h>

#include <fmt/format.h>

namespace netrig::bench {

namespace {

constexpr std::size_t kRules = 60;
constexpr std::uint16_t kFirstPort = 1000;
constexpr std::size_t kPorts = 50'000;

Ipv4Address source(std::size_t rule) {
  constexpr Ipv4Address::Number kFirst = 0x0a140001;  // 10.20.0.1
  return Ipv4Address::from_number(kFirst + static_cast<Ipv4Address::Number>(rule));
}

std::uint16_t port(std::size_t rule) { return static_cast<std::uint16_t>(kFirstPort + rule % kPorts); }

}  // namespace

std::string sixty_rules() {
  std::string text =
      "table inet filter {\n"
      "  chain forward {\n"
      "    type filter hook forward priority filter; policy drop;\n"
      "    ct state established,related accept\n";
  for (std::size_t i = 1; i < kRules - 2; ++i) {
    text +=
        fmt::format("    ip saddr {} tcp dport {} accept comment \"admin {}\"\n", source(i).to_string(), port(i), i);
  }
  text += fmt::format("    tcp dport {} drop comment \"{}\"\n", kBlockedPort, kBlockedComment);
  text += fmt::format("    tcp dport {} accept comment \"web\"\n", kAllowedPort);
  return text + "  }\n}\n";
}

std::string many_rules(std::size_t count) {
  std::string text = "table inet many {\n  chain forward {\n    type filter hook forward priority filter;\n";
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format("    ip saddr {} tcp dport {} counter accept\n", source(i).to_string(), port(i));
  }
  return text + "  }\n}\n";
}

nft::Ruleset many_rules_as_values(std::size_t count) {
  auto chain = nft::Chain::base("forward", nft::ChainType::filter, nft::Hook::forward, nft::priority::kFilter);
  for (std::size_t i = 0; i < count; ++i) {
    chain.add(nft::Rule{}.saddr(IpAddress{source(i)}).tcp_dport(Port{port(i)}).counter().accept());
  }
  nft::Ruleset ruleset;
  ruleset.add(nft::Table{.family = nft::Family::inet, .name = "many"}).add(std::move(chain));
  return ruleset;
}

std::string misses(std::size_t count) {
  std::string text = "table inet filter {\n  chain forward {\n    type filter hook forward priority filter;\n";
  for (std::size_t i = 0; i < count; ++i)
    text += fmt::format("    ip saddr {} th dport {} drop\n", source(i).to_string(), port(i));
  return text + "  }\n}\n";
}

std::string misses_as_set(std::size_t count) {
  std::string text = "table inet filter {\n  set blocked {\n    type ipv4_addr . inet_service\n    elements = { ";
  for (std::size_t i = 0; i < count; ++i)
    text += fmt::format("{}{} . {}", i == 0 ? "" : ", ", source(i).to_string(), port(i));
  return text +
         " }\n  }\n"
         "  chain forward {\n    type filter hook forward priority filter;\n"
         "    ip saddr . th dport @blocked drop\n  }\n}\n";
}

}  // namespace netrig::bench
