#include <netrig/suites/kernel_failures/scarce_memory.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

// GCC takes the two halves of an own operator new and delete for a mismatch where it inlines one of them.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace {

std::atomic<bool> counts{false};
std::atomic<std::int64_t> requests{0};
std::atomic<std::int64_t> first{0};
std::atomic<std::int64_t> refused{0};

bool is_refused() noexcept {
  if (!counts.load(std::memory_order_acquire)) return false;
  const auto number = ++requests;
  return first != 0 && number >= first && number - first < refused;
}

}  // namespace

// The other forms of the standard library call these.
void* operator new(std::size_t size) {
  if (is_refused()) throw std::bad_alloc{};
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (is_refused()) throw std::bad_alloc{};
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* const memory = std::aligned_alloc(unit, std::max(size + unit - 1, unit) / unit * unit)) return memory;
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace netrig::kernel_failures {

ScarceMemory::ScarceMemory(const Shortage& shortage) {
  requests = 0;
  first = shortage.from;
  refused = shortage.count;
  counts.store(true, std::memory_order_release);
}

ScarceMemory::~ScarceMemory() { counts.store(false, std::memory_order_release); }

std::int64_t ScarceMemory::asked() const { return requests; }

}  // namespace netrig::kernel_failures
