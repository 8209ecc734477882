#include <netrig/topology/environment.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sys/utsname.h>

namespace netrig {
namespace {

TEST(Environment, TellsTheKernelAndTheLibraries) {
  utsname name{};
  ::uname(&name);
  const auto record = nlohmann::json::parse(Environment::here().to_json());
  EXPECT_EQ(record.at("kernel"), name.release);
  for (const char* key : {"machine", "cpus", "compiler", "netrig", "libnl", "libnftnl", "sandbox"}) {
    EXPECT_FALSE(record.at(key).get<std::string>().empty()) << key;
  }
  EXPECT_TRUE(record.at("unsettable").is_array());
}

TEST(Environment, PrintsInOneLine) {
  const auto text = Environment::here().to_string();
  EXPECT_THAT(text, testing::StartsWith("kernel "));
  EXPECT_EQ(std::ranges::count(text, '\n'), 0);
}

}  // namespace
}  // namespace netrig
