#include <netrig/topology/verdict.h>

#include <ostream>

namespace netrig {
inline namespace topology {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::accepted:
      return "accepted";
    case Verdict::dropped:
      return "dropped";
    case Verdict::rejected:
      return "rejected";
    case Verdict::no_listener:
      return "no listener";
    case Verdict::no_route:
      return "no route";
    case Verdict::not_forwarded:
      return "not forwarded";
    case Verdict::reverse_path:
      return "reverse path";
    case Verdict::no_neighbour:
      return "no neighbour";
    case Verdict::link_down:
      return "link down";
    case Verdict::ignored:
      return "ignored";
    case Verdict::unknown:
      break;
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, Verdict verdict) { return out << to_string(verdict); }

}  // namespace topology
}  // namespace netrig
