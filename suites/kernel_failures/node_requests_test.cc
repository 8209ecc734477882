// Each netlink request of a change at run time fares badly: the change throws what the kernel said, and the network is
// as it was before.
#include <netrig/base/scope_exit.h>
#include <netrig/fixtures/lab_test.h>
#include <netrig/net/literals.h>
#include <netrig/nft/presets.h>
#include <netrig/suites/kernel_failures/everything.h>
#include <netrig/suites/kernel_failures/held.h>
#include <netrig/suites/kernel_failures/sweep.h>

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <ostream>
#include <regex>
#include <sstream>
#include <tuple>

namespace netrig::kernel_failures {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The lines of `text` that count, sorted. Counters count by themselves, handles go up, routes change places; an address
// that was given back came without duplicate address detection; a worker of the kernel notices the carrier in its own
// time.
std::string lasting(const std::string& text) {
  std::istringstream in{std::regex_replace(
      text, std::regex{"packets [0-9]+ bytes [0-9]+| # handle [0-9]+| nodad| tentative| linkdown"}, "")};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line + '\n');
  std::ranges::sort(lines);
  std::string sorted;
  for (const auto& line : lines) sorted += line;
  return sorted;
}

// What a change could change.
std::string state_of(const Lab& lab) {
  std::string text;
  for (const Node& node : lab.nodes()) {
    auto seen = node.snapshot();
    std::ostringstream out;
    // Not their operational state, which a worker of the kernel keeps up with in its own time.
    for (const auto& link : seen.links) out << link.name << (link.up() ? " up" : " down") << '\n';
    for (const auto& address : seen.addresses) out << address << '\n';
    seen.links.clear();
    seen.neighbours.clear();
    seen.fdb.clear();
    seen.connections.clear();
    out << seen;
    text += "== " + seen.node + '\n' + lasting(out.str());
  }
  return text;
}

// A lab, and what a change of it keeps.
struct Bench {
  Lab lab{everything()};
  Node pc = lab["pc"];
  std::optional<LinkCut> cut = {};
};

struct Change {
  const char* name;
  std::function<void(Bench&)> apply;
  std::function<void(Bench&)> prepare = {};
};

void PrintTo(const Change& change, std::ostream* out) { *out << change.name; }

constexpr auto kSomewhere = "198.51.100.0/24"_net;
constexpr auto kOwn = "10.1.0.200/24"_ifaddr;
const netlink::Route kRoute{.destination = kSomewhere, .hops = {{.via = "10.1.0.1"_ip}}};
const netlink::Rule kRule{.priority = 200, .to = kSomewhere};

const Change kChanges[] = {
    {"SetLinkDown", [](Bench& in) { in.pc.set_link_down("eth0"); }},
    {"SetLinkUp", [](Bench& in) { in.pc.set_link_up("eth0"); }, [](Bench& in) { in.pc.set_link_down("eth0"); }},
    {"AddLink",
     [](Bench& in) {
       in.pc.add_link({.name = "m0"_interface}, netlink::Macvlan{.lower = {.name = "eth0"_interface}});
     }},
    {"RemoveLink", [](Bench& in) { in.pc.remove_link("eth0"); }},
    {"AddAddress", [](Bench& in) { in.pc.add_address("eth0", kOwn); }},
    {"RemoveAddress", [](Bench& in) { in.pc.remove_address("eth0", kOwn); },
     [](Bench& in) { in.pc.add_address("eth0", kOwn); }},
    {"AddRoute", [](Bench& in) { in.pc.add_route(kRoute); }},
    {"RemoveRoute", [](Bench& in) { in.pc.remove_route(kRoute); }, [](Bench& in) { in.pc.add_route(kRoute); }},
    {"AddRule", [](Bench& in) { in.pc.add_rule(kRule); }},
    {"RemoveRule", [](Bench& in) { in.pc.remove_rule(kRule); }, [](Bench& in) { in.pc.add_rule(kRule); }},
    {"AddNeighbour",
     [](Bench& in) {
       in.pc.add_neighbour(
           {.device = {.name = "eth0"_interface}, .address = "10.1.0.9"_ip, .mac = MacAddress::local(9)});
     }},
    {"AddRules", [](Bench& in) { in.pc.add_rules(nft::nat_masquerade("eth0"_interface)); }},
    {"ListRules", [](Bench& in) { std::ignore = in.lab["gateway"].rules(); }},
    {"Connect", [](Bench& in) { in.lab.connect(in.pc, "x0", in.lab["outside"], "x1"); }},
    {"Cut", [](Bench& in) { in.cut = in.lab.link("pc", "lan").down(); }},
    {"Snapshot", [](Bench& in) { std::ignore = in.lab["gateway"].snapshot(); }},
};

class NodeRequestsTest : public LabTest, public testing::WithParamInterface<Change> {
 protected:
  static std::string error_of_change(Bench& bench) {
    try {
      GetParam().apply(bench);
    } catch (const SetupError& error) {
      return error.what();
    }
    return {};
  }

  static Bench prepared() {
    Bench bench;
    if (GetParam().prepare) GetParam().prepare(bench);
    return bench;
  }

  static std::vector<Request> requests() {
    auto bench = prepared();
    const NetlinkFaults counting;
    EXPECT_EQ(error_of_change(bench), "");
    return counting.seen();
  }
};

// Requests that get through and whose answer is lost are another matter: the error says that they may have been done.
TEST_P(NodeRequestsTest, LeavesAllAsItWasWhenOneFails) {
  const auto planned = requests();
  ASSERT_FALSE(planned.empty());
  auto bench = prepared();
  const auto before = state_of(bench.lab);
  for (std::size_t number = 1; number <= planned.size(); ++number) {
    for (const auto& fault : faults_for(number)) {
      const bool gets_through = fault.fate != Fate::refused && fault.fate != Fate::not_sent;
      if (gets_through || is_tolerated(planned[number - 1], fault)) continue;
      SCOPED_TRACE(to_string(fault));
      {
        const NetlinkFaults faults{fault};
        EXPECT_THAT(error_of_change(bench), AllOf(HasSubstr(" in \""), HasSubstr(strerrorname_np(fault.code))));
        EXPECT_TRUE(faults.struck());
      }
      ASSERT_EQ(state_of(bench.lab), before);
    }
  }
  EXPECT_EQ(error_of_change(bench), "") << "once nothing stands in its way";
}

INSTANTIATE_TEST_SUITE_P(Every, NodeRequestsTest, testing::ValuesIn(kChanges),
                         [](const auto& each) { return std::string{each.param.name}; });

class ReadinessRequestsTest : public LabTest {};

// Whether a program listens is asked of sock_diag(7), first of all what listens before it starts.
TEST_F(ReadinessRequestsTest, AreToldWhenTheyFailAndLeaveNoProgram) {
  const Lab lab{everything()};
  const auto pc = lab["pc"];
  const auto error_of_start = [&] {
    try {
      pc.start({"sleep", "1000"}, process::ready_when(process::listening(process::Transport::tcp, Port{80})));
    } catch (const SetupError& error) {
      return std::string{error.what()};
    }
    return std::string{"started"};
  };
  std::ignore = pc.exec({"true"});  // what is opened at the first use is open
  const auto before = held_now();
  for (const std::size_t family : {1U, 2U}) {
    for (const auto& fault : faults_for(family)) {
      if (fault.fate != Fate::refused && fault.fate != Fate::not_sent) continue;
      SCOPED_TRACE(to_string(fault));
      const NetlinkFaults faults{fault};
      EXPECT_THAT(error_of_start(),
                  AllOf(HasSubstr("list the listening sockets"), HasSubstr(strerrorname_np(fault.code))));
      EXPECT_TRUE(faults.struck());
      EXPECT_TRUE(holds_as(before));
    }
  }
}

TEST_F(ReadinessRequestsTest, AreMadeAgainWhenTheyAreInterrupted) {
  const Lab lab{everything()};
  for (const std::size_t family : {1U, 2U}) {
    for (const auto fate : {Fate::send_interrupted, Fate::read_interrupted}) {
      const NetlinkFaults faults{{{.request = family, .fate = fate}}};
      try {
        lab["pc"].start({"true"}, process::ready_when(process::listening(process::Transport::tcp, Port{80})));
        ADD_FAILURE() << "it does not listen";
      } catch (const SetupError& error) {
        EXPECT_THAT(error.what(), testing::Not(HasSubstr("EINTR")));
      }
      EXPECT_TRUE(faults.struck());
    }
  }
}

class LinkCutRequestsTest : public LabTest {};

TEST_F(LinkCutRequestsTest, RestoringCanBeTriedAgain) {
  Bench bench;
  const auto before = state_of(bench.lab);
  bool struck = true;
  // The last requests look for what a kernel worker does, as often as it takes: up to the first that is not needed.
  for (std::size_t number = 1; struck; ++number) {
    SCOPED_TRACE(number);
    auto cut = bench.lab.link("pc", "lan").down();
    bool threw = false;
    try {
      const NetlinkFaults faults{{{.request = number, .fate = Fate::refused, .code = ENOMEM}}};
      const ScopeExit note{[&] { struck = faults.struck(); }};
      cut.restore();
    } catch (const SetupError&) {
      threw = true;
    }
    EXPECT_EQ(threw, struck);
    cut.restore();
    ASSERT_EQ(state_of(bench.lab), before);
    ASSERT_LT(number, 1000U);
  }
  EXPECT_TRUE(works(bench.lab));
}

TEST_F(LinkCutRequestsTest, OneThatCannotBeRestoredAtItsEndIsReported) {
  Bench bench;
  {
    std::optional cut{bench.lab.link("pc", "lan").down()};
    const NetlinkFaults faults{{{.request = 1, .fate = Fate::refused, .code = ENOMEM}}};
    EXPECT_NONFATAL_FAILURE(cut.reset(), "link not restored: get link eth0 in \"pc\": ENOMEM");
  }
  EXPECT_FALSE(bench.pc.snapshot().find_link("eth0")->up());
}

}  // namespace
}  // namespace netrig::kernel_failures
