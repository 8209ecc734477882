// What went wrong, as a value: which operation, on what object, why.
//
//   Error error = Error::from_errno("add route 10.0.2.0/24 via 10.0.1.1", "client", ENETUNREACH);
//   std::cerr << error;   // add route 10.0.2.0/24 via 10.0.1.1 in "client": ENETUNREACH (Network is unreachable)
#pragma once

#include <iosfwd>
#include <stdexcept>
#include <string>

namespace netrig {
inline namespace base {

/// An error that reads like the command that failed.
struct Error {
  int code = 0;  ///< errno value, or 0 when no system call failed (a malformed text, a contradiction)
  std::string
      operation;       ///< what was tried, in the words of the command that does it: `add address 10.0.0.1/24 dev eth0`
  std::string object;  ///< where: the node, namespace, file or text; empty when `operation` says it all
  std::string detail;  ///< why, beyond `code`: the kernel's extended ack, the remedy; may be empty

  /// An error of a system call that failed with `code` (see errno(3)). EMFILE, which any may give, brings the limit and
  /// the remedy along.
  static Error from_errno(std::string operation, std::string object, int code, std::string detail = {});
  /// An error that no system call gave: `detail` is the reason.
  static Error invalid(std::string operation, std::string object, std::string detail);

  /// `operation in "object": ECODE (Text of the code): detail`; parts that are empty are left out.
  [[nodiscard]] std::string message() const;

  friend bool operator==(const Error&, const Error&) = default;
};

std::ostream& operator<<(std::ostream& out, const Error& error);

/// `ENETUNREACH (Network is unreachable)`; an unknown number prints as `errno 12345`.
std::string describe_errno(int code);

/// Thrown where a failure leaves nothing sensible to do: while a lab is built, in a fixture's SetUp.
/// Where a failure is an answer, functions return Result<T> instead.
class SetupError : public std::runtime_error {
 public:
  explicit SetupError(Error error);
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

}  // namespace base
}  // namespace netrig
