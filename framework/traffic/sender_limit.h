// What spoils a result: a sender that was slower than the path. Private to the module; the rules are at
// TcpResult::spoilers() and UdpResult::spoilers().
#pragma once

#include <string>
#include <vector>

namespace netrig::traffic {

struct TcpResult;
struct UdpResult;

/// A result's spoilers(), and then those of the machine.
std::vector<std::string> all_spoilers(const TcpResult& result);
std::vector<std::string> all_spoilers(const UdpResult& result);

/// "  spoiled: ..." a line each, as a table ends.
std::string in_lines(const std::vector<std::string>& spoilers);
/// The same behind other text: lines begin with the line break instead.
std::string behind(const std::vector<std::string>& spoilers);

}  // namespace netrig::traffic
