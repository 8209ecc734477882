// Parsers against inet_pton(3), on random and mutated text. Seeds are fixed, so a failure comes back.
#include <netrig/net/interface_address.h>
#include <netrig/net/interface_name.h>
#include <netrig/net/mac_address.h>
#include <netrig/net/port.h>
#include <netrig/net/text.h>
#include <netrig/net/units.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <optional>
#include <random>

namespace netrig {
inline namespace net {
namespace {

using ::testing::HasSubstr;

constexpr int kRounds = 5'000;

class TextSource {
 public:
  explicit TextSource(std::uint64_t seed) : random_{seed} {}

  // A text of `seeds` with up to four characters changed, or one of random characters.
  std::string next(const std::vector<std::string>& seeds) {
    if (below(4) == 0) return noise();
    std::string text = seeds[below(seeds.size())];
    for (auto changes = below(5); changes > 0; --changes) mutate(text);
    return text;
  }

  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  std::uint64_t number() { return random_(); }

 private:
  char character() {
    static constexpr std::string_view kAlphabet{
        "0123456789012345678901234567890123456789abcdefABCDEF::::::::....////% gx-\0\n\xff", 76};
    return kAlphabet[below(kAlphabet.size())];
  }

  std::string noise() {
    std::string text;
    for (auto size = below(45); size > 0; --size) text += character();
    return text;
  }

  void mutate(std::string& text) {
    const auto at = below(text.size() + 1);
    switch (below(4)) {
      case 0:
        text.insert(at, 1, character());
        break;
      case 1:
        text.erase(at, 1 + below(3));
        break;
      case 2:
        text.insert(at, text.substr(below(text.size() + 1), below(6)));
        break;
      default:
        if (at < text.size()) text[at] = character();
    }
  }

  std::mt19937_64 random_;
};

template <class Address>
std::optional<Address> by_inet_pton(const std::string& text) {
  typename Address::Bytes bytes{};
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (inet_pton(socket_domain(Address::kFamily), text.c_str(), bytes.data()) != 1) return std::nullopt;
  return Address{bytes};
}

// Counts on both sides, so that a source which makes only garbage, or none, fails.
template <class Address>
void compare_with_inet_pton(TextSource& source, const std::vector<std::string>& seeds) {
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto text = source.next(seeds);
    const auto expected = by_inet_pton<Address>(text);
    const auto parsed = Address::parse(text);
    ASSERT_EQ(parsed.has_value(), expected.has_value()) << quote(text);
    if (expected) {
      ++accepted;
      ASSERT_EQ(*parsed, *expected) << quote(text);
      ASSERT_EQ(Address::parse(parsed->to_string()), *expected) << quote(text);
    } else {
      ASSERT_THAT(parsed.error().message(), HasSubstr(quote(text)));
      ASSERT_FALSE(parsed.error().detail.empty());
    }
  }
  EXPECT_GT(accepted, kRounds / 20);
  EXPECT_LT(accepted, kRounds / 20 * 19);
}

TEST(ParseProperty, Ipv4AgreesWithInetPton) {
  TextSource source{4};
  compare_with_inet_pton<Ipv4Address>(source, {"0.0.0.0", "255.255.255.255", "10.2.30.4", "192.168.100.1", "1.2.3.40"});
}

TEST(ParseProperty, Ipv6AgreesWithInetPton) {
  TextSource source{6};
  compare_with_inet_pton<Ipv6Address>(source, {"::", "::1", "fe80::1:2", "1:2:3:4:5:6:7:8", "2001:db8::ff00:42:8329",
                                               "::ffff:192.0.2.128", "1::", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
                                               "64:ff9b::10.0.0.1", "1:2:3:4:5:6:1.2.3.4", "fd00:0:0:1::/64"});
}

TEST(ParseProperty, Ipv6PrintsAsInetNtop) {
  TextSource source{5952};
  for (int round = 0; round < kRounds; ++round) {
    Ipv6Address::Bytes bytes{};
    for (auto& byte : bytes) byte = source.below(3) == 0 ? static_cast<std::uint8_t>(source.number()) : std::uint8_t{0};
    char expected[INET6_ADDRSTRLEN];
    ASSERT_NE(inet_ntop(AF_INET6, bytes.data(), expected, sizeof expected), nullptr);
    ASSERT_EQ(Ipv6Address{bytes}.to_string(), expected);
  }
}

TEST(ParseProperty, Ipv4PrintsAsInetNtop) {
  TextSource source{791};
  for (int round = 0; round < kRounds; ++round) {
    const auto address = Ipv4Address::from_number(static_cast<std::uint32_t>(source.number()));
    char expected[INET_ADDRSTRLEN];
    ASSERT_NE(inet_ntop(AF_INET, address.bytes().data(), expected, sizeof expected), nullptr);
    ASSERT_EQ(address.to_string(), expected);
  }
}

// What T::parse() takes prints as something that parses to the same; what it refuses, it quotes. Both happen.
template <class T>
void expect_value_or_quote(std::uint64_t seed, const std::vector<std::string>& seeds) {
  TextSource source{seed};
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto text = source.next(seeds);
    const auto parsed = T::parse(text);
    if (parsed) {
      ++accepted;
      ASSERT_EQ(T::parse(parsed->to_string()), *parsed) << quote(text);
    } else {
      ASSERT_THAT(parsed.error().message(), HasSubstr(quote(text)));
      ASSERT_FALSE(parsed.error().detail.empty());
    }
  }
  EXPECT_GT(accepted, kRounds / 100);
  EXPECT_LT(accepted, kRounds);
}

TEST(ParseProperty, EveryValueParsesWhatItPrintsAndQuotesWhatItRefuses) {
  expect_value_or_quote<IpAddress>(1, {"10.0.0.1", "fd00::1"});
  expect_value_or_quote<IpPrefix>(2, {"10.0.0.0/8", "fd00::/8", "0.0.0.0/0", "::/0"});
  expect_value_or_quote<InterfaceAddress>(3, {"10.0.0.1/8", "fd00::1/64"});
  expect_value_or_quote<MacAddress>(4, {"02:6e:00:00:00:07", "ff:ff:ff:ff:ff:ff"});
  expect_value_or_quote<InterfaceName>(5, {"eth0", "br-lan", "veth-host1"});
  expect_value_or_quote<PortRange>(6, {"80", "8000-8080", "65535"});
  expect_value_or_quote<Bandwidth>(7, {"100mbit", "2.5Gbit", "7bit", "1500kbit"});
  expect_value_or_quote<ByteCount>(8, {"64kbyte", "1.5mbyte", "7byte"});
}

TEST(ParseProperty, PrefixesAgreeWithTheirParts) {
  TextSource source{4632};
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto text = source.next({"10.0.0.0/8", "10.2.0.0/24", "fd00::/8", "fd00:1::/32", "10.0.0.0/30", "::/0"});
    const auto own = InterfaceAddress::parse(text);
    const auto prefix = IpPrefix::parse(text);
    ASSERT_EQ(prefix.has_value(), own && own->prefix().address() == own->address()) << quote(text);
    if (!prefix) continue;
    ++accepted;
    ASSERT_EQ(*prefix, own->prefix());
    ASSERT_EQ(IpPrefix::make(own->address(), own->length()), *prefix);
  }
  EXPECT_GT(accepted, kRounds / 20);
}

}  // namespace
}  // namespace net
}  // namespace netrig
