#include <netrig/nft/preset_text.h>

namespace netrig::nft {

std::string fill(std::string text, const Placeholders& placeholders) {
  for (const auto& [name, value] : placeholders) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size())) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

std::string quoted(const InterfaceName& name) { return "\"" + name.to_string() + "\""; }

std::string duration_text(std::chrono::seconds time) {
  auto left = time.count();
  std::string text;
  for (const auto& [letter, size] : {std::pair{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}) {
    if (left >= size) text += std::to_string(left / size) + letter;
    left %= size;
  }
  return text.empty() ? "0s" : text;
}

std::string timeout_objects(const IdleTimeouts& timeouts) {
  constexpr std::string_view kObjects = R"(	ct timeout udp_idle {
		protocol udp
		l3proto inet
		policy = { unreplied : $udp, replied : $udp }
	}

	ct timeout tcp_idle {
		protocol tcp
		l3proto inet
		policy = { syn_sent : $short, syn_recv : $short, established : $long, fin_wait : $short, close_wait : $short, last_ack : $short }
	}
)";
  return fill(std::string{kObjects}, {{"$udp", std::to_string(timeouts.udp.count())},
                                      {"$short", std::to_string(timeouts.tcp_transitory.count())},
                                      {"$long", std::to_string(timeouts.tcp_established.count())}});
}

}  // namespace netrig::nft
