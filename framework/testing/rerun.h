// The command that runs the current test once more, for the end of a failure's text.
#pragma once

#include <string>

namespace netrig {

/// `ctest --test-dir /src/build/dev -R '^Suite\.Name$' --output-on-failure` where ctest started the test
/// (netrig_discover_tests() puts its folder into NETRIG_CTEST_DIR), else the program with --gtest_filter. Words that a
/// shell would take apart are quoted. A seed that was given (seed.h) is given again. Empty outside a test.
std::string rerun_command();

/// The line that ends every failure, to be pasted as it is: `\n    again: COMMAND  # seed 7141`. Empty outside a test.
std::string again_line();

}  // namespace netrig
