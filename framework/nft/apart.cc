#include <netrig/base/fork_window.h>
#include <netrig/base/unique_fd.h>
#include <netrig/nft/apart.h>

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <nftables/libnftables.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::nft {
namespace {

// What the child writes before the two texts.
struct ReportHead {
  std::uint32_t whole = 0;
  int status = 0;
  std::uint64_t output = 0;
  std::uint64_t complaint = 0;
};

void without_final_breaks(std::string& text) {
  while (text.ends_with('\n')) text.pop_back();
}

bool append_to(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

std::string contents_of(int fd) {
  struct stat status{};
  ::fstat(fd, &status);
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t size = ::pread(fd, text.data() + have, text.size() - have, static_cast<off_t>(have));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    have += static_cast<std::size_t>(size);
  }
  text.resize(have);
  return text;
}

// The head comes last, so that it stands for the whole.
void report(int fd, nft_ctx& nft, int status) {
  const std::string_view output = nft_ctx_get_output_buffer(&nft), complaint = nft_ctx_get_error_buffer(&nft);
  const ReportHead head{1, status, output.size(), complaint.size()};
  if (::lseek(fd, sizeof head, SEEK_SET) < 0 || !append_to(fd, output) || !append_to(fd, complaint)) return;
  std::ignore = ::pwrite(fd, &head, sizeof head, 0);
}

// Dies with who waits for it, by the assertion's own signal, and leaves no core.
void behave_as_child(int last_words) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{};
  ::setrlimit(RLIMIT_CORE, &no_core);
  std::signal(SIGABRT, SIG_DFL);
  ::dup2(last_words, STDERR_FILENO);
}

std::string ending(pid_t child) {
  int status = 0;
  pid_t ended = -1;
  do ended = ::waitpid(child, &status, 0);
  while (ended < 0 && errno == EINTR);
  if (ended < 0) return "ended";
  if (WIFSIGNALED(status)) return fmt::format("ended by SIG{}", sigabbrev_np(WTERMSIG(status)));
  return fmt::format("exited with {}", WEXITSTATUS(status));
}

}  // namespace

Result<Outcome> run_apart(nft_ctx& nft, const std::string& what, const std::string& label,
                          const std::function<int(nft_ctx&)>& work) {
  const UniqueFd result{::memfd_create("result", MFD_CLOEXEC)}, last_words{::memfd_create("last-words", MFD_CLOEXEC)};
  const ForkWindow copies;  // of all that is open, until the child has ended
  const pid_t child = result && last_words ? ::fork() : -1;
  if (child < 0) return fail(Error::from_errno(what, label, errno, "libnftables runs in a process of its own"));
  if (child == 0) {
    behave_as_child(last_words.get());
    report(result.get(), nft, work(nft));
    ::_exit(0);
  }
  const std::string end = ending(child);
  const std::string told = contents_of(result.get());
  ReportHead head;
  if (told.size() >= sizeof head) std::memcpy(&head, told.data(), sizeof head);
  if (head.whole == 0 || told.size() != sizeof head + head.output + head.complaint) {
    std::string words = contents_of(last_words.get());
    without_final_breaks(words);
    return fail(Error::invalid(what, label, fmt::format("libnftables {}: {}", end, words.empty() ? "no word" : words)));
  }
  Outcome outcome{.status = head.status,
                  .output = told.substr(sizeof head, head.output),
                  .complaint = told.substr(sizeof head + head.output)};
  without_final_breaks(outcome.complaint);
  return outcome;
}

}  // namespace netrig::nft
