// How large the running kernel's structures are, as it describes them itself. Private to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::traffic {

/// The bytes of one `struct name`, for each of `names`, from type information as in /sys/kernel/btf/vmlinux (BTF:
/// Documentation/bpf/btf.rst). None unless all are in there, or where it is cut short or none at all.
std::optional<std::uint64_t> sizes_in_btf(std::span<const char> btf, std::span<const std::string_view> names);

/// The same of the running kernel; none where it has no type information (CONFIG_DEBUG_INFO_BTF), or hides it.
std::optional<std::uint64_t> sizes_of_kernel(std::span<const std::string_view> names);

/// The bytes of one socket of a protocol by its name in `table`, which is as /proc/net/protocols: `TCP`, `TCPv6`. None
/// where it is not in there.
std::optional<std::uint64_t> socket_size_in(const std::string& table, std::string_view protocol);

}  // namespace netrig::traffic
