#include <netrig/sandbox/patience.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace netrig::sandbox {
namespace {

// Gives each of `errors`, then 0, as the kernel does once its worker has come round.
class Refusals {
 public:
  explicit Refusals(std::vector<int> errors) : errors_{std::move(errors)} {}
  int operator()() { return tried_ < errors_.size() ? errors_[tried_++] : 0; }
  [[nodiscard]] std::size_t tried() const { return tried_; }

 private:
  std::vector<int> errors_;
  std::size_t tried_ = 0;
};

NamespacePatience patience_of(Deadline::Clock::duration span) {
  return NamespacePatience{{"uts"}, {.in_use = span, .reaping = span, .outer = span}};
}

TEST(TryPatiently, OutlastsNamespacesThatAreYetToBeReaped) {
  Refusals refusals{{ENOSPC, ENOSPC, ENOSPC}};
  EXPECT_EQ(try_patiently(patience_of(std::chrono::hours{1}), [&] { return refusals(); }), 0);
  EXPECT_EQ(refusals.tried(), 3U);
}

TEST(TryPatiently, GivesUpWhenItsTimeIsOver) {
  Refusals refusals{{ENOSPC, ENOSPC}};
  EXPECT_EQ(try_patiently(patience_of({}), [&] { return refusals(); }), ENOSPC);
  EXPECT_EQ(refusals.tried(), 1U);
}

TEST(TryPatiently, WaitsForNothingElse) {
  Refusals refusals{{ENOSPC, EPERM, ENOSPC}};
  EXPECT_EQ(try_patiently(patience_of(std::chrono::hours{1}), [&] { return refusals(); }), EPERM);
  EXPECT_EQ(refusals.tried(), 2U);
}

}  // namespace
}  // namespace netrig::sandbox
