#include <netrig/bench/distribution.h>
#include <netrig/bench/ratios.h>

#include <gtest/gtest.h>

#include <sstream>

namespace netrig::bench {
namespace {

using namespace std::chrono_literals;

TEST(Distribution, HasABucketsUpperBoundAndItsCount) {
  traffic::LatencyHistogram times;
  for (int i = 0; i < 3; ++i) times.record(100ns);
  times.record(200ns);
  EXPECT_EQ(distribution_label(times), "latency_us 0.101:3 0.201:1");
  EXPECT_EQ(distribution_label({}), "");
}

std::string reported(std::string label, bool for_programs) {
  std::ostringstream out;
  const auto nothing = [] {};
  PlainReporter reporter{std::make_unique<benchmark::JSONReporter>(),
                         for_programs ? std::function<void()>{nothing} : std::function<void()>{}};
  reporter.SetOutputStream(&out);
  reporter.SetErrorStream(&out);
  benchmark::BenchmarkReporter::Context context;
  reporter.ReportContext(context);
  benchmark::BenchmarkReporter::Run run;
  run.report_label = std::move(label);
  reporter.ReportRuns({run});
  return out.str();
}

TEST(Distribution, IsForProgramsAndOtherLabelsAreForAll) {
  const auto shows = [](const char* label, bool with) {
    return reported(label, with).find(label) != std::string::npos;
  };
  EXPECT_TRUE(shows("latency_us 1:2", true));
  EXPECT_FALSE(shows("latency_us 1:2", false));
  EXPECT_TRUE(shows("threads", false));
}

}  // namespace
}  // namespace netrig::bench
