// Private to the module: what stands in a node's /etc.
#pragma once

#include <netrig/base/result.h>
#include <netrig/process/node_space.h>

#include <string>
#include <string_view>

namespace netrig::process {

/// Fills the empty directory `etc` with the node's own files, and with a symbolic link to every other entry of `host`.
/// Symbolic links of `host` are made again with the same target.
Result<void> fill_etc(const std::string& etc, const std::string& host, const NodeFiles& files);

/// An nsswitch.conf(5) whose `hosts` are looked up in files and by DNS alone, and which is `text` otherwise: what else
/// a host may name there asks daemons outside the lab.
std::string with_plain_host_lookup(std::string_view text);

}  // namespace netrig::process
