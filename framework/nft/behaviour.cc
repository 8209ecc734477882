#include <netrig/nft/behaviour.h>

#include <ostream>

namespace netrig::nft {
namespace {

template <class Behaviour>
std::string_view word_for(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::endpoint_independent:
      return "endpoint-independent";
    case Behaviour::address_dependent:
      return "address-dependent";
    case Behaviour::address_and_port_dependent:
      break;
  }
  return "address-and-port-dependent";
}

}  // namespace

std::string_view to_string(Mapping mapping) { return word_for(mapping); }
std::ostream& operator<<(std::ostream& out, Mapping mapping) { return out << to_string(mapping); }

std::string_view to_string(Filtering filtering) { return word_for(filtering); }
std::ostream& operator<<(std::ostream& out, Filtering filtering) { return out << to_string(filtering); }

}  // namespace netrig::nft
