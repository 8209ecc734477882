#include <netrig/base/scope_exit.h>
#include <netrig/doctor/examine.h>
#include <netrig/doctor/inside.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>

namespace netrig::doctor {
namespace {

std::set<std::string_view> ids_of(const Report& report) {
  std::set<std::string_view> ids;
  for (const auto& finding : report) ids.insert(finding.need->id);
  return ids;
}

std::string printed(const Report& report, const std::vector<std::string>& required = {}, const Style& style = {}) {
  std::ostringstream out;
  print(out, report, required, style);
  return out.str();
}

TEST(Needs, HaveEachAnIdAConsequenceAndARemedy) {
  std::set<std::string_view> ids;
  for (const auto& need : needs()) {
    EXPECT_THAT(std::string{need.id}, testing::MatchesRegex("[a-z0-9_-]+"));
    EXPECT_TRUE(ids.insert(need.id).second) << need.id;
    EXPECT_FALSE(need.needed_by.empty()) << need.id;
    EXPECT_FALSE(need.remedy.empty()) << need.id;
  }
}

TEST(Needs, AreFoundByTheirIds) {
  EXPECT_EQ(find_need("link-vxlan")->id, "link-vxlan");
  EXPECT_EQ(find_need("link-vxlam"), nullptr);
}

TEST(Needs, AreSuggestedForTypingErrors) {
  EXPECT_EQ(closest_need("qdisc-netm"), "qdisc-netem");
  EXPECT_EQ(closest_need("tool-tcpdmup"), "tool-tcpdump");
  EXPECT_EQ(closest_need("bananas"), "");
}

TEST(Doctor, PrintsALineForWhatIsThere) {
  EXPECT_EQ(printed({found("link-vxlan", "yes")}),
            "ok    link-vxlan              yes\n1 ok, 0 required and missing, 0 optional and missing\n");
}

TEST(Doctor, PrintsConsequenceAndRemedyOfWhatIsMissing) {
  EXPECT_EQ(printed({lacks("tool-dig", "no dig in PATH")}),
            "miss  tool-dig                no dig in PATH\n"
            "      needed by: cross-checks of names\n"
            "      remedy: sudo apt-get install bind9-dnsutils\n"
            "0 ok, 0 required and missing, 1 optional and missing\n");
}

TEST(Doctor, FailsOnWhatIsRequired) {
  const Report report{lacks("tool-dig", "none"), found("veth", "")};
  EXPECT_TRUE(is_fit(report, {}));
  EXPECT_FALSE(is_fit(report, {"tool-dig"}));
  EXPECT_THAT(printed(report, {"tool-dig"}), testing::HasSubstr("FAIL  tool-dig"));
  EXPECT_FALSE(is_fit({lacks("veth", "")}, {}));
  EXPECT_FALSE(is_fit({unknown("veth", "")}, {}));  // who does not know cannot promise
}

TEST(Doctor, FailsOnWhatIsRequiredAndNotToldOf) {
  const Report report{found("tool-dig")};
  EXPECT_TRUE(is_fit(report, {"tool-dig"}));
  EXPECT_FALSE(is_fit(report, {"tool-dig", "link-vxlan"}));
  EXPECT_FALSE(nlohmann::json::parse(to_json(report, {"link-vxlan"})).at("ok"));
}

TEST(Doctor, TellsOfEveryNeedOnceItIsCompleted) {
  Report report{found("tool-dig", "here")};
  complete(report, "nobody answered");
  EXPECT_EQ(report.size(), needs().size());
  EXPECT_EQ(ids_of(report).size(), needs().size());
  EXPECT_EQ(report.front().evidence, "here");
  EXPECT_EQ(report.back().outcome, Finding::Outcome::unknown);
  EXPECT_EQ(report.back().evidence, "nobody answered");
}

TEST(Doctor, DistinguishesAKindOfLinkThatIsMissingFromAQuestionThatFailed) {
  EXPECT_EQ(finding_of_kind("link-vxlan", true).outcome, Finding::Outcome::ok);
  EXPECT_EQ(finding_of_kind("link-vxlan", false).evidence, "Unknown device type");
  const auto failed = finding_of_kind("link-vxlan", fail(Error::from_errno("ask", "", ENOBUFS)));
  EXPECT_EQ(failed.outcome, Finding::Outcome::missing);
  EXPECT_EQ(failed.evidence, "ENOBUFS (No buffer space available)");
}

TEST(Doctor, PrintsInBriefOnlyWhatIsMissing) {
  EXPECT_EQ(printed({found("veth", "")}, {}, {.brief = true}),
            "1 ok, 0 required and missing, 0 optional and missing\n");
}

TEST(Doctor, ColoursOnlyWhereAsked) {
  EXPECT_THAT(printed({found("veth", "")}, {}, {.colour = true}), testing::HasSubstr("\033[32mok  \033[0m"));
  EXPECT_THAT(printed({found("veth", "")}), testing::Not(testing::HasSubstr("\033")));
}

TEST(Doctor, GivesTheSameAsJson) {
  const auto object =
      nlohmann::json::parse(to_json({lacks("tool-dig", "a \"quoted\" reason", "do this")}, {"tool-dig"}));
  EXPECT_EQ(object.at("ok"), false);
  const auto& check = object.at("checks").at(0);
  EXPECT_EQ(check.at("id"), "tool-dig");
  EXPECT_EQ(check.at("outcome"), "missing");
  EXPECT_EQ(check.at("required"), true);
  EXPECT_EQ(check.at("evidence"), "a \"quoted\" reason");
  EXPECT_EQ(check.at("remedy"), "do this");
}

TEST(Doctor, HandsAReportFromOneProcessToAnother) {
  const Report report{found("veth", "a"), lacks("tool-dig", "b\tc\nd", "e"), unknown("tun", "f")};
  const auto read = parse_lines(to_lines(report) + "noise\nno-such-id\t0\t\t\nveth\t9\t\t\n");
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].need->id, "veth");
  EXPECT_EQ(read[1].evidence, "b c d");
  EXPECT_EQ(read[1].remedy, "e");
  EXPECT_EQ(read[2].outcome, Finding::Outcome::unknown);
}

TEST(Doctor, ChecksEveryNeedFromOutsideOrFromInside) {
  NETRIG_NEEDS_SANDBOX();
  auto all = ids_of(examine_outside());
  const auto inside = examine_inside();
  all.merge(ids_of(inside));
  for (const auto& need : needs()) EXPECT_TRUE(all.contains(need.id)) << need.id << " is checked nowhere";
}

// The limits of a user namespace can be written by its root: a host without room, made inside the sandbox.
TEST(Doctor, TellsOfEveryKindWhereNoNamespaceCanBeMade) {
  NETRIG_NEEDS_SANDBOX();
  const char* const limit = "/proc/sys/user/max_net_namespaces";
  std::string before;
  ASSERT_TRUE(std::ifstream{limit} >> before);
  const auto set = [&](const std::string& value) {
    return static_cast<bool>(std::ofstream{limit} << value << std::flush);
  };
  if (!set("0")) NETRIG_SKIP("user-limits", "user.max_net_namespaces is not writable here");
  const auto report = [&] {
    const ScopeExit restore{[&] { set(before); }};
    return examine_inside();  // which waits for no namespace where none may be
  }();
  EXPECT_EQ(ids_of(report), ids_of(examine_inside()));
  for (const auto& finding : report) {
    if (!finding.need->id.starts_with("link-")) continue;
    EXPECT_TRUE(finding.missing()) << finding.need->id;
    EXPECT_THAT(finding.evidence, testing::HasSubstr("ENOSPC")) << finding.need->id;
  }
}

TEST(Doctor, FindsInsideWhatLabsAreMadeOf) {
  NETRIG_NEEDS_SANDBOX();
  for (const auto& finding : examine_inside()) {
    EXPECT_TRUE(!finding.need->required || finding.outcome == Finding::Outcome::ok)
        << finding.need->id << ": " << finding.evidence;
  }
}

}  // namespace
}  // namespace netrig::doctor
