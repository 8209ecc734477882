#include <netrig/base/directory.h>
#include <netrig/process/etc_files.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace netrig::process {

namespace {

namespace fs = std::filesystem;

// Empty when it cannot be read: a host may do without, or keep it from ordinary users.
std::string read_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

Result<void> write_text(const fs::path& path, const std::string& text) {
  errno = 0;
  std::ofstream file{path};
  file << text;
  file.close();
  if (file) return {};
  return fail(Error::from_errno("write " + path.string(), "", errno));
}

std::map<std::string, std::string> own_files(const fs::path& host, const NodeFiles& files) {
  std::map<std::string, std::string> own{
      {"hosts", files.hosts},
      {"resolv.conf", files.resolv_conf},
      {"hostname", files.name + "\n"},
      {"nsswitch.conf", with_plain_host_lookup(read_text(host / "nsswitch.conf"))},
  };
  std::error_code ignored;
  if (fs::exists(host / "sysctl.conf", ignored)) own.emplace("sysctl.conf", read_text(host / "sysctl.conf"));
  return own;
}

Result<void> link_to(const fs::path& entry, const fs::path& link) {
  std::error_code failed;
  const bool again = fs::is_symlink(entry, failed);
  const auto target = again ? fs::read_symlink(entry, failed) : entry;
  if (!failed) fs::create_symlink(target, link, failed);
  if (!failed) return {};
  return fail(Error::from_errno("link " + link.string(), "", failed.value()));
}

}  // namespace

Result<void> fill_etc(const std::string& etc, const std::string& host, const NodeFiles& files) {
  const fs::path directory{etc};
  const auto own = own_files(host, files);
  for (const auto& [name, text] : own) NETRIG_TRY(write_text(directory / name, text));
  if (::mkdir((directory / "netns").c_str(), 0755) != 0) return fail(Error::from_errno("mkdir /etc/netns", "", errno));
  for (const auto& name : NETRIG_TRY(names_in(host))) {
    if (name != "netns" && !own.contains(name)) NETRIG_TRY(link_to(fs::path{host} / name, directory / name));
  }
  return {};
}

std::string with_plain_host_lookup(std::string_view text) {
  std::string changed = "hosts: files dns\n";
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    const auto line = text.substr(0, end);
    const auto word = line.find_first_not_of(" \t");
    if (word == std::string_view::npos || !line.substr(word).starts_with("hosts:")) changed += line;
    text.remove_prefix(end);
  }
  return changed;
}

}  // namespace netrig::process
