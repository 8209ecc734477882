#include <netrig/sandbox/channel.h>
#include <netrig/sandbox/raw.h>

#include <sys/socket.h>
#include <sys/uio.h>

namespace netrig::sandbox {
namespace {

constexpr std::size_t kDescriptorSpace = CMSG_SPACE(kMaxDescriptors * sizeof(int));
constexpr std::size_t kCredentialSpace = CMSG_SPACE(sizeof(ucred));

struct alignas(cmsghdr) Control {
  char bytes[kDescriptorSpace + kCredentialSpace];
};

void put(char* at, int type, const void* data, std::size_t size) noexcept {
  auto* header = reinterpret_cast<cmsghdr*>(at);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(size);
  auto* to = CMSG_DATA(header);
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<const unsigned char*>(data)[i];
}

void take(const cmsghdr& header, Extras& extras) noexcept {
  const auto size = header.cmsg_len - CMSG_LEN(0);
  if (header.cmsg_type == SCM_RIGHTS) {
    const auto* descriptors = reinterpret_cast<const int*>(CMSG_DATA(&header));
    for (std::size_t i = 0; i < size / sizeof(int) && i < kMaxDescriptors; ++i) extras.descriptors[i] = descriptors[i];
  } else if (header.cmsg_type == SCM_CREDENTIALS) {
    extras.sender = reinterpret_cast<const ucred*>(CMSG_DATA(&header))->pid;
  }
}

}  // namespace

int make_channel(int ends[2]) noexcept {
  return raw::call(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno;
}

int send_message(int channel, const void* message, std::size_t size, const int* descriptors, std::size_t count,
                 pid_t sender) noexcept {
  Control control{};
  std::size_t used = 0;
  if (count > 0) {
    put(control.bytes, SCM_RIGHTS, descriptors, count * sizeof(int));
    used += CMSG_SPACE(count * sizeof(int));
  }
  if (sender > 0) {
    const ucred credentials{sender, 0, 0};
    put(control.bytes + used, SCM_CREDENTIALS, &credentials, sizeof credentials);
    used += kCredentialSpace;
  }
  iovec part{const_cast<void*>(message), size};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = used > 0 ? control.bytes : nullptr;
  header.msg_controllen = used;
  for (;;) {
    if (raw::call(SYS_sendmsg, channel, &header, MSG_NOSIGNAL) >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

int receive_message(int channel, void* message, std::size_t size, Extras& extras) noexcept {
  Control control{};
  iovec part{message, size};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes;
  header.msg_controllen = sizeof control;
  long received = 0;
  do {
    received = raw::call(SYS_recvmsg, channel, &header, MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return errno == ECONNRESET ? ENODATA : errno;
  for (auto* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) take(*each, extras);
  if (received == 0) return ENODATA;
  return static_cast<std::size_t>(received) == size ? 0 : EBADMSG;
}

}  // namespace netrig::sandbox
