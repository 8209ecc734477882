// What Netrig and its tests need of a host, by id: one list, which `netrig doctor` checks and every skip cites.
//
//   find_need("link-dummy")->remedy;        // sudo modprobe dummy ...
#pragma once

#include <span>
#include <string_view>

namespace netrig::doctor {

/// One thing that a host may lack.
struct Need {
  std::string_view id;         ///< stable: `link-dummy`, `tool-tcpdump`
  bool required;               ///< without it no test runs
  std::string_view needed_by;  ///< the consequence of its lack, in the words of a user
  std::string_view remedy;     ///< what gives it: a command to paste, or where to turn
};

/// All of them, grouped: the sandbox's chain (the ids of sandbox::probe()), the host's settings and limits, kinds of
/// links, queueing disciplines, nftables, sockets, tools.
std::span<const Need> needs();

/// The need of that id, or nullptr.
const Need* find_need(std::string_view id);
/// The id most like `word`, to suggest for a typing error; empty when none is.
std::string_view closest_need(std::string_view word);

}  // namespace netrig::doctor
