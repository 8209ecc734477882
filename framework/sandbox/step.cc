#include <netrig/sandbox/step.h>

#include <array>
#include <cstddef>

namespace netrig::sandbox {
namespace {

struct Words {
  std::string_view name;
  std::string_view action;
};

// In the order of Step.
constexpr std::array kWords{
    Words{"prepare", "prepare the sandbox"},
    Words{"user-namespace", "make a user namespace"},
    Words{"pid-namespace", "make a pid namespace"},
    Words{"mount-namespace", "make a mount namespace"},
    Words{"net-namespace", "make a network namespace"},
    Words{"ipc-namespace", "make an IPC namespace"},
    Words{"uts-namespace", "make a UTS namespace"},
    Words{"death-signal", "tie the init's life to the supervisor's"},
    Words{"liveness", "see that the supervisor lives"},
    Words{"process-group", "make the init's process group"},
    Words{"id-maps", "write the user and group id maps"},
    Words{"private-mounts", "make every mount private"},
    Words{"proc", "mount a fresh /proc"},
    Words{"sysctl", "open a network sysctl for writing"},
    Words{"sysfs", "mount a fresh /sys"},
    Words{"run", "mount an empty /run"},
    Words{"loopback", "bring the loopback device up"},
    Words{"enter", "enter a network namespace by setns(2)"},
    Words{"veth", "make a veth pair"},
    Words{"nft", "make an nftables table"},
    Words{"program-fork", "fork the test program"},
    Words{"program-group", "make the test program's process group"},
    Words{"program-exec", "execute the test program again"},
    Words{"watch", "watch the sandbox from outside"},
    Words{"space-clone", "make the namespaces of a program space"},
    Words{"space-mounts", "mount /proc and /run of a program space"},
    Words{"space-reply", "hand over a program space"},
};
static_assert(kWords.size() == static_cast<std::size_t>(Step::space_reply) + 1);

}  // namespace

std::string_view name_of(Step step) { return kWords.at(static_cast<std::size_t>(step)).name; }
std::string_view action_of(Step step) { return kWords.at(static_cast<std::size_t>(step)).action; }

}  // namespace netrig::sandbox
