// A small program in a sandbox, built with an instrument (a sanitizer, coverage), for fault tests to read its report.
//
//   instrumented keep|leak
#include <netrig/sandbox/sandbox.h>

#include <cstdio>
#include <string>

namespace {

// Where it is put, for the compiler to leave it in.
char* volatile last = nullptr;

// Known to nobody any more.
void leak() {
  last = new char[4242];
  last = nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  netrig::sandbox::enter(argc, argv);
  if (!netrig::sandbox::inside()) return 99;
  std::puts("inside");
  std::fflush(stdout);
  if (argc > 1 && argv[1] == std::string{"leak"}) leak();
  return 0;
}
