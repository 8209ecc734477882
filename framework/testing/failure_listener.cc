#include <netrig/testing/failure_listener.h>
#include <netrig/testing/rerun.h>
#include <netrig/testing/seed.h>

#include <ostream>
#include <string>
#include <string_view>

namespace netrig {

void FailureListener::OnTestStart(const testing::TestInfo& /*test*/) {
  said_ = false;
  line_ = again_line();
  tables_.remember();
  testing::Test::RecordProperty("netrig.seed", std::to_string(seed()));
}

void FailureListener::OnTestPartResult(const testing::TestPartResult& result) {
  const std::string_view text{result.message() == nullptr ? "" : result.message()};
  said_ = said_ || (result.failed() && text.contains(line_));
}

void FailureListener::OnTestEnd(const testing::TestInfo& test) {
  if (test.result()->Failed()) tell_failure();
}

void FailureListener::tell_failure() {
  out_ << tables_.text();
  if (!said_) out_ << line_.substr(1) << '\n';
  out_ << std::flush;
}

}  // namespace netrig
