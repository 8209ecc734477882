#include <netrig/netns/baseline.h>
#include <netrig/netns/sysctl.h>
#include <netrig/netns/test_support.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace netrig::netns {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Baseline& baseline() { return *value_or_throw(Baseline::of_this_host()); }

bool cannot_be_set(std::string_view name) {
  return std::ranges::any_of(baseline().unsettable(), [&](const auto& entry) { return entry.setting.name == name; });
}

// The settings of the table that `values` has differently, except those that are known to be unsettable.
std::vector<std::string> deviations(const SysctlSnapshot& values) {
  std::vector<std::string> found;
  for (const auto& setting : baseline_settings()) {
    const auto value = values.find(setting.name);
    const bool absent = value == values.end();
    if (absent ? setting.may_be_absent : value->second == setting.value) continue;
    if (!cannot_be_set(setting.name)) found.emplace_back(setting.name);
  }
  return found;
}

TEST(BaselineSettings, NameEachSettingOnceWithAReason) {
  std::set<std::string_view> names;
  for (const auto& setting : baseline_settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_TRUE(sysctl_path(setting.name)) << setting.name;
    EXPECT_FALSE(setting.reason.empty()) << setting.name;
  }
}

TEST(BaselineSettings, NameEachSettingOfADeviceOnce) {
  std::set<std::string> names;
  for (const auto& setting : baseline_device_settings()) {
    const auto name = device_setting(setting.name, InterfaceName{"br.7"});
    EXPECT_THAT(name, HasSubstr(".br/7."));
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_TRUE(sysctl_path(name)) << name;
  }
}

// The loopback of a fresh namespace, which copied the host's.
TEST(BaselineSettings, KnowEverySettingOfADevicesNeighbours) {
  const auto fresh = value_or_throw(NetNs::create());
  std::set<std::string> known;
  for (const auto& setting : baseline_device_settings())
    known.insert(device_setting(setting.name, InterfaceName{"lo"}));
  const std::set<std::string_view> same_in_other_units{"base_reachable_time", "retrans_time", "unres_qlen"};
  for (const auto& [name, value] : value_or_throw(Sysctls{fresh}.snapshot())) {
    if (name.find(".neigh.lo.") == std::string::npos || same_in_other_units.contains(name.substr(name.rfind('.') + 1)))
      continue;
    EXPECT_TRUE(known.contains(name)) << name << " = " << value;
  }
}

TEST(Baseline, SaysOfEachUnsettableSettingWhy) {
  for (const auto& entry : baseline().unsettable()) {
    EXPECT_FALSE(entry.why.empty()) << entry.setting.name;
    EXPECT_THAT(entry.to_string(), HasSubstr(std::string{entry.setting.name}));
    RecordProperty(std::string{entry.setting.name}, entry.to_string());
  }
}

TEST(Baseline, DoesNotWriteWhatIsSoAlready) {
  const auto fresh = value_or_throw(NetNs::create());
  const auto values = value_or_throw(Sysctls{fresh}.snapshot());
  for (const auto& setting : baseline().difference()) EXPECT_NE(values.at(std::string{setting.name}), setting.value);
}

TEST(Baseline, IsFoundOutOnce) { EXPECT_EQ(*Baseline::of_this_host(), *Baseline::of_this_host()); }

TEST(BaselineWriter, MakesANamespaceAsTheTableSays) {
  BaselineWriter writer{baseline()};
  const auto made = NetNs::create_many(1, [&](std::size_t, const NetNs& netns) { return writer.write(netns); });
  ASSERT_TRUE(made) << made.error();
  EXPECT_THAT(deviations(*Sysctls{made->front()}.snapshot()), IsEmpty());
}

TEST(BaselineWriter, FreshNamespacesDeviateWithoutIt) {
  const auto fresh = value_or_throw(NetNs::create());
  EXPECT_THAT(deviations(*Sysctls{fresh}.snapshot()), testing::Contains("net.ipv6.conf.default.accept_dad"));
}

// More than share one instance of procfs, so that the writer changes over twice.
TEST(BaselineWriter, ServesManyNamespaces) {
  BaselineWriter writer{baseline()};
  const auto made = NetNs::create_many(70, [&](std::size_t, const NetNs&) { return writer.write_here(); });
  ASSERT_TRUE(made) << made.error();
  for (const auto& netns : *made) {
    EXPECT_EQ(Sysctls{netns}.get("net.ipv6.conf.default.accept_dad"), "0");
    EXPECT_EQ(Sysctls{netns}.get("net.ipv4.icmp_ratemask"), "0");
  }
}

TEST(BaselineWriter, WritesNothingAboveItsUserNamespace) {
  const auto* known = &baseline();
  const auto outcome = in_a_lower_user_namespace(
      [known]() -> std::string { return BaselineWriter{*known}.write_here().error().message(); });
  EXPECT_THAT(outcome, HasSubstr("write the baseline of settings in \"net:["));
  EXPECT_THAT(outcome, HasSubstr("Netrig configures only network namespaces made inside its sandbox"));
}

}  // namespace
}  // namespace netrig::netns
