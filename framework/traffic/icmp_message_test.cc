// Bytes, without a kernel: what is read as an answer to our request, and what is not.
#include <netrig/traffic/icmp_message.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace netrig::traffic {
namespace {

const IpAddress kServer4 = IpAddress::parse("10.0.0.2").value();
const IpAddress kServer6 = IpAddress::parse("fd00::2").value();

// The IP header of a packet to `destination`, as an ICMP error quotes it.
std::vector<std::uint8_t> ip_header(const IpAddress& destination) {
  const bool v4 = destination.is_v4();
  std::vector<std::uint8_t> header(v4 ? 20 : 40);
  header[0] = v4 ? 0x45 : 0x60;
  header[v4 ? 9 : 6] = v4 ? 1 : 58;
  const auto bytes = destination.bytes();
  std::ranges::copy(bytes, header.begin() + (v4 ? 16 : 24));
  return header;
}

std::vector<std::uint8_t> error_about(const IpAddress& destination, std::uint8_t type, std::uint8_t code,
                                      std::uint16_t id, std::uint16_t sequence) {
  std::vector<std::uint8_t> message{type, code, 0, 0, 0, 0, 0x05, 0x78};  // 1400 where an MTU stands
  const auto header = ip_header(destination);
  const auto request = echo_request(destination.family(), id, sequence, 8);
  message.insert(message.end(), header.begin(), header.end());
  message.insert(message.end(), request.begin(), request.end());
  return message;
}

TEST(EchoRequest, HasAChecksumThatAddsUp) {
  const auto message = echo_request(AddressFamily::ipv4, 0x1234, 7, 5);
  ASSERT_EQ(message.size(), 13U);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < message.size(); i += 2) {
    sum += static_cast<std::uint32_t>(message[i] << 8) + (i + 1 < message.size() ? message[i + 1] : 0U);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  EXPECT_EQ(sum, 0xffffU);
}

TEST(ReadAnswer, TakesTheReplyToOurRequest) {
  for (const auto& server : {kServer4, kServer6}) {
    auto reply = echo_request(server.family(), 77, 3, 8);
    reply[0] = server.is_v4() ? 0 : 129;
    const auto answer = read_answer(server, 77, reply);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->is_reply);
    EXPECT_EQ(answer->sequence, 3);
    EXPECT_FALSE(read_answer(server, 78, reply)) << "somebody else's id";
  }
}

TEST(ReadAnswer, TakesAnErrorThatQuotesOurRequest) {
  const auto filtered = read_answer(kServer4, 77, error_about(kServer4, 3, 13, 77, 2));
  ASSERT_TRUE(filtered);
  EXPECT_FALSE(filtered->is_reply);
  EXPECT_EQ(filtered->sequence, 2);
  EXPECT_EQ(describe_icmp(AddressFamily::ipv4, filtered->type, filtered->code, filtered->mtu), "Packet filtered");

  const auto too_big = read_answer(kServer6, 77, error_about(kServer6, 2, 0, 77, 2));
  ASSERT_TRUE(too_big);
  EXPECT_EQ(too_big->mtu, 1400U);
}

TEST(ReadAnswer, LeavesErrorsAboutOthersAlone) {
  EXPECT_FALSE(read_answer(kServer4, 78, error_about(kServer4, 3, 13, 77, 2)));
  EXPECT_FALSE(read_answer(IpAddress::parse("10.0.0.9").value(), 77, error_about(kServer4, 3, 13, 77, 2)));
}

TEST(ReadAnswer, SurvivesAnyBytes) {
  std::mt19937 random{7};
  const auto sample = error_about(kServer4, 3, 1, 77, 1);
  for (int round = 0; round < 20000; ++round) {
    auto bytes = sample;
    bytes.resize(random() % (sample.size() + 1));
    for (int flips = 0; flips < 3 && !bytes.empty(); ++flips)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    const auto& server = round % 2 == 0 ? kServer4 : kServer6;
    const auto answer = read_answer(server, 77, bytes);
    if (!answer) continue;
    EXPECT_FALSE(describe_icmp(server.family(), answer->type, answer->code, answer->mtu).empty());
  }
}

}  // namespace
}  // namespace netrig::traffic
