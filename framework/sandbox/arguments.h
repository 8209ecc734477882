// Which command lines only ask for information. Private to the module.
#pragma once

#include <span>
#include <string_view>

namespace netrig::sandbox {

/// True when one of `arguments` (without the program's name) makes GoogleTest or Google Benchmark print and not run:
/// --gtest_list_tests, --help, -h, -?, /?, --version, --benchmark_list_tests. Such a program needs no sandbox, and
/// development environments start it where none can be had.
bool asks_for_information(std::span<char* const> arguments);

}  // namespace netrig::sandbox
