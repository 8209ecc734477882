// Failures in destructors of the rig's, seen by the test: a link that could not be brought up again, a program that
// does not end.
//
//   fail_tests_on_teardown_failures();      // netrig::main() and LabTest do it
#pragma once

namespace netrig {

/// From now on what fails in a destructor of a Lab, a LinkCut, ... is a failure of the test that runs, or of its suite.
/// Once or more often; from any thread.
void fail_tests_on_teardown_failures();

}  // namespace netrig
