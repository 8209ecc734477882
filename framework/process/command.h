// What to run: a program with its arguments, environment, input and the descriptors it is given, as a plain value.
//
//   Command{"ip", "-j", "route"}
//   Command{"dnsmasq", "--keep-in-foreground"}.with_env("LANG", "C").in_directory("/tmp")
//   sh("echo 1 > /proc/sys/net/ipv4/ip_forward && sysctl -p")
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netrig::process {

/// How much of each output stream is kept unless a command says otherwise, in bytes. See Command::keeping_output().
inline constexpr std::size_t kOutputLimit = 4U << 20U;

/// What a program may do that not everybody may: capabilities(7). Its effective, permitted and bounding sets are the
/// same, its inheritable and ambient sets empty, and so it is for what it executes. They count over what the sandbox's
/// user namespace owns (the lab's networks, mounts and processes) and nowhere else: over the host, or another sandbox,
/// no program has any, whoever runs the tests.
enum class Capabilities : std::uint8_t {
  /// All. What `ip netns exec`, mount(8), nsenter(1) and daemons that change their user need, so the default.
  all,
  /// CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE: it configures and listens in on the node's own network, and
  /// cannot
  /// leave it, mount, or become another user. No way to regain the others (no_new_privs).
  network,
  /// None, as an ordinary user's program, and no way to regain any (no_new_privs).
  none,
};

/// A program to run. Unless told otherwise it gets
///  - the environment of this process, with /usr/local/sbin, /usr/sbin and /sbin added to PATH (the network's tools
///  live
///    there). NETRIG_INSIDE is in it, by which test programs know where they are;
///  - the working directory of this process, or / where the node has no such; an empty standard input;
///  - all capabilities over its lab: Capabilities;
///  - no descriptor but 0, 1, 2 and those passed to it, whatever is open here;
///  - signals as they are by default; a session, and a session keyring that the host's is no part of.
struct Command {
  /// `argv[0]` is the program: looked up in PATH, as the node sees the files, when it has no slash.
  Command(std::initializer_list<std::string_view> arguments) : argv{arguments.begin(), arguments.end()} {}
  explicit Command(std::vector<std::string> arguments) : argv{std::move(arguments)} {}

  std::vector<std::string> argv;
  std::string name;                                               ///< what messages call it; empty: the command line
  bool inherits_environment = true;                               ///< false: only what `environment` sets, and PATH
  std::map<std::string, std::optional<std::string>> environment;  ///< set, or removed where there is no value
  std::string directory;             ///< working directory; empty: this process's own, or / where the node has no such
  std::optional<std::string> input;  ///< standard input; none: empty
  bool input_stays_open = false;     ///< standard input is a pipe to write to: Process::write_stdin()
  bool stderr_in_stdout = false;     ///< as `2>&1`: the order of both is then exact
  std::size_t output_limit = kOutputLimit;  ///< bytes kept of each stream
  Capabilities capabilities = Capabilities::all;
  std::map<int, int> descriptors;  ///< number in the program -> descriptor here

  /// Sets an environment variable.
  Command& with_env(std::string variable, std::string value);
  /// Removes an environment variable.
  Command& without_env(std::string variable);
  /// Starts from an empty environment.
  Command& with_clean_environment();
  /// Runs in `path`, as the node sees it.
  Command& in_directory(std::string path);
  /// Gives `text`, then end of file, as standard input.
  Command& with_input(std::string text);
  /// Leaves standard input open for Process::write_stdin().
  Command& with_open_input();
  /// What messages call it.
  Command& called(std::string new_name);
  /// Sends standard error where standard output goes.
  Command& with_stderr_in_stdout();
  /// Keeps `bytes` of each stream: the first quarter, and the rest from its end; what lies between is counted, not
  /// kept.
  Command& keeping_output(std::size_t bytes);
  /// Capabilities::none: no raw sockets, no configuration.
  Command& without_capabilities();
  /// Capabilities::network: its own network, and no other power.
  Command& with_network_capabilities_only();
  /// Hands `descriptor` over as number `as`. It stays open here, and must stay so until the program was launched.
  Command& passing(int descriptor, int as);

  /// What messages call it: the name, or the command line as a shell would need it quoted.
  [[nodiscard]] std::string to_string() const;
  friend std::ostream& operator<<(std::ostream& out, const Command& command);
  friend bool operator==(const Command&, const Command&) = default;
};

/// `script` run by /bin/sh; messages call it by its text.
Command sh(std::string_view script);

}  // namespace netrig::process
