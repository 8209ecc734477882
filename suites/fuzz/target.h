// What a fuzz target is: a function that takes any bytes, and ends the program where a parser breaks a promise.
//
//   void run(Input input) {
//     switch (input.take()) {                      // the first byte chooses the parser
//       case 0: return round_trip<Port>(input.text());
//     }
//   }
//
// entry.cc makes a libFuzzer program of it (preset `fuzz`, ci/fuzz); replay.cc an ordinary test, which runs the corpus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::fuzz {

/// The bytes of one run, used up from the front.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : rest_{bytes} {}
  /// The next byte; 0 when there is none left.
  std::uint8_t take();
  /// A number: the next byte, or after a byte of 255 the next four, the first of them the lowest.
  std::uint32_t take_number();
  /// As many of the next bytes as the first of them says, at most `most`.
  std::vector<std::uint8_t> take_bytes(std::size_t most);
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// What is left, as text.
  [[nodiscard]] std::string_view text() const;
  /// What is left, in an allocation of exactly its size: reading beyond it is seen by AddressSanitizer.
  [[nodiscard]] std::vector<std::uint8_t> bytes() const { return {rest_.begin(), rest_.end()}; }
  /// What is left behind a netlink header of `type` that says its length, in an allocation of its size, which is padded
  /// as all messages are (netlink(7)).
  [[nodiscard]] std::vector<std::byte> netlink_message(std::uint16_t type) const;

 private:
  std::span<const std::uint8_t> rest_;
};

/// The target: each program has one. Returns whatever the input is.
void run(Input input);

/// Ends the program with `promise` and `detail` on standard error.
[[noreturn]] void broken(std::string_view promise, std::string_view detail);

/// broken() unless `kept`.
inline void require(bool kept, std::string_view promise, std::string_view detail = {}) {
  if (!kept) broken(promise, detail);
}

/// What `Value::parse` takes, `to_string` gives back in a form that is taken for the same value and printed alike.
/// A refusal says why.
template <class Value>
void round_trip(std::string_view text) {
  const auto value = Value::parse(text);
  if (!value) return require(!value.error().message().empty(), "a refusal says why", text);
  const std::string printed = value->to_string();
  const auto again = Value::parse(printed);
  require(again.has_value(), "what was printed can be parsed", printed);
  require(*again == *value, "what was printed is parsed as the same value", printed);
  require(again->to_string() == printed, "equal values are printed alike", printed);
}

}  // namespace netrig::fuzz
