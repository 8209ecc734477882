#include <netrig/base/error.h>
#include <netrig/base/limits.h>

#include <cerrno>
#include <cstring>
#include <ostream>
#include <utility>

namespace netrig {
inline namespace base {

Error Error::from_errno(std::string operation, std::string object, int code, std::string detail) {
  // An error that is told again in other words brings the remedy along already.
  if (code == EMFILE && !detail.contains("ulimit -")) {
    detail += (detail.empty() ? "" : "; ") + describe_descriptor_limit();
  }
  return Error{code, std::move(operation), std::move(object), std::move(detail)};
}

Error Error::invalid(std::string operation, std::string object, std::string detail) {
  return Error{0, std::move(operation), std::move(object), std::move(detail)};
}

std::string Error::message() const {
  std::string text = operation;
  if (!object.empty()) text += " in \"" + object + "\"";
  if (code != 0) text += ": " + describe_errno(code);
  if (!detail.empty()) text += ": " + detail;
  return text;
}

std::ostream& operator<<(std::ostream& out, const Error& error) { return out << error.message(); }

std::string describe_errno(int code) {
  const char* name = strerrorname_np(code);
  if (name == nullptr) return "errno " + std::to_string(code);
  return std::string{name} + " (" + strerrordesc_np(code) + ")";
}

SetupError::SetupError(Error error) : std::runtime_error{error.message()}, error_{std::move(error)} {}

}  // namespace base
}  // namespace netrig
