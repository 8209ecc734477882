#include <netrig/process/etc_files.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdlib.h>
#include <unistd.h>

namespace netrig::process {
namespace {

namespace fs = std::filesystem;

class EtcFilesTest : public testing::Test {
 protected:
  EtcFilesTest() {
    fs::create_directories(host_);
    fs::create_directories(etc_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void host_has(const std::string& name, const std::string& text) { std::ofstream{host_ / name} << text; }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream{etc_ / name}.rdbuf();
    return text.str();
  }
  [[nodiscard]] bool is_link(const std::string& name) const { return fs::is_symlink(etc_ / name); }
  void fill() {
    value_or_throw(
        fill_etc(etc_, host_, {.name = "pc", .hosts = "10.0.0.1 pc\n", .resolv_conf = "nameserver 10.0.0.53\n"}));
  }

  // Not named by the pid: each test program has the same one in a pid namespace of its own.
  static fs::path fresh_folder() {
    std::string pattern = testing::TempDir() + "etc_files_test.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw SetupError{Error::from_errno("mkdtemp " + pattern, "", errno)};
    return pattern;
  }
  const fs::path root_ = fresh_folder();
  const fs::path host_ = root_ / "host";
  const fs::path etc_ = root_ / "etc";
};

TEST_F(EtcFilesTest, LinksWhatIsTheHosts) {
  host_has("passwd", "root:x:0:0::/:/bin/sh\n");
  fill();
  EXPECT_TRUE(is_link("passwd"));
  EXPECT_EQ(text_of("passwd"), "root:x:0:0::/:/bin/sh\n");
}

TEST_F(EtcFilesTest, WritesTheNodesOwnFiles) {
  host_has("hosts", "1.2.3.4 elsewhere\n");
  fill();
  EXPECT_FALSE(is_link("hosts"));
  EXPECT_EQ(text_of("hosts"), "10.0.0.1 pc\n");
  EXPECT_EQ(text_of("resolv.conf"), "nameserver 10.0.0.53\n");
  EXPECT_EQ(text_of("hostname"), "pc\n");
}

TEST_F(EtcFilesTest, ReplacesALinkedResolvConf) {
  fs::create_symlink("../run/systemd/resolve/stub-resolv.conf", host_ / "resolv.conf");
  fill();
  EXPECT_FALSE(is_link("resolv.conf"));
}

TEST_F(EtcFilesTest, MakesLinksAgainWithTheirTarget) {
  fs::create_symlink("../proc/self/mounts", host_ / "mtab");
  fill();
  EXPECT_EQ(fs::read_symlink(etc_ / "mtab"), "../proc/self/mounts");
}

TEST_F(EtcFilesTest, CopiesSysctlConfWhereThereIsOne) {
  host_has("sysctl.conf", "a = 1\n");
  fill();
  EXPECT_FALSE(is_link("sysctl.conf"));
  EXPECT_EQ(text_of("sysctl.conf"), "a = 1\n");
}

TEST_F(EtcFilesTest, MakesNoSysctlConfWhereThereIsNone) {
  fill();
  EXPECT_FALSE(fs::exists(fs::symlink_status(etc_ / "sysctl.conf")));
}

TEST_F(EtcFilesTest, GivesAnEmptyNetnsDirectoryWhateverTheHostHas) {
  fs::create_directories(host_ / "netns/blue");
  fill();
  EXPECT_FALSE(is_link("netns"));
  EXPECT_TRUE(fs::is_empty(etc_ / "netns"));
}

TEST(PlainHostLookupTest, ReplacesTheHostsLineAlone) {
  EXPECT_EQ(with_plain_host_lookup("passwd: files systemd\nhosts: files resolve [!UNAVAIL=return] dns\nports: db"),
            "hosts: files dns\npasswd: files systemd\nports: db");
  EXPECT_EQ(with_plain_host_lookup(""), "hosts: files dns\n");
}

}  // namespace
}  // namespace netrig::process
