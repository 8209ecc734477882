// When a program that was started is ready to serve.
//
//   ready_when(listening(Transport::tcp, Port{8080}))
//   ready_when(output_line("started"), file_exists("/run/my.pid"))       // all of them
#pragma once

#include <netrig/net/port.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace netrig::process {

/// Protocols with ports.
enum class Transport { tcp, udp };

/// A socket that was not there before the program was started listens on the port (TCP), or is bound to it and takes
/// from everybody (UDP); on whatever address, of either family. A socket handed over to the program does not count. The
/// kernel announces no such event: this one condition is looked up again and again, every 1 to 16 ms.
struct Listening {
  Transport transport;
  Port port;
};
/// A line of standard output or error contains `text` (as soon as it does), or matches it as an extended regular
/// expression (regex(7), when the line is complete).
struct OutputLine {
  std::string text;
  bool is_pattern = false;
};
/// A file exists at `path`, as the node sees it. Symbolic links are followed.
struct FileExists {
  std::string path;
};

/// Conditions that must all have come true since the start.
struct Readiness {
  using Condition = std::variant<Listening, OutputLine, FileExists>;
  std::vector<Condition> conditions;

  /// `listening on tcp/8080 and output line "started"`
  [[nodiscard]] std::string to_string() const;
};

/// A socket of the node listens on `port`.
Readiness listening(Transport transport, Port port);
/// The program prints a line with `text` in it.
Readiness output_line(std::string text);
/// The program prints a line that the extended regular expression `pattern` matches. A malformed one fails the start.
Readiness output_matches(std::string pattern);
/// `path` exists in the node. It must be absolute.
Readiness file_exists(std::string path);

/// All of the given conditions.
template <class... More>
Readiness ready_when(Readiness first, More... more) {
  (first.conditions.insert(first.conditions.end(), more.conditions.begin(), more.conditions.end()), ...);
  return first;
}

}  // namespace netrig::process
