#include <netrig/base/scope_exit.h>

#include <gtest/gtest.h>

namespace netrig {
namespace {

TEST(ScopeExit, RunsTheUndoAtTheEndOfTheScope) {
  int undone = 0;
  {
    ScopeExit undo{[&] { ++undone; }};
    EXPECT_EQ(undone, 0);
  }
  EXPECT_EQ(undone, 1);
}

TEST(ScopeExit, ForgetsTheUndoWhenDismissed) {
  int undone = 0;
  {
    ScopeExit undo{[&] { ++undone; }};
    undo.dismiss();
  }
  EXPECT_EQ(undone, 0);
}

TEST(ScopeExit, MovesTheUndoWithoutDoublingIt) {
  int undone = 0;
  {
    ScopeExit first{[&] { ++undone; }};
    const ScopeExit second{std::move(first)};
  }
  EXPECT_EQ(undone, 1);
}

}  // namespace
}  // namespace netrig
