// The faults that a sweep goes through, and what each must come to.
#pragma once

#include <netrig/base/error.h>
#include <netrig/suites/kernel_failures/netlink_faults.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace netrig::kernel_failures {

/// The faults for request `number`: two refusals, one other failing fate, another set for the next number. All of them
/// with NETRIG_FAULTS=all in the environment.
std::vector<Fault> faults_for(std::size_t number);
/// One fate after which all goes on as if nothing had been; all of them with NETRIG_FAULTS=all.
std::vector<Fault> harmless_faults_for(std::size_t number);

/// Whether all goes on after it: it was interrupted, and is asked again.
bool is_harmless(const Fault& fault);
/// Whether the rig does without what was requested, by design.
bool is_tolerated(const Request& request, const Fault& fault);

/// The errno value that the error about `fault` must carry.
int expected_code(const Fault& fault);

/// `request 17 refused with ENOMEM`
std::string to_string(const Fault& fault);

/// Whether `error` says which request failed, in which of the `nodes`, and why.
testing::AssertionResult tells_of(const Error& error, const Request& request, const Fault& fault,
                                  const std::vector<std::string>& nodes);

}  // namespace netrig::kernel_failures
