// nft itself, as a library (libnftables): rulesets as text, with everything that nft(8) understands.
//
//   Frontend gateway = NETRIG_TRY(gateway_ns.run([] { return Frontend::open("gateway"); }));
//   gateway_ns.run([&] { return gateway.load_file("rules/office.nft"); });
//     // load rules/office.nft in "gateway": rules/office.nft:4:7-10: Error: syntax error, unexpected string
//     //       tcp dprt 80 accept
//     //           ^^^^
//   gateway_ns.run([&] { return gateway.list(Handles::show); });     // nft -a list ruleset
//
// libnftables talks to the namespace in which it was opened, but looks interfaces up in that of the calling thread:
// call each function inside the namespace; anywhere else it is an error. Node (topology/node.h) does all of this.
//
// The library ends its process by abort(3) on some valid texts. So what is loaded or run is so in a short-lived child
// process, and such an end is an error that quotes its last words; listings are made in this process.
#pragma once

#include <netrig/base/result.h>
#include <netrig/nft/ruleset.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netrig::nft {

/// Whether a listing shows what counters counted.
enum class Counts : bool { hide, show };

/// How a file of rules is read.
struct ReadOptions {
  /// As `nft -D NAME=VALUE`: takes the place of what the file defines by `define` ... `redefine`, and of what it lacks.
  std::vector<std::pair<std::string, std::string>> variables = {};
  /// Where `include "name"` looks, as `nft -I`: first in the folder of the file itself, then in these, then in nft's
  /// own (/etc). `include "./name"` is relative to the working directory, as nft has it.
  std::vector<std::filesystem::path> include_paths = {};
};

/// A libnftables context of one network namespace. Functions may be called from any thread that is in that namespace;
/// the library has state of its own, so that all users in the process take turns. Move-only.
class Frontend {
 public:
  /// Opens one in the calling thread's network namespace. `label` is what errors call it. EPERM in a network namespace
  /// of the host's: see NfSocket::open().
  static Result<Frontend> open(std::string label);
  Frontend(Frontend&&) noexcept;
  Frontend& operator=(Frontend&&) noexcept;
  ~Frontend();

  /// Loads a file as `nft -f` does: all of it or, on an error, nothing. The error's detail is nft's own text, with
  /// file, line, column and the line itself. What is too large for a socket to send at once names the limit.
  Result<void> load_file(const std::filesystem::path& file, const ReadOptions& options = {});
  /// The same for text, which errors call `ruleset` (`ruleset:4:7-10: Error: ...`).
  Result<void> load_text(std::string_view text, const ReadOptions& options = {});

  /// `nft list ruleset`, or `nft -a list ruleset`, without the rig's own tables (reserved.h); `nft -s` hides what
  /// counters counted.
  Result<std::string> list(Handles handles = Handles::hide, Counts counts = Counts::show);
  /// Runs commands (`list set inet filter guests`, `add element ...`), separated by line breaks or semicolons, and
  /// gives what they print.
  Result<std::string> run(std::string_view commands);

 private:
  struct Context;
  explicit Frontend(std::unique_ptr<Context> context);
  Result<void> load(const std::string& path, const std::string& shown, const std::string& what,
                    const ReadOptions& options, const std::filesystem::path& folder);
  std::unique_ptr<Context> context_;
};

}  // namespace netrig::nft
