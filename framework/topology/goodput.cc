#include <netrig/topology/goodput.h>

namespace netrig {
inline namespace topology {

traffic::Measure goodput_of(const Node& from, const Node& to, const traffic::TcpLoad& load, AddressFamily family) {
  return [=]() -> Result<double> {
    try {
      return static_cast<double>(measure(from, to, load, family).goodput().bits_per_second());
    } catch (const SetupError& error) {
      return fail(error.error());
    }
  };
}

traffic::Repeated goodput(const Node& from, const Node& to, const traffic::TcpLoad& load,
                          const traffic::Repetition& repetition, AddressFamily family) {
  return value_or_throw(traffic::repeat(goodput_of(from, to, load, family), repetition));
}

}  // namespace topology
}  // namespace netrig
