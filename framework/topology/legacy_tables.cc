#include <netrig/topology/legacy_tables.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace netrig {
inline namespace topology {

namespace {

const char* path_of(AddressFamily family) {
  return family == AddressFamily::ipv4 ? "/proc/thread-self/net/ip_tables_names"
                                       : "/proc/thread-self/net/ip6_tables_names";
}

}  // namespace

LegacyTables LegacyTables::open() {
  LegacyTables tables;
  for (const auto family : {AddressFamily::ipv4, AddressFamily::ipv6}) {
    Names& names = family == AddressFamily::ipv4 ? tables.v4_ : tables.v6_;
    names.file = UniqueFd{::open(path_of(family), O_RDONLY | O_CLOEXEC)};
    names.absent = !names.file && errno == ENOENT;
  }
  return tables;
}

bool LegacyTables::any(AddressFamily family) const {
  char first = 0;
  return of(family).file && ::pread(of(family).file.get(), &first, 1, 0) == 1;
}

// Every namespace has the files, or none.
bool LegacyTables::outdated(AddressFamily family) const {
  return of(family).absent && ::access(path_of(family), F_OK) == 0;
}

}  // namespace topology
}  // namespace netrig
