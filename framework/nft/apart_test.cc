// libnftables in a process of its own: what it says comes back, and its end is an error.
#include <netrig/base/fork_window.h>
#include <netrig/base/unique_fd.h>
#include <netrig/nft/apart.h>
#include <netrig/nft/fresh_network.h>
#include <netrig/nft/frontend.h>
#include <netrig/testing/skip.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace netrig::nft {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ApartTest : public FreshNetworkTest {
 protected:
  void SetUp() override {
    FreshNetworkTest::SetUp();
    if (IsSkipped()) return;
    nft_.reset(nft_ctx_new(NFT_CTX_DEFAULT));
    ASSERT_EQ(nft_ctx_buffer_output(nft_.get()), 0);
    ASSERT_EQ(nft_ctx_buffer_error(nft_.get()), 0);
  }
  Result<Outcome> run(const std::function<int(nft_ctx&)>& work) { return run_apart(*nft_, "load x", "node", work); }
  static std::function<int(nft_ctx&)> command(const char* text) {
    return [text](nft_ctx& nft) { return nft_run_cmd_from_buffer(&nft, text); };
  }

 private:
  struct Free {
    void operator()(nft_ctx* nft) const noexcept { nft_ctx_free(nft); }
  };
  std::unique_ptr<nft_ctx, Free> nft_;
};

TEST_F(ApartTest, WhatIsDoneThereIsDone) {
  const auto outcome = run(command("add table ip t; list tables"));
  ASSERT_TRUE(outcome) << outcome.error();
  EXPECT_EQ(outcome->status, 0);
  EXPECT_EQ(outcome->output, "table ip t\n");
  EXPECT_NE(listing().find(TableName{Family::ip, "t"}), nullptr);
}

TEST_F(ApartTest, AComplaintComesBack) {
  const auto outcome = run(command("add table nonsense t"));
  ASSERT_TRUE(outcome) << outcome.error();
  EXPECT_NE(outcome->status, 0);
  EXPECT_THAT(outcome->complaint, HasSubstr("Error: syntax error"));
}

// The state of a thread of this process: `S` where it waits (proc_pid_stat(5)).
char state_of(pid_t thread) {
  std::string line;
  std::getline(std::ifstream{fmt::format("/proc/self/task/{}/stat", thread)}, line);
  const auto end_of_name = line.rfind(')');
  return end_of_name + 2 < line.size() ? line[end_of_name + 2] : '?';
}

// As for every child: who closes a port while one runs can wait until no copy of it is left.
TEST_F(ApartTest, WhatIsClosedMeanwhileIsClosedThereTooForWhoWaits) {
  const auto bound = [](const sockaddr_in& to) {
    UniqueFd port{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    return ::bind(port.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? std::move(port) : UniqueFd{};
  };
  sockaddr_in address{};
  address.sin_family = AF_INET;
  UniqueFd port = bound(address);
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(port.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const UniqueFd runs{::eventfd(0, EFD_CLOEXEC)}, ends{::eventfd(0, EFD_CLOEXEC)};
  std::thread loading{[&] {
    EXPECT_TRUE(run([&](nft_ctx&) {
      eventfd_t value = 0;
      return ::eventfd_write(runs.get(), 1) + ::eventfd_read(ends.get(), &value);
    }));
  }};
  eventfd_t value = 0;
  ::eventfd_read(runs.get(), &value);
  std::atomic<bool> again = false;
  std::thread ending{[&, waits = ::gettid()] {
    while (!again && state_of(waits) != 'S') std::this_thread::yield();
    ::eventfd_write(ends.get(), 1);
  }};
  port.reset();
  await_copies();
  again = bound(address).valid();
  const int error = errno;
  EXPECT_TRUE(again) << std::strerror(error);
  again = true;
  ending.join();
  loading.join();
}

TEST_F(ApartTest, AnAbortIsAnErrorThatQuotesTheLastWords) {
  const auto outcome = run([](nft_ctx&) -> int {
    std::fputs("x.c:1: f: Assertion `0' failed.\n", stderr);
    std::abort();
  });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "load x in \"node\": libnftables ended by SIGABRT: x.c:1: f: Assertion `0' failed.");
}

TEST_F(ApartTest, AnExitIsAnErrorToo) {
  const auto outcome = run([](nft_ctx&) -> int { std::_Exit(7); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "load x in \"node\": libnftables exited with 7: no word");
}

// libnftables 1.0.6 aborts on both texts. A later one may take or refuse them: then nothing ends, and what it says is
// said.
class DeadlyTextTest : public FreshNetworkTest {
 protected:
  void expect_survived(const Result<void>& loaded, const std::string& before) {
    EXPECT_TRUE(loaded || loaded.error().message().contains("; the ruleset is what it was") ||
                loaded.error().message().contains("ruleset:1:"))
        << loaded.error();
    if (!loaded) {
      EXPECT_EQ(frontend_->list(Handles::show).value_or("?"), before);
    }
    EXPECT_TRUE(frontend_->load_text("add table ip after"));
  }
  std::string load(const std::string& text) {
    auto opened = Frontend::open("node");
    EXPECT_TRUE(opened) << opened.error();
    frontend_ = std::make_unique<Frontend>(*std::move(opened));
    EXPECT_TRUE(frontend_->load_text(text));
    return frontend_->list(Handles::show).value_or("");
  }
  std::unique_ptr<Frontend> frontend_;
};

TEST_F(DeadlyTextTest, AnOverlappingRangeInReplace) {
  const auto before = load("table inet f { chain c { tcp dport 1 accept; }; }");
  const auto rules = listing();
  const auto text = fmt::format("replace rule inet f c handle {} tcp dport {{ 1-10, 5-20 }} accept",
                                rules.find(ChainName{{Family::inet, "f"}, "c"})->rules.front().handle);
  const auto loaded = frontend_->load_text(text);
  expect_survived(loaded, before);
  const std::string version = NETRIG_OUTPUT_OR_SKIP("nft --version");
  if (!version.contains("v1.0.6")) return;
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message(), AllOf(HasSubstr("load ruleset in \"node\": libnftables ended by SIGABRT: "),
                                              HasSubstr("Assertion `0' failed.; the ruleset is what it was")));
}

TEST_F(DeadlyTextTest, AnUpdateOfAMapByAConcatenation) {
  const auto before =
      load("table inet f { map m { type ipv6_addr . inet_service : mark; flags dynamic; }; chain c { }; }");
  const std::string rule = "add rule inet f c update @m { ip6 saddr . udp sport : 0x1 }";
  const auto loaded = frontend_->load_text(rule);
  expect_survived(loaded, before);
  const auto run = frontend_->run(rule);
  const std::string version = NETRIG_OUTPUT_OR_SKIP("nft --version");
  if (!version.contains("v1.0.6")) return;
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message(), HasSubstr("Assertion `dreg < ctx->reg_low' failed."));
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().message(), HasSubstr("nft 'add rule inet f c update"));
}

}  // namespace
}  // namespace netrig::nft
