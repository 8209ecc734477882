// Skips that say what the host lacks, in words and by the id that `netrig doctor` knows the remedy of.
//
//   if (!known) NETRIG_SKIP("link-vlan", "this kernel has no vlan links");
//   // this kernel has no vlan links [netrig doctor: link-vlan]
//
// Every test of the rig skips by these; `ci/lint skips` finds one that does not, and an id that
// framework/doctor/need.cc does not list. For the rig's tests and fixtures alone: it leans on the sandbox, which a
// program of the rig links anyway.
#pragma once

#include <netrig/sandbox/probe.h>
#include <netrig/sandbox/sandbox.h>

#include <gtest/gtest.h>

/// Skips the test for want of `id`, with a reason that may be several values: `NETRIG_SKIP("root", "needs " << who)`.
#define NETRIG_SKIP(id, ...) GTEST_SKIP() << __VA_ARGS__ << " [netrig doctor: " << id << ']'

/// Skips the test where its program could not enter a sandbox; the reason is sandbox::why_not(), which cites the step.
#define NETRIG_NEEDS_SANDBOX() \
  if (!::netrig::sandbox::inside()) GTEST_SKIP() << ::netrig::sandbox::why_not()

/// Skips a test that starts sandboxes of its own, from outside, where the host permits none.
#define NETRIG_NEEDS_PERMITTED_SANDBOX() \
  if (const auto report = ::netrig::sandbox::probe(); !report.ok()) NETRIG_SKIP(report.failed()->name, *report.failed())
