#include <netrig/traffic/connection_side.h>
#include <netrig/traffic/kernel_types.h>

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sock_diag.h>

namespace netrig::traffic {

namespace {

// What a file descriptor of a socket leads to: the file, its name in the socket file system, and the inode there with
// the socket in it. linux/fs.h, linux/dcache.h, net/sock.h of the kernel.
constexpr std::array<std::string_view, 3> kOfAFile{"file", "dentry", "socket_alloc"};

std::optional<ByteCount> times(const std::optional<std::uint64_t>& each, std::uint64_t count) {
  return each ? std::optional{ByteCount{*each * count}} : std::nullopt;
}

}  // namespace

// Past the C library's wrapper, see own_files.h.
ByteCount buffered(int socket) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> now{};
  socklen_t size = sizeof now;
  if (::syscall(SYS_getsockopt, socket, SOL_SOCKET, SO_MEMINFO, now.data(), &size) != 0) return {};
  return ByteCount{std::uint64_t{now[SK_MEMINFO_RMEM_ALLOC]} + now[SK_MEMINFO_WMEM_QUEUED] + now[SK_MEMINFO_OPTMEM]};
}

HeldMemory memory_of(std::uint64_t ends, AddressFamily family, ByteCount buffers) {
  static const auto one_file = sizes_of_kernel(kOfAFile);  // megabytes to read
  std::ifstream file{"/proc/thread-self/net/protocols"};
  const std::string table{std::istreambuf_iterator<char>{file}, {}};
  return {.sockets = times(socket_size_in(table, family == AddressFamily::ipv4 ? "TCP" : "TCPv6"), ends),
          .files = times(one_file, ends),
          .buffers = buffers};
}

ByteCount HeldMemory::total() const { return sockets.value_or(ByteCount{}) + files.value_or(ByteCount{}) + buffers; }

std::string HeldMemory::to_string(std::uint64_t connections) const {
  if (connections == 0) return "none";
  const auto each = [&](const std::optional<ByteCount>& of) {
    return of ? fmt::format("{:.0f}", static_cast<double>(of->value()) / static_cast<double>(connections)) : "unknown";
  };
  return fmt::format("{} bytes each in the kernel (sockets {}, files {}, buffers {})", each(total()), each(sockets),
                     each(files), each(buffers));
}

}  // namespace netrig::traffic
