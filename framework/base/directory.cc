#include <netrig/base/directory.h>

#include <cerrno>
#include <dirent.h>
#include <memory>
#include <string_view>

namespace netrig {
inline namespace base {

Result<std::vector<std::string>> names_in(const std::string& directory) {
  struct Close {
    void operator()(DIR* open) const { ::closedir(open); }
  };
  const std::unique_ptr<DIR, Close> open{::opendir(directory.c_str())};
  if (!open) return fail(Error::from_errno("list " + directory, "", errno));
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const auto* const entry = ::readdir(open.get());
    if (entry == nullptr && errno != 0) return fail(Error::from_errno("list " + directory, "", errno));
    if (entry == nullptr) return names;
    const std::string_view name{entry->d_name};
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

}  // namespace base
}  // namespace netrig
