// One life with a lab, ended at a moment of one's choosing: it is built, used in every way that there is, and let go.
//
//   fault_victim list               prints each moment as it comes, `add-links#2`: the name, and how often it came
//   fault_victim MOMENT END         before it does END: a signal's number, exit, _exit, throw, terminate, overflow,
//                                   memory; unwind-exit, unwind-_exit, unwind-throw: throws what main() catches, and a
//                                   destructor does the rest on the way; or hold: tells `H` and goes on when a byte
//                                   comes from NETRIG_VICTIM_GO; or no-mmap: goes on, without any more address space
//
// What it exits with: 0 when it lived to its end, 3 and 4 from exit and _exit, 6 after a SetupError, which it prints,
// 95 when a moment never came, 96 when its network did not answer. With no-mmap, 5 after std::bad_alloc.
#include <netrig/base/fault_point.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/suites/teardown/home.h>
#include <netrig/topology/lab.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace {

using netrig::Lab;
using netrig::teardown::home;

std::string wanted_moment;
std::string wanted_end;
bool came = false;

int number_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atoi(text) : -1;
}

// Not a std::exception: nothing on the way may take it for one of its own.
struct NobodyCatchesThis {};

// This is what main() catches.
struct Unwinding {};

// On the way there it ends the process.
struct EndsWhenUnwound {
  EndsWhenUnwound() = default;
  EndsWhenUnwound(const EndsWhenUnwound&) = delete;
  EndsWhenUnwound& operator=(const EndsWhenUnwound&) = delete;
  ~EndsWhenUnwound() noexcept(false) {
    if (std::uncaught_exceptions() == 0) return;
    if (wanted_end == "unwind-exit") std::exit(3);
    if (wanted_end == "unwind-_exit") ::_exit(4);
    if (wanted_end == "unwind-throw") throw NobodyCatchesThis{};
  }
};

// Deeper than any stack; the compiler must not see that it never comes back.
[[gnu::noinline]] int overflow(volatile char* above, long depth) {
  volatile char page[4096];
  page[0] = above != nullptr ? above[0] : '\0';
  return depth == 0 ? page[0] : overflow(page, depth - 1) + page[0];
}

// Until operator new throws what nobody catches. The limit makes it soon, and leaves the machine its memory.
void use_up_memory() {
  const rlimit little{std::size_t{1} << 29, std::size_t{1} << 29};
  ::setrlimit(RLIMIT_AS, &little);
  std::vector<std::string> taken;
  for (;;) taken.emplace_back(std::size_t{1} << 20, 'x');
}

// What is free in the heap stays; mmap(2) and a thread's stack are refused.
void give_up_address_space() {
  rlimit none{};
  ::getrlimit(RLIMIT_AS, &none);
  none.rlim_cur = 1;
  ::setrlimit(RLIMIT_AS, &none);
}

void hold() {
  char byte = 'H';
  const int go = number_from("NETRIG_VICTIM_GO");
  if (::write(number_from("NETRIG_VICTIM_PIPE"), &byte, 1) != 1 || ::read(go, &byte, 1) != 1) std::_Exit(97);
}

void do_end() {
  if (wanted_end == "hold") return hold();
  if (wanted_end == "no-mmap") return give_up_address_space();
  if (wanted_end == "exit") std::exit(3);
  if (wanted_end == "_exit") ::_exit(4);
  if (wanted_end.starts_with("unwind")) throw Unwinding{};
  if (wanted_end == "throw") throw NobodyCatchesThis{};
  if (wanted_end == "terminate") std::terminate();
  if (wanted_end == "overflow") std::exit(overflow(nullptr, 1L << 40));
  if (wanted_end == "memory") use_up_memory();
  const int signal = std::atoi(wanted_end.c_str());
  ::signal(signal, SIG_DFL);
  ::kill(::getpid(), signal);
}

void at_moment(const char* name) {
  static std::mutex turn;
  static std::map<std::string, int> times;
  bool now = false;
  {
    const std::scoped_lock lock{turn};
    const std::string moment = std::string{name} + "#" + std::to_string(times[name]++);
    if (wanted_moment == "list") std::puts(moment.c_str());
    now = moment == wanted_moment;
    came = came || now;
  }
  if (now) do_end();
}

void use(const Lab& lab) {
  const auto inside = lab["inside1"];
  const auto outside = lab["outside"];
  outside.exec({"sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 &"});
  const auto server = inside.start({"sh", "-c", "echo ready; exec sleep 1000"},
                                   netrig::process::ready_when(netrig::process::output_line("ready")));
  const auto web = outside.listen(netrig::traffic::Service::tcp(netrig::Port{80}));
  const auto echo = outside.listen(netrig::traffic::Service::udp(netrig::Port{7}));
  if (inside.ping(outside).received() == 0) std::_Exit(96);
  for (const auto& service : {web.service(), echo.service()}) {
    if (!inside.probe(outside.address(), service).answered()) std::_Exit(96);
  }
  const EndsWhenUnwound while_all_is_in_use;
  const auto cut = lab.link("inside2", "lan").down();
}

int live() {
  {
    const EndsWhenUnwound before_its_lab;  // whose end is under way when this one's comes, or was never begun
    const Lab lab{home()};
    use(lab);
  }
  return wanted_moment == "list" || came ? 0 : 95;
}

int live_and_say_what_failed() {
  try {
    return live();
  } catch (const netrig::SetupError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 6;
  }
}

int live_without_address_space() {
  try {
    return live_and_say_what_failed();
  } catch (const std::bad_alloc&) {
    return 5;
  }
}

}  // namespace

int main(int argc, char** argv) {
  netrig::sandbox::enter(argc, argv);
  if (!netrig::sandbox::inside()) {
    std::fprintf(stderr, "victim: %s\n", netrig::sandbox::why_not().c_str());
    return 99;
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (argc > 1) wanted_moment = argv[1];
  if (argc > 2) wanted_end = argv[2];
  netrig::set_fault_hook(&at_moment);
  if (wanted_end == "no-mmap") return live_without_address_space();
  try {
    return live_and_say_what_failed();
  } catch (const Unwinding&) {
    return 94;  // nothing ended it on the way
  }
}
