// A path as text.
#include <netrig/topology/path.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace netrig {
namespace {

Path refused() {
  Path path;
  path.verdict = Verdict::no_neighbour;
  path.reason = "\"gw\" knows no neighbour 10.9.3.2";
  path.there = {{.node = "guest", .outgoing = "eth0"}, {.node = "gw", .incoming = "guests"}};
  path.back = {{.node = "gw", .outgoing = "guests"}, {.node = "guest", .incoming = "eth0", .delivered = true}};
  path.probe = "no route to host; decided after 2.0 ms";
  path.state = {"gw: 10.9.3.2 dev printers FAILED", "gw: 10.9.3.3 dev printers FAILED"};
  path.vouched = true;
  return path;
}

TEST(PathTextTest, HasALineForEachThingThatIsKnown) {
  std::ostringstream out;
  out << refused();
  EXPECT_EQ(out.str(),
            "\"gw\" knows no neighbour 10.9.3.2\n"
            "    probe: no route to host; decided after 2.0 ms\n"
            "     path: guest eth0 -> gw guests\n"
            "     back: gw guests -> guest eth0 -> delivered\n"
            "    state: gw: 10.9.3.2 dev printers FAILED\n"
            "    state: gw: 10.9.3.3 dev printers FAILED");
}

TEST(PathTextTest, LeavesOutWhatIsNotAndSaysWhereNothingVouches) {
  Path path;
  path.reason = path.probe = "no answer from 10.9.3.2 on tcp/631";
  EXPECT_EQ(path.to_string(),
            "no answer from 10.9.3.2 on tcp/631\n     note: the trace did not listen all the time; a rule may have "
            "decided unseen");
}

}  // namespace
}  // namespace netrig
