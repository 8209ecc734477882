#include <netrig/process/readiness.h>

namespace netrig::process {

namespace {

std::string text_of(const Listening& condition) {
  return std::string{"listening on "} + (condition.transport == Transport::tcp ? "tcp/" : "udp/") +
         std::to_string(condition.port.value());
}

std::string text_of(const OutputLine& condition) {
  return (condition.is_pattern ? "printing a line that matches \"" : "printing \"") + condition.text + "\"";
}

std::string text_of(const FileExists& condition) { return "making the file " + condition.path; }

}  // namespace

std::string Readiness::to_string() const {
  std::string text;
  for (const auto& condition : conditions) {
    text += text.empty() ? "" : " and ";
    text += std::visit([](const auto& kind) { return text_of(kind); }, condition);
  }
  return text.empty() ? "started" : text;
}

Readiness listening(Transport transport, Port port) { return {{Listening{transport, port}}}; }
Readiness output_line(std::string text) { return {{OutputLine{std::move(text), false}}}; }
Readiness output_matches(std::string pattern) { return {{OutputLine{std::move(pattern), true}}}; }
Readiness file_exists(std::string path) { return {{FileExists{std::move(path)}}}; }

}  // namespace netrig::process
