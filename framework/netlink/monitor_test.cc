#include <netrig/net/literals.h>
#include <netrig/netlink/batch.h>
#include <netrig/netlink/monitor.h>
#include <netrig/netlink/test_namespace.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <sstream>
#include <sys/socket.h>
#include <thread>

namespace netrig::netlink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr InterfaceName kEth0Name{"eth0"};
constexpr Device kEth0{.name = kEth0Name};

Deadline soon() { return Deadline::after(seconds{20}); }
Deadline now() { return Deadline::after(milliseconds{0}); }

class MonitorTest : public testing::Test {
 protected:
  Socket& socket() { return here_.socket(); }
  Batch batch() { return Batch{socket()}; }
  Monitor subscribe() {
    return here_.run([] { return value_or_throw(Monitor::open("client")); });
  }
  void add_pair(bool up = false) {
    TestNamespace::send(batch().add_link({.name = kEth0Name, .index = 20, .up = up},
                                         Veth{.peer = {.name = "far"_interface, .index = 21}}));
  }
  /// The events until the first for which `wanted` is true, as text; that one last.
  template <class T>
  T next_of(Monitor& monitor, bool removed) {
    while (true) {
      const auto event = monitor.next(soon()).value();
      if (!event) throw std::runtime_error{"no such event came"};
      if (event->removed == removed && std::holds_alternative<T>(event->object)) return std::get<T>(event->object);
    }
  }

  TestNamespace here_;
};

TEST_F(MonitorTest, TellsOfLinks) {
  Monitor monitor = subscribe();
  add_pair();
  EXPECT_EQ(next_of<Link>(monitor, false).kind, "veth");
  TestNamespace::send(batch().remove_link(kEth0));
  EXPECT_EQ(next_of<Link>(monitor, true).kind, "veth");
}

TEST_F(MonitorTest, TellsOfAddressesAndRoutesOfBothFamilies) {
  add_pair(true);
  Monitor monitor = subscribe();
  for (const InterfaceAddress& local : {"10.0.0.1/24"_ifaddr, "fd00::1/64"_ifaddr}) {
    const Address address{.device = kEth0, .local = local, .no_dad = true};
    TestNamespace::send(batch().add(address));
    EXPECT_EQ(next_of<Address>(monitor, false).local, local);
    EXPECT_EQ(next_of<Route>(monitor, false).destination.family(), local.family());
    TestNamespace::send(batch().remove(address));
    EXPECT_EQ(next_of<Address>(monitor, true).local, local);
  }
}

TEST_F(MonitorTest, TellsOfNeighbours) {
  add_pair(true);
  Monitor monitor = subscribe();
  const Neighbour neighbour{.device = {20, kEth0Name}, .address = "10.0.0.9"_ip, .mac = "02:00:00:00:00:09"_mac};
  TestNamespace::send(batch().add(neighbour));
  EXPECT_EQ(next_of<Neighbour>(monitor, false), neighbour);
}

TEST_F(MonitorTest, APortThatLeavesItsBridgeIsNoLinkThatIsGone) {
  add_pair();
  TestNamespace::send(batch()
                          .add_link({.name = "br0"_interface, .index = 30}, Bridge{})
                          .change_link({.device = kEth0, .master = Device{.index = 30}}));
  Monitor monitor = subscribe();
  TestNamespace::send(batch().change_link({.device = kEth0, .master = Device{}}));
  while (const auto event = monitor.next(now()).value()) EXPECT_FALSE(event->removed) << *event;
}

TEST_F(MonitorTest, PrintsEventsAsIpMonitorDoes) {
  Monitor monitor = subscribe();
  add_pair(true);
  const Address address{.device = kEth0, .local = "10.0.0.1/24"_ifaddr, .label = "eth0"};
  TestNamespace::send(batch().add(address).remove(address));
  std::ostringstream out;
  while (const auto event = monitor.next(now()).value()) out << *event << "\n";
  EXPECT_THAT(out.str(), HasSubstr("20: eth0    inet 10.0.0.1/24 scope global eth0\n"));
  EXPECT_THAT(out.str(), HasSubstr("Deleted 20: eth0    inet 10.0.0.1/24"));
}

TEST_F(MonitorTest, ReportsLostEvents) {
  Monitor monitor = subscribe();
  const int tiny = 1;
  setsockopt(monitor.fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
  for (int count = 0; count < 10; ++count) {
    add_pair();
    TestNamespace::send(batch().remove_link(kEth0));
  }
  next_of<Overrun>(monitor, false);
}

TEST_F(MonitorTest, GivesNothingWhenTheDeadlinePasses) {
  Monitor monitor = subscribe();
  EXPECT_FALSE(monitor.next(now()).value().has_value());
}

TEST_F(MonitorTest, WaitsUntilALinkAppearsAndComesUp) {
  Monitor monitor = subscribe();
  std::thread later{[&] {
    add_pair(true);
    TestNamespace::send(batch().change_link({.device = {.name = "far"_interface}, .up = true}));
  }};
  const auto link = wait_link_up(monitor, kEth0, soon());
  later.join();
  ASSERT_TRUE(link) << link.error();
  EXPECT_EQ(link->state, OperState::up);
  EXPECT_EQ(wait_carrier(monitor, kEth0, soon())->name, kEth0Name);
}

TEST_F(MonitorTest, WaitsForEventsEvenWhenSomeWereLost) {
  Monitor monitor = subscribe();
  const int tiny = 1;
  setsockopt(monitor.fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
  std::thread later{[&] {
    for (int count = 0; count < 10; ++count) {
      add_pair();
      TestNamespace::send(batch().remove_link(kEth0));
    }
    add_pair(true);
    TestNamespace::send(batch().change_link({.device = {.name = "far"_interface}, .up = true}));
  }};
  const auto link = wait_carrier(monitor, kEth0, soon());
  later.join();
  EXPECT_TRUE(link) << link.error();
}

TEST_F(MonitorTest, SaysWhatItSawLastWhenTimeIsUp) {
  Monitor monitor = subscribe();
  EXPECT_EQ(
      wait_link_up(monitor, kEth0, now()).error().message(),
      "wait until link eth0 is up in \"client\": ETIMEDOUT (Connection timed out): last seen: there is no such link");
  add_pair(true);
  const auto timed_out = wait_carrier(monitor, kEth0, now());
  EXPECT_THAT(timed_out.error().detail, HasSubstr("last seen: eth0@far         LOWERLAYERDOWN"));
}

TEST_F(MonitorTest, WaitsUntilAnAddressIsNoLongerTentative) {
  add_pair(true);
  TestNamespace::send(batch()
                          .change_link({.device = {.index = 21}, .up = true, .addr_gen_mode = AddrGenMode::none})
                          .settle_link({.index = 20}));
  Monitor monitor = subscribe();
  TestNamespace::send(batch().add(Address{.device = kEth0, .local = "fd00::1/64"_ifaddr}));
  const auto ready = wait_address_ready(monitor, kEth0, "fd00::1"_ip, soon());
  ASSERT_TRUE(ready) << ready.error();
  EXPECT_FALSE(ready->tentative);
  EXPECT_TRUE(wait_addresses_ready(monitor, soon()));
}

TEST_F(MonitorTest, AnAddressThatAnotherNodeHasIsAnError) {
  TestNamespace other{"other"};
  Batch pair = batch();
  pair.add_link({.name = kEth0Name, .up = true}, Veth{.peer = {.name = kEth0Name, .netns = other.fd()}});
  TestNamespace::send(pair);
  const Address address{.device = kEth0, .local = "fd00::1/64"_ifaddr};
  Address first = address;
  first.no_dad = true;
  TestNamespace::send(Batch{other.socket()}.change_link({.device = kEth0, .up = true}).add(first).settle_link(kEth0));
  TestNamespace::send(batch().settle_link(kEth0));
  Monitor monitor = subscribe();
  TestNamespace::send(batch().add(address));
  const auto ready = wait_address_ready(monitor, kEth0, "fd00::1"_ip, soon());
  ASSERT_FALSE(ready);
  EXPECT_EQ(
      ready.error().message(),
      "wait until address fd00::1/64 dev eth0 is ready in \"client\": EADDRNOTAVAIL (Cannot assign requested address): "
      "duplicate address detection found another node that has it");
  EXPECT_EQ(wait_addresses_ready(monitor, soon()).error().code, EADDRNOTAVAIL);
}

}  // namespace
}  // namespace netrig::netlink
