// Rules of presets as text. Private to the module.
#pragma once

#include <netrig/net/interface_name.h>
#include <netrig/nft/behaviour.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netrig::nft {

using Placeholders = std::vector<std::pair<std::string_view, std::string>>;

/// `text` with every placeholder replaced, in this order.
std::string fill(std::string text, const Placeholders& placeholders);
/// As a rule names it: `"eth0"`.
std::string quoted(const InterfaceName& name);
/// As nft prints a time: `2h4m`, `90s` is `1m30s`.
std::string duration_text(std::chrono::seconds time);
/// The objects `udp_idle` and `tcp_idle` of an inet table, which rules set by `ct timeout set`.
std::string timeout_objects(const IdleTimeouts& timeouts);

}  // namespace netrig::nft
