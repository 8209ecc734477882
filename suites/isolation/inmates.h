// An inmate from outside: what it tried, in which place, and what came of it. See inmate_program.cc.
#pragma once

#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <functional>
#include <string>
#include <vector>

namespace netrig::isolation {

/// Where the sandbox lets code run: in the test program, in a function in a node, in a program in a node.
inline constexpr const char* kInside[] = {"test", "run", "node"};
/// Where there is no sandbox: whatever is refused inside must be granted here, or the test is blind.
inline constexpr const char* kBare = "bare";

/// The path of netrig_inmate.
std::string inmate();

/// Runs `netrig_inmate WHERE ACTION ARGUMENT` to its end, after `surroundings` in the same process.
teardown::Outcome attempt(const std::string& where, const std::string& action, const std::string& argument,
                          const std::function<void()>& surroundings = {});

/// Options for one that stays in a node after `action` (`idle`, `listen`): tells `T` once it is there.
teardown::VictimOptions staying(const std::string& action, const std::string& argument = {},
                                const std::function<void()>& surroundings = {});

}  // namespace netrig::isolation
