#include <netrig/suites/nat/witness.h>
#include <netrig/suites/tools.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <regex>

namespace netrig {

namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

std::string without_times(const std::string& rules) {
  return std::regex_replace(rules, std::regex{"policy = \\{.*\\}"}, "policy");
}

// As conntrack(8) prints it.
std::string direction(const traffic::Endpoint& from, const traffic::Endpoint& to) {
  return fmt::format("src={} dst={} sport={} dport={} ", from.address.to_string(), to.address.to_string(),
                     from.port.value(), to.port.value());
}

}  // namespace

void expect_nft_lists(const Node& node, const std::string& rules) {
  NETRIG_NEEDS_TOOL("nft");
  const auto listed = node.exec({"nft", "-s", "list", "ruleset"});
  ASSERT_TRUE(listed.success()) << listed.err;
  EXPECT_EQ(without_times(listed.out), without_times(rules));
}

std::vector<nft::ConntrackEntry> translated_connections(const Node& node, AddressFamily family,
                                                        nft::Protocol protocol) {
  auto entries = node.snapshot().connections;
  std::erase_if(entries, [&](const auto& entry) {
    return entry.protocol != protocol || !entry.source_nat || entry.original.source.family() != family;
  });
  return entries;
}

std::uint32_t seconds_left(const Node& node, AddressFamily family, nft::Protocol protocol) {
  const auto entries = translated_connections(node, family, protocol);
  return entries.empty() ? 0 : entries.front().timeout.value_or(0);
}

void expect_conntrack_lists(const Node& node, nft::Protocol protocol, const traffic::Endpoint& inside,
                            const traffic::Endpoint& to, const traffic::Endpoint& outside) {
  const auto both_ways = AllOf(HasSubstr(direction(inside, to)), HasSubstr(direction(to, outside)));
  std::vector<std::string> known;
  for (const auto& entry : translated_connections(node, inside.address.family(), protocol))
    known.push_back(nft::to_string(entry));
  EXPECT_THAT(known, Contains(both_ways));

  NETRIG_NEEDS_TOOL("conntrack");
  const std::string family = inside.address.is_v4() ? "ipv4" : "ipv6";
  const auto listed = node.exec({"conntrack", "-L", "-f", family, "-p", nft::to_string(protocol)});
  ASSERT_TRUE(listed.success()) << listed.err;
  EXPECT_THAT(lines_of(listed.out), Contains(both_ways));
}

}  // namespace netrig
