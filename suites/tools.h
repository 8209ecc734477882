// What the suites need beside the rig: texts of the real tools, and skips where a tool is not installed.
#pragma once

#include <netrig/testing/skip.h>
#include <netrig/topology/node.h>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace netrig {

/// The lines of a text, without their ends; an empty last line does not count.
std::vector<std::string> lines_of(std::string_view text);
/// Without white space at both ends.
std::string trimmed(std::string_view text);
/// Whether `tool` is in PATH or in the sbin folders, where a node's programs look too.
bool is_installed(std::string_view tool);

}  // namespace netrig

/// Skips the test, naming the tool and its package, where a tool that the test cross-checks with is not installed.
#define NETRIG_NEEDS_TOOL(tool)      \
  if (!::netrig::is_installed(tool)) \
  NETRIG_SKIP("tool-" << (tool), "needs the program " << (tool) << ", which is not installed")
