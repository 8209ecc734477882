#include <netrig/topology/program_coverage.h>

#include <mutex>
#include <utility>

namespace netrig {
inline namespace topology {

namespace {

struct Sum {
  std::mutex turn;
  std::vector<nft::Coverage> all, unsaved;
};

// Never destroyed: labs may end after all else.
Sum& sum() {
  static auto& only = *new Sum;
  return only;
}

}  // namespace

std::vector<nft::Coverage> program_coverage() {
  const std::scoped_lock lock{sum().turn};
  return sum().all;
}

void add_to_program_coverage(const nft::Coverage& more) {
  const std::scoped_lock lock{sum().turn};
  nft::merge(sum().all, more);
  nft::merge(sum().unsaved, more);
}

Result<void> save_program_coverage(const std::filesystem::path& file) {
  const std::scoped_lock lock{sum().turn};
  if (sum().unsaved.empty()) return {};
  NETRIG_TRY(nft::merge_into_file(file, sum().unsaved));
  sum().unsaved.clear();
  return {};
}

}  // namespace topology
}  // namespace netrig
