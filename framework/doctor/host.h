// Single checks of the host from outside a sandbox. Private to the module.
#pragma once

#include <netrig/doctor/finding.h>

#include <span>
#include <string_view>

namespace netrig::doctor {

using HostCheck = Finding (*)();

/// Settings, limits and the machine, in the order of the report.
std::span<const HostCheck> host_checks();

/// Looks for `program` in PATH and in the folders of system programs; the evidence is its path.
Finding look_for_tool(std::string_view id, std::string_view program);

}  // namespace netrig::doctor
