// Runs a target once on each file of a folder, or on each file it is given: what a fuzzer found stays found.
//   netrig_fuzz_text_replay corpus/text
#include <netrig/suites/fuzz/target.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

using Paths = std::vector<std::filesystem::path>;

Paths files_of(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  Paths files;
  for (const auto& entry : std::filesystem::directory_iterator{path}) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

bool replay(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return false;
  const std::vector<char> text{std::istreambuf_iterator<char>{file}, {}};
  const std::vector<std::uint8_t> bytes{text.begin(), text.end()};
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);  // the last line names the file on which the program ends
  netrig::fuzz::run(netrig::fuzz::Input{bytes});
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& path : files_of(argv[i])) {
      if (!replay(path)) {
        std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
        return 1;
      }
      ++count;
    }
  }
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0;  // a replay of nothing proves nothing
}
