#include <netrig/tools/bench_command.h>
#include <netrig/tools/bench_compare.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace netrig::tools {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

json run(const std::string& name, const char* metric, double value) {
  json one{{"name", name}, {"run_name", name}, {"run_type", "iteration"}, {"real_time", 5.0}, {"time_unit", "ms"}};
  one[metric] = value;
  return one;
}

// Nine repetitions of two benchmarks, a rate and a time, as Google Benchmark writes them.
std::string file_of(double rate, double time, unsigned seed = 1) {
  std::mt19937 generator{seed};
  std::normal_distribution<double> noise{1, 0.01};
  json document{{"context", {{"num_cpus", 2}, {"date", seed}}}, {"benchmarks", json::array()}};
  for (int i = 0; i < 9; ++i)
    document["benchmarks"].push_back(run("Tcp/veth/streams:1", "bytes_per_second", rate * noise(generator)));
  for (int i = 0; i < 9; ++i) document["benchmarks"].push_back(run("LabSetup/3", "real_time", time * noise(generator)));
  return document.dump();
}

Results read(const std::string& text, std::string_view metric = {}) {
  return value_or_throw(parse_results("run.json", text, metric));
}

std::vector<ComparedSeries> compared(const std::string& before, const std::string& after) {
  return value_or_throw(compare(read(before), read(after)));
}

TEST(BenchResults, AreReadAsSeries) {
  const auto results = read(file_of(1e9, 4));
  ASSERT_EQ(results.series.size(), 2U);
  EXPECT_EQ(results.series[0].name, "Tcp/veth/streams:1");
  EXPECT_EQ(results.series[0].unit, "bytes/s");
  EXPECT_TRUE(results.series[0].more_is_better);
  EXPECT_EQ(results.series[0].samples.size(), 9U);
  EXPECT_EQ(results.series[1].unit, "ms");
  EXPECT_FALSE(results.series[1].more_is_better);
}

TEST(BenchResults, TakeTheMetricAskedFor) {
  EXPECT_THAT(read(file_of(1e9, 4), "real_time").series[0].samples, testing::Each(5.0));
  EXPECT_TRUE(read(file_of(1e9, 4), "+real_time").series[0].more_is_better);
  EXPECT_THAT(parse_results("run.json", file_of(1e9, 4), "p99_us").error().message(), HasSubstr("has \"p99_us\""));
}

TEST(BenchResults, RefuseWhatIsNone) {
  const auto error = [](const std::string& text) { return parse_results("x.json", text).error().message(); };
  EXPECT_THAT(error("{"), HasSubstr("x.json"));
  EXPECT_THAT(error("[]"), HasSubstr("it has no list \"benchmarks\""));
  EXPECT_THAT(error(R"({"benchmarks": [{"run_type": "aggregate", "name": "a_mean"}]})"), HasSubstr("aggregates alone"));
  EXPECT_THAT(error(R"({"benchmarks": [1]})"), HasSubstr("x.json"));
  EXPECT_THAT(read_results("/nonexistent.json").error().message(), HasSubstr("/nonexistent.json"));
}

TEST(BenchCompare, SaysHowManyRepetitionsAreTooFew) {
  const auto of = [](std::vector<double> before, std::vector<double> after, traffic::Significance significance = {}) {
    Results old, now;
    for (auto [results, samples] : {std::pair{&old, &before}, std::pair{&now, &after}}) {
      results->series.resize(1);
      results->series[0].name = "Tcp/veth/streams:1";
      results->series[0].unit = "bytes/s";
      results->series[0].more_is_better = true;
      results->series[0].samples = *samples;
    }
    const auto all = value_or_throw(compare(old, now, significance));
    return to_table(all, old, now);
  };
  EXPECT_THAT(of({10, 10.1, 9.9}, {8, 8.1, 7.9}),
              HasSubstr("inconclusive (3 repetitions cannot prove a change at the level 0.01: use 5 or more)"));
  EXPECT_THAT(of({10, 10.1, 9.9, 10}, {8, 8.1, 7.9, 8.2}), HasSubstr("inconclusive (4 repetitions cannot prove"));
  EXPECT_THAT(of({10, 10.1, 9.9, 10}, {8, 8.1, 7.9}), HasSubstr("inconclusive (4 and 3 repetitions cannot prove"));
  EXPECT_THAT(of({10, 10.1, 9.9, 10.05, 9.95}, {8, 8.1, 7.9, 8.05, 7.95}), HasSubstr("slower\n"));
  EXPECT_THAT(of({10, 10.1, 9.9}, {8, 8.1, 7.9}, {.level = 0.1}), HasSubstr("slower\n"));
  EXPECT_THAT(of({10, 10.1, 9.9, 10.05, 9.95}, {8, 8.1, 7.9, 8.05, 7.95}, {.level = 0.001}),
              HasSubstr("(5 repetitions cannot prove a change at the level 0.001: use 7 or more)"));
  EXPECT_THAT(of({10, 10.01, 9.99}, {10, 10.01, 9.99}), HasSubstr("same\n"));
}

TEST(BenchCompare, TellsFasterFromSlower) {
  const auto all = compared(file_of(1e9, 4), file_of(0.8e9, 3, 2));
  EXPECT_EQ(all[0].speed, Speed::slower);  // a lower rate
  EXPECT_EQ(all[1].speed, Speed::faster);  // a shorter time
  EXPECT_THAT(compared(file_of(1e9, 4), file_of(1.01e9, 4, 2)),
              testing::Each(testing::Field(&ComparedSeries::speed, Speed::same)));
}

TEST(BenchCompare, SaysWhyItCannotTell) {
  auto before = read(file_of(1e9, 4)), after = before;
  before.series[0].samples.resize(1);
  before.series[1].error = "no iperf3";
  after.series.push_back({.name = "New/1", .unit = "ns", .more_is_better = false, .samples = {1}, .error = {}});
  const auto all = value_or_throw(compare(before, after));
  EXPECT_THAT(all[0].note, HasSubstr("--benchmark_repetitions=9"));
  EXPECT_EQ(all[1].note, "failed in OLD: no iperf3");
  EXPECT_EQ(all[2].note, "only in NEW");
  EXPECT_THAT(all, testing::Each(testing::Field(&ComparedSeries::speed, Speed::inconclusive)));
}

TEST(BenchCompare, NamesTheBenchmarkThatCannotBeComparedAndComparesTheOthers) {
  auto results = read(file_of(1e9, 4));
  results.series[0].samples[3] = 0;
  const auto all = value_or_throw(compare(results, results));
  EXPECT_THAT(all[0].note, HasSubstr("positive"));
  EXPECT_EQ(all[0].speed, Speed::inconclusive);
  EXPECT_EQ(all[1].speed, Speed::same);
  EXPECT_FALSE(compare(results, results, {.confidence = 2}));
}

TEST(BenchCompare, PrintsATableAndWhatElseDiffers) {
  const auto before = read(file_of(1e9, 4));
  auto after = read(file_of(0.8e9, 3, 2));
  after.context = {{"num_cpus", "8"}, {"date", "later"}};
  const auto table = to_table(value_or_throw(compare(before, after)), before, after);
  EXPECT_THAT(table, HasSubstr("differs: num_cpus was 2, is 8\n"));
  EXPECT_THAT(table, Not(HasSubstr("date")));
  EXPECT_THAT(table, testing::ContainsRegex(
                         "Tcp/veth/streams:1 +[0-9.]+ M?G?bytes/s +[0-9.]+ Mbytes/s +0\\.[78][0-9]+ .* slower\n"));
}

// Two rates of the same, measured on what `context` tells.
Results measured_on(json context) {
  json document{{"context", std::move(context)}, {"benchmarks", json::array()}};
  for (int i = 0; i < 3; ++i) document["benchmarks"].push_back(run("Tcp/veth", "bytes_per_second", 1e9 + i));
  return read(document.dump());
}

TEST(BenchCompare, WarnsOfWhatDiffersInTheEnvironment) {
  const auto before = measured_on({{"environment.kernel", "6.1.0"},
                                   {"environment.governor", "performance"},
                                   {"environment.netrig", "1.0"},
                                   {"environment.client.mtu", "1500"},
                                   {"environment.client.interface", "eth0"},
                                   {"environment.cpus", "2"}});
  const auto after = measured_on({{"environment.kernel", "6.18.5"},
                                  {"environment.netrig", "1.1"},
                                  {"environment.client.mtu", "9000"},
                                  {"environment.client.interface", "eth1"},
                                  {"environment.cpus", "2"}});
  EXPECT_THAT(environment_differences(before, after),
              testing::UnorderedElementsAre("kernel was 6.1.0, is 6.18.5", "governor was performance, is not told",
                                            "client.mtu was 1500, is 9000"));
  EXPECT_THAT(environment_differences(before, before), IsEmpty());
  const auto all = value_or_throw(compare(before, after));
  EXPECT_THAT(
      to_table(all, before, after),
      HasSubstr("warning: the environments differ, and the figures may for that: client.mtu was 1500, is 9000\n"));
  EXPECT_THAT(to_table(all, before, before), Not(HasSubstr("warning")));
  EXPECT_EQ(json::parse(to_json(all, before, after))["environment_differences"].size(), 3U);
}

TEST(BenchCompare, SaysWhichFileTellsNoEnvironment) {
  const auto silent = measured_on({{"num_cpus", 2}}), told = measured_on({{"environment.kernel", "6.1.0"}});
  EXPECT_THAT(environment_differences(silent, silent), IsEmpty());
  EXPECT_THAT(environment_differences(silent, told), ElementsAre(HasSubstr("it tells no environment")));
}

TEST(BenchCompare, WritesJson) {
  const auto before = read(file_of(1e9, 4)), after = read(file_of(0.8e9, 3, 2));
  const auto document = json::parse(to_json(value_or_throw(compare(before, after)), before, after));
  EXPECT_EQ(document["benchmarks"][0]["verdict"], "slower");
  EXPECT_NEAR(document["benchmarks"][0]["ratio"], 0.8, 0.02);
}

// One rate, whose runs tell the latencies too.
std::string latencies(const std::vector<std::string>& labels) {
  json document{{"benchmarks", json::array()}};
  for (const auto& label : labels) {
    document["benchmarks"].push_back(run("Latency/veth/tcp", "items_per_second", 1e5));
    document["benchmarks"].back()["label"] = label;
  }
  return document.dump();
}

TEST(BenchResults, AddUpTheLatenciesOfAllRepetitions) {
  const auto results = read(latencies({"latency_us 10.5:3 20:1", "latency_us 10.5:4 30:2"}));
  EXPECT_THAT(results.series[0].latency_us, ElementsAre(std::pair{10.5, 7U}, std::pair{20.0, 1U}, std::pair{30.0, 2U}));
  EXPECT_THAT(read(latencies({"big pages"})).series[0].latency_us, IsEmpty());
  for (const auto* wrong : {"latency_us 10.5", "latency_us x:1", "latency_us 1:2x", "latency_us -1:2"})
    EXPECT_THAT(parse_results("x.json", latencies({wrong})).error().message(),
                testing::AllOf(HasSubstr("x.json"), HasSubstr("is no MICROSECONDS:COUNT")));
}

std::string plot_of(const std::string& before, const std::string& after) {
  return to_svg(compared(before, after), read(before), read(after));
}

// The curves are of what was measured: 99 of a hundred at 10 us, one at 1000 us.
TEST(BenchPlot, DrawsLatenciesFromTheirHistogram) {
  const auto before = latencies({"latency_us 10:495 1000:5", "latency_us 10:495 1000:5"});
  const auto after = latencies({"latency_us 20:400 40:100", "latency_us 20:400 40:100"});
  const auto svg = plot_of(before, after);
  EXPECT_THAT(svg, HasSubstr("old p50 10, p99 10, p99.9 1000 us"));
  EXPECT_THAT(svg, HasSubstr("new p50 20, p99 40, p99.9 40 us"));
  EXPECT_THAT(svg, HasSubstr("1000 us (logarithmic)"));
  // From 132 at the bottom: 99% of 48 up at the left edge, the rest at the right.
  EXPECT_THAT(svg, HasSubstr("<path d='M16 132.0H16.0V84.5H704.0V84.0H704'"));
  EXPECT_THAT(svg, Not(HasSubstr("<rect x='16'")));
}

TEST(BenchPlot, DrawsBarsWhereOneFileTellsNoLatencies) {
  const auto before = latencies({"latency_us 10:495 1000:5", "latency_us 10:495 1000:5"}), after = latencies({"", ""});
  EXPECT_THAT(plot_of(before, after), HasSubstr("<rect x='16'"));
}

TEST(BenchPlot, NeedsNothingBesideIt) {
  const auto before = read(file_of(1e9, 4)), after = read(file_of(0.8e9, 3, 2));
  auto all = value_or_throw(compare(before, after));
  all[0].name = "a<b>&\"c\"";
  const auto svg = to_svg(all, before, after);
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns='http://www.w3.org/2000/svg'"));
  EXPECT_THAT(svg, HasSubstr("a&lt;b&gt;&amp;&quot;c&quot;"));
  EXPECT_THAT(svg, Not(HasSubstr("href")));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
}

class BenchCommandTest : public testing::Test {
 protected:
  BenchCommandTest() { std::filesystem::create_directory(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream{folder_ / name} << text;
    return folder_ / name;
  }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("netrig-bench-" + std::to_string(::getpid()));
};

TEST_F(BenchCommandTest, EndsWithAStatusForPrograms) {
  const auto before = file("before.json", file_of(1e9, 4)), slower = file("slower.json", file_of(0.8e9, 4, 2));
  const std::string rate = R"({"name": "Tcp/veth/streams:1", "bytes_per_second": 1e9})",
                    time = R"({"name": "LabSetup/3", "real_time": 4, "time_unit": "ms"})",
                    crash = R"({"name": "LabSetup/3", "error_occurred": true, "error_message": "no bridge"})";
  const auto few = file("few.json", R"({"benchmarks": [)" + rate + "," + time + "]}");
  const auto gone = file("gone.json", R"({"benchmarks": [)" + rate + "]}");
  const auto crashed = file("crashed.json", R"({"benchmarks": [)" + rate + "," + crash + "]}");
  const auto status = [&](const std::string& after, bool strict = false) {
    BenchCompareOptions options;
    options.before = before;
    options.after = after;
    options.strict = strict;
    return run_bench_compare(options);
  };
  EXPECT_EQ(status(before), kGood);
  EXPECT_EQ(status(slower), kMissing);
  EXPECT_EQ(status(few), kGood);
  EXPECT_EQ(status(few, true), kMissing);
  EXPECT_EQ(status(gone), kMissing);
  EXPECT_EQ(status(crashed), kMissing);
  EXPECT_EQ(status("nowhere.json"), kUsage);
}

TEST_F(BenchCommandTest, DrawsAPicture) {
  BenchCompareOptions options;
  options.before = options.after = file("before.json", file_of(1e9, 4));
  options.plot = folder_ / "change.svg";
  EXPECT_EQ(run_bench_compare(options), kGood);
  EXPECT_GT(std::filesystem::file_size(options.plot), 500U);
  options.plot = folder_ / "no" / "change.svg";
  EXPECT_EQ(run_bench_compare(options), kUsage);
  options.plot.clear();
  options.tolerance = -1;
  EXPECT_EQ(run_bench_compare(options), kUsage);
}

}  // namespace
}  // namespace netrig::tools
