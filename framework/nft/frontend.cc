#include <netrig/base/directory.h>
#include <netrig/nft/apart.h>
#include <netrig/nft/frontend.h>
#include <netrig/nft/list.h>
#include <netrig/nft/nf_socket.h>
#include <netrig/nft/reserved.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <mutex>
#include <nftables/libnftables.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/netlink.h>

namespace netrig::nft {
namespace {

constexpr std::string_view kText = "ruleset";
// Bytes of text; from about there on the usual send buffer is too small for what it becomes.
constexpr std::uintmax_t kLargeFile = 16'384;

// libnftables keeps the interfaces that it saw, and more, in variables of the process.
std::mutex& turn() {
  static std::mutex mutex;
  return mutex;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  if (what.empty()) return;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

// Without the tables of the rig's own. nft ends each table with a brace at the start of a line.
std::string without_reserved(std::string listing) {
  for (std::size_t start = 0; start < listing.size();) {
    const std::size_t brace = listing.find("\n}\n", start);
    const std::size_t end = brace == std::string::npos ? listing.size() : brace + 3;
    const std::string_view header = std::string_view{listing}.substr(start, listing.find('\n', start) - start);
    const auto is_named = [&](std::string_view name) { return header.contains(fmt::format(" {} {{", name)); };
    if (header.starts_with("table ") && std::ranges::any_of(kReservedTables, is_named)) {
      listing.erase(start, end - start);
    } else {
      start = end;
    }
  }
  return listing;
}

Result<UniqueFd> in_memory(std::string_view text, const std::string& label) {
  UniqueFd file{memfd_create("ruleset", MFD_CLOEXEC)};
  if (!file) return fail(Error::from_errno("make room for a ruleset", label, errno));
  while (!text.empty()) {
    const ssize_t size = write(file.get(), text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(Error::from_errno("make room for a ruleset", label, errno));
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return file;
}

struct FreeContext {
  void operator()(nft_ctx* nft) const noexcept { nft_ctx_free(nft); }
};
using NftContext = std::unique_ptr<nft_ctx, FreeContext>;

// In the calling thread's network namespace; only with the turn. None when memory is short.
NftContext make_context() {
  NftContext nft{nft_ctx_new(NFT_CTX_DEFAULT)};
  if (nft && (nft_ctx_buffer_output(nft.get()) != 0 || nft_ctx_buffer_error(nft.get()) != 0)) nft.reset();
  return nft;
}

// libnftables 1.0.6 asks for a larger send buffer in a way that only the host's root may (SO_SNDBUFFORCE). Its socket
// is its own secret, so every netfilter socket of this process gets what the host allows anybody (net.core.wmem_max).
void enlarge_send_buffers() {
  for (const auto& name : names_in("/proc/self/fd").value_or(std::vector<std::string>{})) {
    const int fd = std::atoi(name.c_str());
    int domain = 0, protocol = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_NETLINK) continue;
    if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 || protocol != NETLINK_NETFILTER) continue;
    const int most = std::numeric_limits<int>::max() / 2;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
  }
}

ino_t current_namespace() {
  struct stat status{};
  return stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
}

// Runs `work` apart. Where libnftables ended its process, the error says whether anything was done before that.
Result<Outcome> run_watched(nft_ctx& nft, const std::string& what, const std::string& label,
                            const std::function<int(nft_ctx&)>& work) {
  auto socket = NETRIG_TRY(NfSocket::open(label));
  const std::uint32_t before = NETRIG_TRY(generation(socket));
  auto outcome = run_apart(nft, what, label, work);
  if (outcome) return outcome;
  Error error = std::move(outcome).error();
  const bool same = generation(socket).value_or(before + 1) == before;
  error.detail += same ? "; the ruleset is what it was" : "; the ruleset may have changed";
  return fail(std::move(error));
}

}  // namespace

struct Frontend::Context {
  std::string label;
  ino_t netns = 0;
  NftContext nft;

  ~Context() {
    const std::scoped_lock lock{turn()};
    nft.reset();
  }

  // Interfaces would be looked up in the wrong one.
  [[nodiscard]] Result<void> require_namespace() const {
    if (current_namespace() == netns) return {};
    return fail(Error::invalid("use libnftables", label, "the calling thread is in another network namespace"));
  }
};

Frontend::Frontend(std::unique_ptr<Context> context) : context_{std::move(context)} {}
Frontend::Frontend(Frontend&&) noexcept = default;
Frontend& Frontend::operator=(Frontend&&) noexcept = default;
Frontend::~Frontend() = default;

Result<Frontend> Frontend::open(std::string label) {
  // The library would end the process where it gets no socket; and it would work on the host.
  NETRIG_TRY(NfSocket::open(label));
  auto context = std::make_unique<Context>();
  context->label = std::move(label);
  context->netns = current_namespace();
  const std::scoped_lock lock{turn()};
  context->nft = make_context();
  if (!context->nft) return fail(Error::from_errno("open libnftables", context->label, ENOMEM));
  return Frontend{std::move(context)};
}

Result<void> Frontend::load_file(const std::filesystem::path& file, const ReadOptions& options) {
  const std::string what = "load " + file.string();
  // nft takes "-" for standard input, and tells less of a file that it cannot read.
  const UniqueFd readable{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!readable) return fail(Error::from_errno(what, context_->label, errno));
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return fail(Error::from_errno(what, context_->label, EISDIR));
  const auto path = file.string() == "-" ? std::string{"./-"} : file.string();
  return load(path, path, what, options, std::filesystem::absolute(file, ignored).parent_path());
}

Result<void> Frontend::load_text(std::string_view text, const ReadOptions& options) {
  // As a file, because of a buffer nft tells no line numbers.
  const UniqueFd file = NETRIG_TRY(in_memory(text, context_->label));
  return load(fmt::format("/proc/self/fd/{}", file.get()), std::string{kText}, "load ruleset", options, {});
}

Result<void> Frontend::load(const std::string& path, const std::string& shown, const std::string& what,
                            const ReadOptions& options, const std::filesystem::path& folder) {
  NETRIG_TRY(context_->require_namespace());
  const std::scoped_lock lock{turn()};
  // A context of its own: one whose variables were cleared is of no further use (libnftables 1.0.6 frees them twice).
  const NftContext nft = make_context();
  if (!nft) return fail(Error::from_errno(what, context_->label, ENOMEM));
  nft_ctx_clear_include_paths(nft.get());
  if (!folder.empty()) nft_ctx_add_include_path(nft.get(), folder.c_str());
  for (const auto& include : options.include_paths) nft_ctx_add_include_path(nft.get(), include.c_str());
  nft_ctx_add_include_path(nft.get(), "/etc");
  for (const auto& [name, value] : options.variables) {
    if (nft_ctx_add_var(nft.get(), fmt::format("{}={}", name, value).c_str()) == 0) continue;
    return fail(Error::invalid(what, context_->label, fmt::format("{}={} is no variable for nft", name, value)));
  }
  std::error_code unknown;
  if (std::filesystem::file_size(path, unknown) > kLargeFile && !unknown) enlarge_send_buffers();
  const auto run = [&](nft_ctx& context) { return nft_run_cmd_from_filename(&context, path.c_str()); };
  Outcome outcome = NETRIG_TRY(run_watched(*nft, what, context_->label, run));
  if (outcome.status != 0 && outcome.complaint.contains(std::strerror(EMSGSIZE))) {
    enlarge_send_buffers();
    outcome = NETRIG_TRY(run_watched(*nft, what, context_->label, run));
    if (outcome.complaint.contains(std::strerror(EMSGSIZE)))
      outcome.complaint += "\nmore than a socket may send at once: raise net.core.wmem_max on the host";
  }
  if (outcome.status == 0) return {};
  if (path != shown) replace_all(outcome.complaint, path, shown);
  return fail(Error::invalid(what, context_->label, std::move(outcome.complaint)));
}

// In this process: nothing is made of text that may be anything, and the cache serves the next listing.
Result<std::string> Frontend::list(Handles handles, Counts counts) {
  constexpr const char* kList = "list ruleset";
  unsigned flags = 0;
  if (handles == Handles::show) flags |= NFT_CTX_OUTPUT_HANDLE;
  if (counts == Counts::hide) flags |= NFT_CTX_OUTPUT_STATELESS;
  NETRIG_TRY(context_->require_namespace());
  const std::scoped_lock lock{turn()};
  nft_ctx* nft = context_->nft.get();
  nft_ctx_output_set_flags(nft, flags);
  const int status = nft_run_cmd_from_buffer(nft, kList);
  std::string printed = nft_ctx_get_output_buffer(nft);
  std::string complaint = nft_ctx_get_error_buffer(nft);
  if (status == 0) return without_reserved(std::move(printed));
  while (complaint.ends_with('\n')) complaint.pop_back();
  return fail(Error::invalid(kList, context_->label, std::move(complaint)));
}

Result<std::string> Frontend::run(std::string_view commands) {
  const std::string what = fmt::format("nft '{}'", commands), text{commands};
  NETRIG_TRY(context_->require_namespace());
  const std::scoped_lock lock{turn()};
  const NftContext nft = make_context();
  if (!nft) return fail(Error::from_errno(what, context_->label, ENOMEM));
  Outcome outcome = NETRIG_TRY(run_watched(
      *nft, what, context_->label, [&](nft_ctx& context) { return nft_run_cmd_from_buffer(&context, text.c_str()); }));
  if (outcome.status == 0) return outcome.output;
  return fail(Error::invalid(what, context_->label, std::move(outcome.complaint)));
}

}  // namespace netrig::nft
