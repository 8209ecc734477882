#include <netrig/base/error.h>
#include <netrig/base/unique_fd.h>
#include <netrig/sandbox/ids.h>
#include <netrig/suites/teardown/surroundings.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <sched.h>
#include <set>
#include <sstream>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::teardown {
namespace {

// By one write(2), as the kernel wants its settings.
void write_setting(const std::string& path, const std::string& text) {
  std::ofstream file{path};
  require(static_cast<bool>(file << text << std::flush), "write", path);
}

std::string text_of(const char* path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

// The maps of every id need the privileges of outside: a child that stayed there writes them.
void unshare_with_every_id() {
  int go[2];
  require(::pipe(go) == 0, "pipe");
  const std::string process = "/proc/" + std::to_string(::getpid());
  const pid_t scribe = ::fork();
  require(scribe >= 0, "fork");
  if (scribe == 0) {
    char byte = 0;
    ::close(go[1]);
    if (::read(go[0], &byte, 1) != 1) ::_exit(1);
    for (const std::string map : {"/uid_map", "/gid_map"}) {
      write_setting(process + map, sandbox::identity_map(text_of(("/proc/self" + map).c_str())));
    }
    ::_exit(0);
  }
  require(::unshare(CLONE_NEWUSER) == 0, "unshare the user namespace");
  require(::write(go[1], "", 1) == 1, "write to a pipe");
  for (const int end : go) ::close(end);
  int status = 0;
  if (::waitpid(scribe, &status, 0) != scribe || status != 0) {
    throw SetupError{Error::invalid("map every id", "", "refused")};
  }
}

void unshare_with_one_id(uid_t id) {
  const std::string uid = std::to_string(id) + " " + std::to_string(::geteuid()) + " 1";
  const std::string gid = std::to_string(id) + " " + std::to_string(::getegid()) + " 1";
  require(::unshare(CLONE_NEWUSER) == 0, "unshare the user namespace");
  write_setting("/proc/self/setgroups", "deny");
  write_setting("/proc/self/uid_map", uid);
  write_setting("/proc/self/gid_map", gid);
}

void write_program(const std::filesystem::path& path, const std::string& text) {
  std::ofstream{path} << text;
  std::filesystem::permissions(path, std::filesystem::perms{0755});
}

// A file system of this process's own in place of the host's /etc.
void replace_etc(std::map<std::string, std::string> files, const std::string& program) {
  const std::string id = std::to_string(kUser);
  files["passwd"] = "root:x:0:0::/:/bin/sh\nvictim:x:" + id + ":" + id + "::/:/bin/sh\n";
  files["group"] = "root:x:0:\nvictim:x:" + id + ":\n";
  files["nsswitch.conf"] = "passwd: files\ngroup: files\n";
  files["ld.so.cache"] = text_of("/etc/ld.so.cache");
  files["victim"] = "";
  require(::mount("victim", "/etc", "tmpfs", 0, "mode=755") == 0, "mount a file system", "/etc");
  for (const auto& [name, text] : files) write_program("/etc/" + name, text);
  require(::mount(program.c_str(), "/etc/victim", nullptr, MS_BIND, nullptr) == 0, "bind", program);
}

// Shows `from` of the host below `to`, entry by entry.
void show_all_but(const std::set<std::string>& hidden, const std::filesystem::path& from,
                  const std::filesystem::path& to) {
  for (const auto& entry : std::filesystem::directory_iterator{from}) {
    const auto place = to / entry.path().filename();
    if (entry.is_symlink()) {
      std::filesystem::copy_symlink(entry.path(), place);
    } else if (entry.is_directory()) {
      std::filesystem::create_directory(place);
      if (hidden.contains(entry.path())) continue;
      require(::mount(entry.path().c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, "bind",
              entry.path());
    }
  }
}

// Shows the open folder at `place`, unless it is there as part of another one.
void show_folder(const UniqueFd& folder, const std::filesystem::path& place) {
  if (std::filesystem::exists(place)) return;
  std::filesystem::create_directories(place);
  const auto source = "/proc/self/fd/" + std::to_string(folder.get());
  require(::mount(source.c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, "bind", place);
}

}  // namespace

void require(bool done, const char* operation, const std::string& object) {
  if (!done) throw SetupError{Error::from_errno(operation, object, errno)};
}

void enter_user_namespace(Identity identity) {
  if (identity == Identity::every) {
    unshare_with_every_id();
  } else {
    unshare_with_one_id(identity == Identity::root ? 0 : 1000);
  }
}

void limit_namespaces(const std::string& kind, int count) {
  write_setting("/proc/sys/user/max_" + kind + "_namespaces", std::to_string(count));
}

void enter_bare_root(BareRoot kind, const std::string& program) {
  enter_user_namespace(Identity::root);
  require(::unshare(CLONE_NEWNS) == 0, "unshare the mount namespace");
  const auto folder = std::filesystem::path{program}.parent_path();
  const UniqueFd built{::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};  // it may be below /mnt
  require(static_cast<bool>(built), "open", folder);
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make the mounts private");
  require(::mount("bare", "/mnt", "tmpfs", 0, "mode=755") == 0, "mount a file system", "/mnt");
  const std::string root = "/mnt/root";
  std::filesystem::create_directory(root);
  show_all_but({"/bin", "/sbin", "/usr", "/mnt"}, "/", root);
  show_all_but({"/usr/bin", "/usr/sbin", "/usr/local"}, "/usr", root + "/usr");
  show_folder(built, root + folder.string());
  if (kind == BareRoot::chroot) {
    require(::chroot(root.c_str()) == 0, "chroot", root);
    require(::chdir("/") == 0, "change to", "/");
    return;
  }
  require(::mount(root.c_str(), root.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, "bind", root);
  require(::chdir(root.c_str()) == 0, "change to", root);
  require(::syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root", root);
  require(::umount2(".", MNT_DETACH) == 0, "umount the old root");
  require(::chdir("/") == 0, "change to", "/");
}

void become_user(const std::map<std::string, std::string>& files, const std::string& program) {
  require(::unshare(CLONE_NEWNS) == 0, "unshare the mount namespace");
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make the mounts private");
  replace_etc(files, program);
  require(::setgroups(0, nullptr) == 0, "give up the groups");
  require(::setresgid(kUser, kUser, kUser) == 0, "become group", std::to_string(kUser));
  require(::setresuid(kUser, kUser, kUser) == 0, "become user", std::to_string(kUser));
}

bool can_become_user() {
  std::istringstream map{text_of("/proc/self/uid_map")};
  long mapped = 0;
  for (long inside = 0, outside = 0, count = 0; map >> inside >> outside >> count;) mapped += count;
  return ::geteuid() == 0 && mapped >= 65536;
}

void give_up_new_privileges() { require(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "give up new privileges"); }

}  // namespace netrig::teardown
