// The limits that making namespaces runs into, for errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace netrig::netns {

/// /proc/sys/user/max_net_namespaces: how many this user may have in this user namespace (namespaces(7)).
std::optional<std::uint64_t> netns_limit();

/// That limit and how to raise it, for ENOSPC. Limits of outer user namespaces hold too, and cannot be seen from here.
std::string describe_netns_limits();

/// The limit of open files and how to raise it, for EMFILE (getrlimit(2), RLIMIT_NOFILE).
std::string describe_fd_limit();

}  // namespace netrig::netns
