#include <netrig/traffic/measurement.h>

namespace netrig::traffic {

Place here() {
  return [](const std::function<Result<void>()>& work) { return work(); };
}

}  // namespace netrig::traffic
