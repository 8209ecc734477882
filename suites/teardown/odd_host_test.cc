// A lab is the same on an odd host as on a plain one: every setting that can be read, every link, address and route.
#include <netrig/suites/teardown/outcome.h>
#include <netrig/suites/teardown/surroundings.h>
#include <netrig/suites/teardown/teardown_test.h>

#include <gmock/gmock.h>

#include <set>
#include <sstream>

namespace netrig::teardown {
namespace {

using testing::ContainsRegex;
using testing::IsEmpty;

class OddHostTest : public TeardownTest {
 protected:
  static std::string lab_on(const char* host, const std::function<void()>& surroundings = {}) {
    const auto program = program_beside("netrig_describe_victim");
    auto [status, output] = outcome_of({.program = program, .arguments = {host}, .surroundings = surroundings});
    EXPECT_EQ(status, exited(0)) << output;
    return output;
  }
  static std::set<std::string> lines_of(const std::string& text) {
    std::set<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) lines.insert(line);
    return lines;
  }
  // The lines that only one of the two has.
  static std::vector<std::string> differences(const std::string& one, const std::string& other) {
    const auto left = lines_of(one), right = lines_of(other);
    std::vector<std::string> lines;
    for (const auto& line : left) {
      if (!right.contains(line)) lines.push_back("plain: " + line);
    }
    for (const auto& line : right) {
      if (!left.contains(line)) lines.push_back("odd:   " + line);
    }
    return lines;
  }
};

TEST_F(OddHostTest, GivesTheSameLabAsAPlainOne) {
  auto odd = lab_on("odd");
  const auto end = odd.rfind("odd settings: ");
  ASSERT_NE(end, std::string::npos);
  EXPECT_THAT(odd.substr(end), ContainsRegex("odd settings: [1-9][0-9][0-9]"));  // it was odd in hundreds of ways
  odd.resize(end);
  EXPECT_THAT(differences(lab_on("plain"), odd), IsEmpty());
}

TEST_F(OddHostTest, GivesTheSameLabTwice) { EXPECT_THAT(differences(lab_on("plain"), lab_on("plain")), IsEmpty()); }

TEST_F(OddHostTest, GivesTheSameLabToAUserWithOneIdAsToWhoeverThisIs) {
  const auto alone = lab_on("plain", [] { enter_user_namespace(Identity::user); });
  EXPECT_THAT(differences(lab_on("plain"), alone), IsEmpty());
}

}  // namespace
}  // namespace netrig::teardown
