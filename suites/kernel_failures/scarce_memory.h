// Memory that runs out: the operator new of the whole program, whatever thread asks, throws std::bad_alloc.
//
//   ScarceMemory counting;                              // counts from here on
//   Lab{home()};
//   const auto count = counting.asked();
//   ...
//   const ScarceMemory none{{.from = 17}};              // the 17th time
//   EXPECT_THROW(Lab{home()}, std::bad_alloc);
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace netrig::kernel_failures {

/// Which of the requests for memory are refused. The first is number 1; 0: none.
struct Shortage {
  std::int64_t from = 0;
  std::int64_t count = 1;  ///< kForGood: all from then on
};

inline constexpr std::int64_t kForGood = std::numeric_limits<std::int64_t>::max();

/// Lets memory be short while it lives. One at a time. Memory that C libraries ask malloc(3) for is not counted.
class ScarceMemory {
 public:
  explicit ScarceMemory(const Shortage& shortage = {});
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;
  ~ScarceMemory();

  /// How often memory was asked for until now.
  [[nodiscard]] std::int64_t asked() const;
};

}  // namespace netrig::kernel_failures
