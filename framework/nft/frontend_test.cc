// Rulesets as text, with the nft program as the witness.
#include <netrig/nft/fresh_network.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/reserved.h>
#include <netrig/testing/skip.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <thread>

namespace netrig::nft {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* kOffice = R"(define lan = "lan0"
table inet office {
	set guests {
		type ipv4_addr
		flags interval
		elements = { 10.9.1.0/24, 10.9.3.7 }
	}

	map ports {
		type inet_service : verdict
		elements = { 22 : accept, 80 : jump web }
	}

	chain web {
		ip6 saddr fd00::/64 accept
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state vmap { established : accept, invalid : drop }
		iifname $lan ip saddr @guests counter drop comment "guests stay out"
		tcp dport vmap @ports
	}
}
)";

// A folder of its own, gone with it.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "netrig-nft-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw SetupError{Error::from_errno("make a folder", pattern, errno)};
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream{path_ / name} << text;
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class FrontendTest : public FreshNetworkTest {
 protected:
  void SetUp() override {
    FreshNetworkTest::SetUp();
    if (IsSkipped()) return;
    auto opened = Frontend::open("gw");
    ASSERT_TRUE(opened) << opened.error();
    nft_ = std::make_unique<Frontend>(*std::move(opened));
  }
  void TearDown() override {
    nft_.reset();
    FreshNetworkTest::TearDown();
  }
  Frontend& nft() { return *nft_; }
  std::string text(Handles handles = Handles::hide) {
    auto listed = nft().list(handles);
    if (!listed) ADD_FAILURE() << listed.error();
    return listed ? *std::move(listed) : std::string{};
  }

  const Folder folder_;

 private:
  std::unique_ptr<Frontend> nft_;
};

TEST_F(FrontendTest, LoadsWhatNftLoadsAndListsItAsNftDoes) {
  const auto loaded = nft().load_file(folder_.write("office.nft", kOffice));
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(text(), HasSubstr("iifname \"lan0\" ip saddr @guests counter packets 0 bytes 0 drop"));
  const std::string plain = NETRIG_OUTPUT_OR_SKIP("nft list ruleset");
  EXPECT_EQ(text(), plain);
  const std::string with_handles = NETRIG_OUTPUT_OR_SKIP("nft -a list ruleset");
  EXPECT_EQ(text(Handles::show), with_handles);
}

TEST_F(FrontendTest, ASyntaxErrorQuotesFileLineAndColumn) {
  const auto file = folder_.write("typo.nft", "table inet t {\n\tchain c {\n\t\ttcp dprt 80 accept\n\t}\n}\n");
  const auto loaded = nft().load_file(file);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message(),
              StartsWith("load " + file.string() + " in \"gw\": " + file.string() + ":3:7-10: Error: syntax error"));
  EXPECT_THAT(loaded.error().message(), AllOf(HasSubstr("tcp dprt 80 accept"), HasSubstr("^^^^")));
}

TEST_F(FrontendTest, AnErrorInTextQuotesItsLine) {
  const auto loaded = nft().load_text("table inet t {\n\tchain c {\n\t\ttcp dprt 80 accept\n\t}\n}\n");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message(), StartsWith("load ruleset in \"gw\": ruleset:3:7-10: Error: syntax error"));
}

TEST_F(FrontendTest, AnErrorLeavesTheRulesetAsItWas) {
  ASSERT_TRUE(nft().load_text(kOffice));
  const auto before = text(Handles::show);
  for (const char* bad : {
           "flush ruleset; table ip t { chain c { ip saddr @nobody drop; }; }",     // an unknown set
           "flush ruleset; table ip t { chain c { jump nowhere; }; }",              // told by the kernel
           "flush ruleset; table ip t { chain c { tcp dport 90-80 drop; }; }",      // upside down
           "flush ruleset; table ip t { chain c { ip6 saddr fd00::1 drop; }; }",    // of the wrong family
           "flush ruleset; table ip t { chain c { iif \"nosuch0\" drop; }; }",      // no such interface
           "flush ruleset; table ip t { chain c { ip saddr 10.0.0.300 drop; }; }",  // no address
           "flush ruleset; include \"nosuch.nft\"",
       }) {
    const auto loaded = nft().load_text(bad);
    ASSERT_FALSE(loaded) << bad;
    EXPECT_THAT(loaded.error().message(), AllOf(HasSubstr("ruleset:1:"), HasSubstr("Error: "))) << bad;
    EXPECT_EQ(text(Handles::show), before) << bad;
  }
}

TEST_F(FrontendTest, IncludesAreFoundBesideTheFileAndWhereTheyAreSaidToBe) {
  const Folder elsewhere;
  (void)folder_.write("near.nft", "table ip near { }\n");
  (void)elsewhere.write("far.nft", "table ip far { }\n");
  const auto file = folder_.write("main.nft", "include \"near.nft\"\ninclude \"far.nft\"\n");
  EXPECT_FALSE(nft().load_file(file));
  const auto loaded = nft().load_file(file, {.include_paths = {elsewhere.path()}});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(text(), AllOf(HasSubstr("table ip near"), HasSubstr("table ip far")));
  EXPECT_FALSE(nft().load_file(file)) << "the include path of one call served the next";
}

TEST_F(FrontendTest, VariablesAreGivenFromOutside) {
  const std::string rules = "table ip t { chain c { tcp dport $port accept; }; }";
  EXPECT_THAT(nft().load_text(rules).error().message(), HasSubstr("unknown identifier 'port'"));
  const auto loaded = nft().load_text(rules, {.variables = {{"port", "{ 80, 443 }"}}});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(text(), HasSubstr("tcp dport { 80, 443 } accept"));
  EXPECT_FALSE(nft().load_text(rules)) << "the variable of one call served the next";
}

TEST_F(FrontendTest, AThousandRulesAreLoadedAtOnce) {
  std::string rules = "table ip t { chain c { type filter hook input priority 0\n";
  for (int i = 0; i < 1000; ++i)
    rules +=
        fmt::format("ip saddr 10.0.{}.{} tcp dport {} counter accept comment \"{}\"\n", i / 250, i % 250, i + 1, i);
  const auto loaded = nft().load_text(rules + "}\n}\n");
  if (!loaded && loaded.error().message().contains("net.core.wmem_max")) NETRIG_SKIP("socket-buffer", loaded.error());
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(listing().tables.front().chains.front().rules.size(), 1000U);
}

TEST_F(FrontendTest, AFileThatCannotBeReadIsNamed) {
  EXPECT_EQ(nft().load_file("/no/such/rules.nft").error().message(),
            "load /no/such/rules.nft in \"gw\": ENOENT (No such file or directory)");
  EXPECT_EQ(nft().load_file("/proc").error().code, EISDIR);
}

TEST_F(FrontendTest, RunsCommandsAndGivesWhatTheyPrint) {
  ASSERT_TRUE(nft().load_text(kOffice));
  const auto listed = nft().run("add element inet office guests { 10.9.4.4 }\nlist set inet office guests");
  ASSERT_TRUE(listed) << listed.error();
  EXPECT_THAT(*listed, HasSubstr("10.9.4.4"));
  const auto refused = nft().run("list set inet office nobody");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), AllOf(StartsWith("nft 'list set inet office nobody' in \"gw\": "),
                                               HasSubstr("No such file or directory")));
}

TEST_F(FrontendTest, TheRigsOwnTablesAreNotListed) {
  ASSERT_TRUE(nft().load_text(kOffice));
  const auto before = text(Handles::show);
  for (const Family family : {Family::inet, Family::bridge}) {
    Table own{.family = family, .name = std::string{kReservedTable}};
    own.add(Chain::base("c", ChainType::filter, Hook::prerouting, 0)).add(Rule{}.counter());
    ASSERT_TRUE(apply(socket(), Transaction{}.add(own)));
  }
  ASSERT_TRUE(nft().load_text("table ip last { }"));
  EXPECT_THAT(text(Handles::show),
              AllOf(StartsWith(before), HasSubstr("table ip last"), Not(HasSubstr(kReservedTable))));
  EXPECT_EQ(listing().tables.size(), 2U);
  const std::string witness = NETRIG_OUTPUT_OR_SKIP("nft list ruleset");
  EXPECT_THAT(witness, HasSubstr(kReservedTable));
}

TEST_F(FrontendTest, IsRefusedInAnotherNamespace) {
  std::jthread{[&] {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    EXPECT_THAT(nft().load_text("table ip here { }").error().message(), HasSubstr("in another network namespace"));
    EXPECT_FALSE(nft().list());
  }}.join();
  EXPECT_THAT(listing().tables, IsEmpty());
}

TEST_F(FrontendTest, ManyThreadsTakeTurns) {
  const auto work = [&](int number) {
    for (int i = 0; i < 20; ++i) {
      const auto name = std::to_string(number * 100 + i);
      const auto loaded = nft().load_text("table ip t" + name + " { chain c { tcp dport 80 accept; }; }");
      EXPECT_TRUE(loaded) << loaded.error();
      EXPECT_FALSE(nft().load_text("table ip t" + name + " { chain c { tcp dprt 80 accept; }; }"));
    }
  };
  const auto other = [&] {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto own = Frontend::open("other");
    ASSERT_TRUE(own) << own.error();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(own->list().value(), "");
  };
  std::jthread a{work, 1}, b{work, 2}, c{other};
  a.join(), b.join(), c.join();
  EXPECT_EQ(listing().tables.size(), 40U);
}

}  // namespace
}  // namespace netrig::nft
