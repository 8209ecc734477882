#include <netrig/doctor/examine.h>
#include <netrig/doctor/host.h>
#include <netrig/sandbox/probe.h>

namespace netrig::doctor {
namespace {

Finding finding_of(const sandbox::ProbeStep& step) {
  if (step.outcome == sandbox::Outcome::ok) return found(step.name, step.action);
  if (step.outcome == sandbox::Outcome::skipped) return unknown(step.name, step.cause);
  return lacks(step.name, step.reason(), step.remedy);
}

}  // namespace

Report examine_outside() {
  Report report;
  for (const auto& step : sandbox::probe().steps) report.push_back(finding_of(step));
  for (const auto check : host_checks()) report.push_back(check());
  for (const auto& need : needs()) {
    constexpr std::string_view kTool = "tool-";
    if (need.id.starts_with(kTool)) report.push_back(look_for_tool(need.id, need.id.substr(kTool.size())));
  }
  return report;
}

}  // namespace netrig::doctor
