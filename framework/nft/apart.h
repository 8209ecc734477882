// Private to the module: libnftables where it can do no harm. It ends its process by abort(3) or exit(3) on some valid
// texts (1.0.6: an overlapping range in `replace`, a map updated with concatenations) and when memory is short.
#pragma once

#include <netrig/base/result.h>

#include <functional>
#include <string>

struct nft_ctx;  // nftables/libnftables.h

namespace netrig::nft {

/// What libnftables said of its work.
struct Outcome {
  int status = 0;  ///< 0: done
  std::string output = {};
  std::string complaint = {};  ///< without the line breaks at its end
};

/// Runs `work` in a child process, a copy of this one with only the calling thread, and tells what became of it. The
/// context is of no further use: what it read lies in the child. If libnftables ended the child, the error's detail has
/// the last words; the kernel does a transaction in one piece, so that the ruleset is then as before unless it was
/// done. EAGAIN: no more processes are allowed.
Result<Outcome> run_apart(nft_ctx& nft, const std::string& what, const std::string& label,
                          const std::function<int(nft_ctx&)>& work);

}  // namespace netrig::nft
