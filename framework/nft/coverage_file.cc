// Coverage as JSON, and files of it.
#include <netrig/base/unique_fd.h>
#include <netrig/nft/coverage.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace netrig::nft {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const RuleUse& use) {
  return {{"family", to_string(use.rule.chain.table.family)},
          {"table", use.rule.chain.table.name},
          {"chain", use.rule.chain.name},
          {"position", use.rule.position},
          {"handle", use.rule.handle},
          {"comment", use.rule.comment},
          {"text", use.rule.text},
          {"hits", use.hits}};
}

Json json_of(const Coverage& coverage) {
  auto rules = Json::array();
  for (const auto& use : coverage.rules) rules.push_back(json_of(use));
  return {{"nodes", coverage.nodes},
          {"complete", coverage.complete},
          {"exercised", coverage.rules.size() - coverage.unused().size()},
          {"rules", std::move(rules)}};
}

RuleUse use_of(const Json& json) {
  const TableName table{value_or_throw(parse_family(json.at("family").get<std::string>())), json.at("table")};
  return {.rule = {.chain = {table, json.at("chain")},
                   .position = json.at("position"),
                   .handle = json.at("handle"),
                   .text = json.at("text"),
                   .comment = json.at("comment")},
          .hits = json.at("hits")};
}

Coverage coverage_of(const Json& json) {
  Coverage coverage{.nodes = json.at("nodes"), .complete = json.at("complete")};
  for (const auto& use : json.at("rules")) coverage.rules.push_back(use_of(use));
  return coverage;
}

Result<std::string> read_all(int fd, const std::string& what) {
  std::string text;
  struct stat status{};
  if (fstat(fd, &status) != 0) return fail(Error::from_errno(what, "", errno));
  text.resize(static_cast<std::size_t>(status.st_size));
  for (std::size_t have = 0; have < text.size();) {
    const ssize_t size = pread(fd, text.data() + have, text.size() - have, static_cast<off_t>(have));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(Error::from_errno(what, "", errno));
    if (size == 0) text.resize(have);
    have += static_cast<std::size_t>(size);
  }
  return text;
}

Result<void> write_all(int fd, std::string_view text, const std::string& what) {
  if (ftruncate(fd, 0) != 0) return fail(Error::from_errno(what, "", errno));
  for (off_t have = 0; !text.empty();) {
    const ssize_t size = pwrite(fd, text.data(), text.size(), have);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(Error::from_errno(what, "", errno));
    text.remove_prefix(static_cast<std::size_t>(size));
    have += size;
  }
  return {};
}

}  // namespace

std::string to_json(const std::vector<Coverage>& all) {
  auto rulesets = Json::array();
  for (const auto& coverage : all) rulesets.push_back(json_of(coverage));
  return Json{{"rulesets", std::move(rulesets)}}.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<std::vector<Coverage>> parse_coverage(std::string_view json) {
  try {
    std::vector<Coverage> all;
    const auto parsed = Json::parse(json);
    for (const auto& each : parsed.at("rulesets")) all.push_back(coverage_of(each));
    return all;
  } catch (const Json::exception& error) {
    return fail(Error::invalid("read coverage", "", error.what()));
  } catch (const SetupError& error) {
    return fail(error.error());
  }
}

Result<void> merge_into_file(const std::filesystem::path& file, const std::vector<Coverage>& more) {
  const auto what = "write coverage to " + file.string();
  constexpr mode_t kMode = 0666;
  const UniqueFd fd{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode)};
  if (!fd) return fail(Error::from_errno(what, "", errno));
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail(Error::from_errno(what, "", errno));
  }
  const auto text = NETRIG_TRY(read_all(fd.get(), what));
  std::vector<Coverage> all;
  if (!text.empty()) {
    auto present = parse_coverage(text);
    if (!present) return fail(Error::invalid(what, "", "it holds something else: " + present.error().message()));
    all = *std::move(present);
  }
  for (const auto& coverage : more) merge(all, coverage);
  return write_all(fd.get(), to_json(all), what);
}

}  // namespace netrig::nft
