#include <netrig/nft/further_expressions.h>

#include <array>
#include <string_view>
#include <utility>

namespace netrig::nft {
namespace {

using Name = std::pair<std::uint32_t, std::string_view>;

template <std::size_t kCount>
std::string joined(std::uint32_t bits, const std::array<Name, kCount>& names) {
  std::string text;
  for (const auto& [bit, name] : names) {
    if ((bits & bit) != 0) text += (text.empty() ? "" : ",") + std::string{name};
  }
  return text;
}

}  // namespace

std::string to_string(TcpFlag flags) {
  constexpr std::array kNames{Name{1, "fin"},  Name{2, "syn"},  Name{4, "rst"},  Name{8, "psh"},
                              Name{16, "ack"}, Name{32, "urg"}, Name{64, "ecn"}, Name{128, "cwr"}};
  return joined(static_cast<std::uint32_t>(flags), kNames);
}

std::string to_string(CtStatus status) {
  constexpr std::array kNames{Name{1, "expected"}, Name{2, "seen-reply"}, Name{4, "assured"}, Name{8, "confirmed"},
                              Name{16, "snat"},    Name{32, "dnat"},      Name{512, "dying"}};
  return joined(static_cast<std::uint32_t>(status), kNames);
}

std::string to_string(LogFlags flags) {
  const auto bits = static_cast<std::uint32_t>(flags);
  if ((bits & static_cast<std::uint32_t>(LogFlags::all)) == static_cast<std::uint32_t>(LogFlags::all))
    return "flags all";
  constexpr std::array kTcp{Name{1, "sequence"}, Name{2, "options"}};
  constexpr std::array kOthers{Name{4, "ip options"}, Name{8, "skuid"}, Name{32, "ether"}};
  const auto tcp = joined(bits, kTcp);
  std::string text = tcp.empty() ? "" : "flags tcp " + tcp;
  for (const auto& [bit, name] : kOthers) {
    if ((bits & bit) != 0) text += (text.empty() ? "flags " : " flags ") + std::string{name};
  }
  return text;
}

std::string to_string(NatFlags flags) {
  constexpr std::array kNames{Name{4, "random"}, Name{16, "fully-random"}, Name{8, "persistent"}};
  return joined(static_cast<std::uint32_t>(flags), kNames);
}

}  // namespace netrig::nft
