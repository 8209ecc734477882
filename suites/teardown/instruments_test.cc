// What instruments in the program report is what they would report without a sandbox: nothing of the supervisor and the
// init is in it, and what is written at the program's end is written.
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/teardown_test.h>
#include <netrig/testing/skip.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace netrig::teardown {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class InstrumentsTest : public TeardownTest {
 protected:
  static Outcome run(const char* program, const char* argument, std::vector<std::string> environment = {}) {
    const auto path = program_beside(program);
    if (!std::filesystem::exists(path)) return {};
    return outcome_of({.program = path, .arguments = {argument}, .environment = std::move(environment)});
  }
};

TEST_F(InstrumentsTest, LeakSanitizerReportsThePurposefulLeakAndNoOther) {
  const auto [status, output] =
      run("netrig_leaking", "leak", {"ASAN_OPTIONS=detect_leaks=1", "LSAN_OPTIONS=exitcode=23"});
  if (status == -1) NETRIG_SKIP("address-sanitizer", "the compiler has no AddressSanitizer");
  EXPECT_EQ(status, exited(23));
  EXPECT_THAT(output, AllOf(HasSubstr("inside"), HasSubstr("Direct leak of 4242 byte(s) in 1 object(s)"),
                            HasSubstr("SUMMARY: AddressSanitizer: 4242 byte(s) leaked in 1 allocation(s).")));
}

TEST_F(InstrumentsTest, LeakSanitizerReportsNothingOfAProgramThatLeaksNothing) {
  const auto [status, output] =
      run("netrig_leaking", "keep", {"ASAN_OPTIONS=detect_leaks=1", "LSAN_OPTIONS=exitcode=23"});
  if (status == -1) NETRIG_SKIP("address-sanitizer", "the compiler has no AddressSanitizer");
  EXPECT_EQ(status, exited(0));
  EXPECT_EQ(output, "inside\n");
}

TEST_F(InstrumentsTest, CoverageIsWrittenFromInside) {
  std::string folder = std::filesystem::temp_directory_path() / "netrig-coverage-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto [status, output] = run("netrig_covered", "keep", {"GCOV_PREFIX=" + folder});
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    if (entry.is_regular_file()) names.push_back(entry.path().filename());
  }
  std::filesystem::remove_all(folder);
  if (status == -1) NETRIG_SKIP("tool-gcov", "the compiler has no coverage");
  EXPECT_EQ(status, exited(0));
  EXPECT_EQ(output, "inside\n");
  EXPECT_THAT(names, testing::ElementsAre("instrumented_program.cc.gcda"));
}

}  // namespace
}  // namespace netrig::teardown
