// How far a process has come that makes a sandbox: for the one that waits for it to know, also when it is killed.
// Private to the module.
#pragma once

#include <netrig/sandbox/raw.h>
#include <netrig/sandbox/step.h>

#include <sys/mman.h>

namespace netrig::sandbox {

/// One byte that a process shares with its bare clones. Without memory for it, every step is told as Step::prepare.
class Progress {
 public:
  Progress() noexcept {
    const auto page = raw::call(SYS_mmap, nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0L);
    if (page != -1) step_ = reinterpret_cast<volatile Step*>(page);  // NOLINT(performance-no-int-to-ptr): an address
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (step_ != nullptr) raw::call(SYS_munmap, step_, kSize);
  }

  /// Where the clone notes its steps; nullptr without memory.
  [[nodiscard]] volatile Step* place() const noexcept { return step_; }
  /// The last one that was begun.
  [[nodiscard]] Step last() const noexcept { return step_ != nullptr ? *step_ : Step::prepare; }

 private:
  static constexpr std::size_t kSize = sizeof(Step);  // the kernel rounds up to a page
  volatile Step* step_ = nullptr;
};

}  // namespace netrig::sandbox
