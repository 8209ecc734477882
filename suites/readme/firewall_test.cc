#include <netrig/fixtures/lab_test.h>

using namespace netrig;

class Office : public LabTest {  // each test gets an office of its own, with the rules loaded
 protected:
  void SetUp() override {
    LabTest::SetUp();
    if (IsSkipped()) return;  // this host permits no namespaces
    Topology plan;
    auto gw = plan.router("gw");
    auto guest = plan.host("guest"), staff = plan.host("staff"), printer = plan.host("printer");
    plan.segment("guests", "10.9.1.0/24, fd09:1::/64").join(gw, {.name = "guests"}).join(guest);
    plan.segment("staff", "10.9.2.0/24, fd09:2::/64").join(gw, {.name = "staff"}).join(staff);
    plan.segment("printers", "10.9.3.0/24, fd09:3::/64").join(gw, {.name = "printers"}).join(printer);
    build(plan);
    node("gw").load_ruleset(RULES);  // the production file; errors quote file, line and column
  }
};

TEST_F(Office, StaffPrint) {
  auto cups = node("printer").listen(tcp(631));
  EXPECT_THAT(node("staff"), CanReach(node("printer"), tcp(631)));
}

TEST_F(Office, GuestsStayOut) {
  EXPECT_THAT(node("guest"), CannotReach(node("staff"), tcp(22), Because(Verdict::dropped).by("guests stay out")));
}

TEST_F(Office, GuestsPrint) {
  auto cups = node("printer").listen(tcp(631));
  EXPECT_THAT(node("guest"), CanReach(node("printer"), tcp(631)));
}
