#include <netrig/base/teardown_failure.h>
#include <netrig/testing/teardown_failures.h>

#include <gtest/gtest.h>

namespace netrig {

void fail_tests_on_teardown_failures() {
  set_teardown_failure_handler([](const char* what) { ADD_FAILURE() << "while tearing down: " << what; });
}

}  // namespace netrig
