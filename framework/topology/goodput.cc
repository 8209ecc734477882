#include <netrig/topology/goodput.h>

namespace netrig {
inline namespace topology {

traffic::Measure goodput_of(const Node& from, const Node& to, const traffic::TcpLoad& load, AddressFamily family) {
  return [=]() -> Result<traffic::Reading> {
    try {
      const auto result = measure(from, to, load, family);
      const auto spoilers = result.spoilers();
      return traffic::Reading{static_cast<double>(result.goodput().bits_per_second()),
                              spoilers.empty() ? "" : spoilers.front()};
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
