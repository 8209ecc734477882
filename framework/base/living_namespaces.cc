#include <netrig/base/directory.h>
#include <netrig/base/limits.h>
#include <netrig/base/living_namespaces.h>
#include <netrig/base/unique_fd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <set>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/nsfs.h>

namespace netrig {
inline namespace base {

namespace {

// What a new user namespace starts with: create_user_ns() in kernel/user_namespace.c.
constexpr std::size_t kNoLimit = INT_MAX;

// Empty for what is gone, or may not be looked at.
std::vector<std::string> names_or_none(const std::string& directory) {
  auto names = names_in(directory);
  return names ? std::move(*names) : std::vector<std::string>{};
}

// The kernel tells the owner only of what belongs to this user namespace, or to one within.
void add(const std::string& path, std::set<ino_t>& found) {
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return;
  const UniqueFd owner{::ioctl(file.get(), NS_GET_USERNS)};
  struct stat seen{};
  if (owner && ::fstat(file.get(), &seen) == 0) found.insert(seen.st_ino);
}

bool leads_to(const std::string& link, const std::string& prefix) {
  std::array<char, PATH_MAX> target{};
  const auto size = ::readlink(link.c_str(), target.data(), target.size());
  return size > 0 && std::string_view{target.data(), static_cast<std::size_t>(size)}.starts_with(prefix);
}

void add_those_of(const std::string& process, const std::string& kind, std::set<ino_t>& found) {
  const auto threads = process + "/task/", files = process + "/fd/", file = "/ns/" + kind, text = kind + ":[";
  for (auto& thread : names_or_none(threads)) add(thread.insert(0, threads) += file, found);
  for (auto& number : names_or_none(files)) {
    if (leads_to(number.insert(0, files), text)) add(number, found);
  }
}

}  // namespace

std::optional<std::size_t> count_living_namespaces(std::string_view kind) {
  const auto names = names_in("/proc");
  if (!names) return std::nullopt;
  std::set<ino_t> found;
  for (const auto& name : *names) {
    if (name.find_first_not_of("0123456789") == std::string::npos) {
      add_those_of("/proc/" + name, std::string{kind}, found);
    }
  }
  return found.size();
}

bool NamespacePatience::some_limit_is(bool (*such)(const std::string& kind, std::size_t limit)) const {
  return std::ranges::any_of(kinds_, [&](const auto& kind) {
    const auto limit = namespace_limit(kind);
    return limit && such(kind, *limit);
  });
}

bool NamespacePatience::wait() {
  if (some_limit_is([](const std::string&, std::size_t limit) { return limit == 0; })) return false;
  const bool are_in_use = some_limit_is([](const std::string& kind, std::size_t limit) {
    return count_living_namespaces(kind).value_or(limit) >= limit;
  });
  if (!end_) {
    const bool is_own = some_limit_is([](const std::string&, std::size_t limit) { return limit < kNoLimit; });
    end_ = Deadline::after(is_own ? spans_.reaping : spans_.outer);
  }
  if (!are_in_use) in_use_.reset();
  if (are_in_use && !in_use_) in_use_ = Deadline::after(spans_.in_use);
  if (end_->passed() || (in_use_ && in_use_->passed())) return false;
  ::poll(nullptr, 0, static_cast<int>(pause_.count()));
  pause_ = std::min(2 * pause_, std::chrono::milliseconds{100});
  return true;
}

}  // namespace base
}  // namespace netrig
