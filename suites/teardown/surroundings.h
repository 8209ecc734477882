// The conditions of a host, set in a victim's own process before its program is executed: VictimOptions::surroundings.
//
//   Victim victim{{.arguments = {"ask", "outside"}, .surroundings = [] {
//                    enter_user_namespace(Identity::root);
//                    limit_namespaces("net", 0);
//                  }}};
//
// Each throws SetupError where the real host does not permit it; Victim ends such a process with the message and exit
// status 89.
#pragma once

#include <map>
#include <string>
#include <sys/types.h>

namespace netrig::teardown {

/// Who the calling user becomes in a new user namespace.
enum class Identity {
  root,   ///< root, and there is no other id: `unshare -Ur`, a rootless container
  user,   ///< user 1000, and there is no other id: a rootless container that keeps the user a user
  every,  ///< whoever it was, with every id there is: a container that root started. As root only
};

/// Throws SetupError with errno where what was tried is not done.
void require(bool done, const char* operation, const std::string& object = {});

/// How a child ends to which this host does not give the conditions of its test.
inline constexpr int kNotPermitted = 77;

/// Goes on in a new user namespace.
void enter_user_namespace(Identity identity);

/// From here on `count` namespaces of `kind` (`user`, `net`, ...) can be made: user_namespaces(7), `max_*_namespaces`.
/// In a user namespace of one's own only, and nothing outside is changed.
void limit_namespaces(const std::string& kind, int count);

/// What a process sees that enters a bare root.
enum class BareRoot {
  image,   ///< the root of its mount namespace, as a container's is: pivot_root(2)
  chroot,  ///< a folder of the host's: chroot(2)
};

/// Goes on, as root in a user namespace of its own, under a root that shows the host's folders but those of programs,
/// which are empty there. The folder of `program` is shown, wherever it is.
void enter_bare_root(BareRoot kind, const std::string& program);

/// An ordinary user, known to nobody but the victim, and ids that may be subordinate to it.
inline constexpr uid_t kUser = 20000;
inline constexpr const char* kSubordinates = "20000:30000:1000\n";  ///< as subuid(5) has them

/// Goes on, with mounts of its own, as kUser. Its /etc holds little but the user data base, `files` (name and text) and
/// the program at `program` under the name `victim`: reachable, wherever it was built. Wants Identity::every.
void become_user(const std::map<std::string, std::string>& files, const std::string& program);

/// Whether this process may take Identity::every and kUser.
bool can_become_user();

/// No program that is executed from here on gains a privilege, newuidmap(1) least of all: PR_SET_NO_NEW_PRIVS.
void give_up_new_privileges();

}  // namespace netrig::teardown
