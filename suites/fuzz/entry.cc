// What libFuzzer calls (https://llvm.org/docs/LibFuzzer.html).
#include <netrig/suites/fuzz/target.h>

// NOLINTNEXTLINE(readability-identifier-naming,misc-use-internal-linkage): libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  netrig::fuzz::run(netrig::fuzz::Input{{data, size}});
  return 0;
}
