// The command that runs the current test once more, for the end of a failure's text.
#pragma once

#include <string>

namespace netrig {

/// `ctest --test-dir build/dev -R '^Suite\.Name$' --output-on-failure` where ctest started the test (it says its folder
/// in NETRIG_CTEST_DIR), else the program with --gtest_filter. Ends with `(seed N)`. Empty outside a test.
std::string rerun_command();

}  // namespace netrig
