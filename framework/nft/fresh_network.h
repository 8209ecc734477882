// Private to the module's tests: each test in a network namespace of its own, and the tools that vouch for it.
#pragma once

#include <netrig/nft/list.h>
#include <netrig/nft/nf_socket.h>
#include <netrig/nft/transaction.h>
#include <netrig/testing/skip.h>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace netrig::nft {

/// The test's thread is in a fresh network namespace with loopback up; skips where that is not permitted.
class FreshNetworkTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  NfSocket& socket() { return *socket_; }
  /// The ruleset as the rig lists it; a failed listing is a test failure.
  Ruleset listing();

 private:
  UniqueFd outside_;
  std::unique_ptr<NfSocket> socket_;
};

/// Standard output of a shell command run in the calling thread's namespaces; nothing if its first word is no program
/// here. A command that fails is a test failure.
std::optional<std::string> output_of(const std::string& command);

/// `text` without the time-outs of its `policy = {...}`: how long flows live is printed in other units by newer
/// versions of nft.
std::string without_policies(const std::string& text);

/// Sends one UDP datagram of `size` bytes to a port of this host. Returns errno of sending, 0 if it went.
int send_udp(const std::string& address, std::uint16_t port, std::size_t size = 10);

}  // namespace netrig::nft

/// The output of a command; skips the test when the tool is missing. A GNU statement expression, as NETRIG_TRY is.
#define NETRIG_OUTPUT_OR_SKIP(command)                                                                                 \
  ({                                                                                                                   \
    const std::string& netrig_command = command;                                                                       \
    auto netrig_output = ::netrig::nft::output_of(netrig_command);                                                     \
    if (!netrig_output)                                                                                                \
      NETRIG_SKIP("tool-" << netrig_command.substr(0, netrig_command.find(' ')), "not installed: " << netrig_command); \
    *std::move(netrig_output);                                                                                         \
  })
