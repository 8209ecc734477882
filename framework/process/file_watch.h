// Private to the module: waiting for a file of a node to exist.
#pragma once

#include <netrig/base/result.h>
#include <netrig/base/unique_fd.h>

#include <string>

namespace netrig::process {

/// Follows one path below a root directory, by inotify(7) on the deepest directory of it that exists.
class FileWatch {
 public:
  /// `root` must stay open as long as this object. An error for a path that is not absolute.
  static Result<FileWatch> create(int root, std::string path);

  /// Whether it exists. If not, changes() becomes readable when it may.
  /// Not seen by inotify: a mount over one of the directories, and the target of a symbolic link that leads elsewhere.
  Result<bool> exists();
  [[nodiscard]] int changes() const { return inotify_.get(); }

 private:
  FileWatch(int root, std::string path, UniqueFd inotify)
      : root_{root}, path_{std::move(path)}, inotify_{std::move(inotify)} {}
  [[nodiscard]] UniqueFd open(const std::string& path) const;
  Result<void> watch_deepest();

  int root_;
  std::string path_;
  UniqueFd inotify_;
};

}  // namespace netrig::process
