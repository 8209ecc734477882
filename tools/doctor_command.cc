#include <netrig/base/signal_name.h>
#include <netrig/doctor/examine.h>
#include <netrig/sandbox/sandbox.h>
#include <netrig/tools/doctor_command.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sys/wait.h>
#include <unistd.h>

namespace netrig::tools {
namespace {

namespace boost_process = boost::process::v2;

// What a process printed, and why that may not be all.
struct Told {
  std::string output;
  std::string why;  // empty: it came to its end
};

std::string describe_end(int status) {
  if (!WIFSIGNALED(status)) return fmt::format("ended with status {}", WEXITSTATUS(status));
  return "was killed by " + describe_signal(WTERMSIG(status));
}

// This program, started again with `doctor --inside`, which enters a sandbox.
Told ask_inside() try {
  boost::asio::io_context context;
  boost::asio::readable_pipe output{context};
  boost_process::process inside{
      context, "/proc/self/exe", {"doctor", "--inside"}, boost_process::process_stdio{{}, output, {}}};
  Told told;
  boost::system::error_code end;
  boost::asio::read(output, boost::asio::dynamic_buffer(told.output), end);
  inside.wait();
  const int status = inside.native_exit_code();
  if (status != 0) told.why = "the process that looked from inside a sandbox " + describe_end(status);
  return told;
} catch (const boost::system::system_error& error) {
  return {"", fmt::format("no process could look from inside a sandbox: {}", error.what())};
}

doctor::Report examine() {
  auto report = doctor::examine_outside();
  const bool chain_holds = std::ranges::none_of(report, [](const auto& finding) {
    return finding.need->required && finding.outcome != doctor::Finding::Outcome::ok;
  });
  Told told{"", "no sandbox can be had: see above"};
  if (chain_holds) told = ask_inside();
  const auto inside = doctor::parse_lines(told.output);
  report.insert(report.end(), inside.begin(), inside.end());
  doctor::complete(report, told.why.empty() ? "the process that looked from inside a sandbox did not tell" : told.why);
  return report;
}

// Complains about the first id that there is none of.
bool are_known(const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    if (doctor::find_need(id) != nullptr) continue;
    const auto closest = doctor::closest_need(id);
    std::cerr << "netrig doctor: no check is called \"" << id << "\"";
    if (!closest.empty()) std::cerr << "; did you mean \"" << closest << "\"?";
    std::cerr << "\n(netrig doctor lists all of them)\n";
    return false;
  }
  return true;
}

bool wants_colour() {
  const char* none = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (none == nullptr || *none == '\0');
}

}  // namespace

int run_doctor(DoctorOptions options) {
  if (!are_known(options.ids) || !are_known(options.required)) return kUsage;
  const auto start = std::chrono::steady_clock::now();
  auto report = examine();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  if (!options.ids.empty()) {
    std::erase_if(report, [&](const auto& finding) {
      return std::ranges::find(options.ids, finding.need->id) == options.ids.end();
    });
    options.required.insert(options.required.end(), options.ids.begin(), options.ids.end());
  }
  if (options.all_required) {
    for (const auto& finding : report) options.required.emplace_back(finding.need->id);
  }
  if (options.json) {
    std::cout << doctor::to_json(report, options.required) << '\n';
  } else {
    doctor::print(std::cout, report, options.required, {.colour = wants_colour(), .brief = options.brief});
  }
  if (options.time) std::cerr << fmt::format("looked at in {} ms\n", took.count());
  return doctor::is_fit(report, options.required) ? kGood : kMissing;
}

int run_doctor_inside() {
  if (!sandbox::inside()) {
    std::cerr << "netrig doctor: " << sandbox::why_not() << '\n';
    return kMissing;
  }
  std::cout << doctor::to_lines(doctor::examine_inside());
  return kGood;
}

}  // namespace netrig::tools
