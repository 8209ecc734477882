// What becomes of a packet: the end of a rule, or what a verdict map gives for a key.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

namespace netrig::nft {

/// `accept`, `drop`, `return`, `continue`, `jump other`, `goto other`
struct Verdict {
  enum class Kind : std::uint8_t { accept, drop, jump, go_to, return_to_caller, next_rule };
  Kind kind;
  std::string chain = {};  ///< of jump and goto

  static Verdict accept() { return {Kind::accept}; }
  static Verdict drop() { return {Kind::drop}; }
  static Verdict jump(std::string chain) { return {Kind::jump, std::move(chain)}; }
  static Verdict go_to(std::string chain) { return {Kind::go_to, std::move(chain)}; }
  static Verdict return_to_caller() { return {Kind::return_to_caller}; }
  static Verdict next_rule() { return {Kind::next_rule}; }
  friend auto operator<=>(const Verdict&, const Verdict&) = default;
};
/// As nft prints it: `jump other`.
std::string to_string(const Verdict& verdict);

}  // namespace netrig::nft
