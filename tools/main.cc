// The command `netrig`.
#include <netrig/sandbox/sandbox.h>
#include <netrig/tools/bench_command.h>
#include <netrig/tools/doctor_command.h>

#include <CLI/CLI.hpp>

#include <iostream>
#include <string_view>

namespace {

constexpr const char* kExamples = R"(
examples:
  netrig doctor                          what this host permits and lacks, with the remedies
  netrig doctor --brief                  only what is missing
  netrig doctor qdisc-netem link-vlan    exit status 1 when one of these is missing
  netrig doctor --json                   for programs
  netrig bench compare old.json new.json --plot change.svg
                                         two files that a benchmark program wrote with --benchmark_out=FILE
                                         and --benchmark_repetitions=9
exit status: 0 all is well, 1 something required is missing or has become slower, 2 wrong usage)";

void add_doctor(CLI::App& app, netrig::tools::DoctorOptions& options, bool& inside) {
  auto* doctor = app.add_subcommand("doctor", "Says what this host permits and lacks, and how to get it");
  doctor->add_option("check", options.ids, "Only these checks, all of them required");
  doctor->add_option("--require", options.required, "Checks that are required too")->delimiter(',');
  doctor->add_flag("--all", options.all_required, "Every check is required");
  doctor->add_flag("--json", options.json, "One JSON object on standard output");
  doctor->add_flag("--brief,--br", options.brief, "Only what is missing");
  doctor->add_flag("-v,--verbose", options.time, "Say how long it took");
  doctor->add_flag("--inside", inside)->group("");  // how it starts itself in a sandbox
}

const CLI::App* add_bench(CLI::App& app, netrig::tools::BenchCompareOptions& options) {
  auto* bench = app.add_subcommand("bench", "Works with what benchmark programs write");
  bench->require_subcommand(1);
  auto* compare = bench->add_subcommand("compare", "Says of each benchmark whether it became faster or slower");
  compare->add_option("old", options.before, "JSON of the run before")->required();
  compare->add_option("new", options.after, "JSON of the run after")->required();
  compare->add_option("--metric", options.metric,
                      "The number that counts: real_time, a rate, a counter; +NAME where more is better");
  compare->add_option("--tolerance", options.tolerance, "Changes up to this part count as none")->capture_default_str();
  compare->add_option("--confidence", options.confidence, "Of the ratio's interval")->capture_default_str();
  compare->add_option("--plot", options.plot, "Draw a picture into this file (SVG)");
  compare->add_flag("--strict", options.strict, "What is not known counts as slower");
  compare->add_flag("--json", options.json, "One JSON object on standard output");
  return bench;
}

// CLI11 has exit statuses of its own; here every wrong command line is 2. Help and version go to standard output.
int complain(const CLI::App& app, const CLI::ParseError& error) {
  return app.exit(error) == 0 ? netrig::tools::kGood : netrig::tools::kUsage;
}

bool is_inside_run(int argc, char** argv) {
  return argc == 3 && std::string_view{argv[1]} == "doctor" && std::string_view{argv[2]} == "--inside";
}

}  // namespace

int main(int argc, char** argv) {
  // Before anything else: a sandbox is entered by starting anew.
  if (is_inside_run(argc, argv)) netrig::sandbox::enter(argc, argv);
  CLI::App app{"Netrig: reproducible network tests", "netrig"};
  app.set_version_flag("--version", "netrig " NETRIG_VERSION);
  app.footer(kExamples);
  app.require_subcommand(1);
  netrig::tools::DoctorOptions options;
  bool inside = false;
  add_doctor(app, options, inside);
  netrig::tools::BenchCompareOptions comparison;
  const auto* bench = add_bench(app, comparison);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return complain(app, error);
  }
  if (bench->parsed()) return netrig::tools::run_bench_compare(comparison);
  return inside ? netrig::tools::run_doctor_inside() : netrig::tools::run_doctor(options);
}
