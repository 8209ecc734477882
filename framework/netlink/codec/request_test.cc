#include <netrig/net/literals.h>
#include <netrig/netlink/codec/address_codec.h>
#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/describe.h>
#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/codec/mdb_codec.h>
#include <netrig/netlink/codec/neighbour_codec.h>
#include <netrig/netlink/codec/recorded.h>
#include <netrig/netlink/codec/route_codec.h>
#include <netrig/netlink/codec/rule_codec.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iomanip>
#include <sstream>

#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

constexpr int kAdd = NLM_F_CREATE | NLM_F_EXCL;

class RequestTest : public testing::Test {
 protected:
  /// What the requests written so far say, one string each.
  std::vector<std::string> said() {
    DeviceNames names{-1, buffer_.bytes()};
    std::vector<std::string> texts;
    for (auto rest = buffer_.bytes(); const nlmsghdr* message = first_message(rest); rest = after_first(rest)) {
      texts.push_back(describe(message, names));
    }
    return texts;
  }
  /// Whether what was written is, byte for byte, what iproute2 sends for `text`, sequence and port numbers aside.
  void expect_as_iproute2(std::string_view text) {
    const auto* found = std::ranges::find(recorded::kRequests, text, &recorded::Request::text);
    ASSERT_NE(found, std::end(recorded::kRequests)) << text;
    recorded::Message theirs{found->bytes};
    std::memset(theirs.bytes().data() + offsetof(nlmsghdr, nlmsg_seq), 0, 8);
    EXPECT_EQ(hexadecimal(buffer_.bytes()), hexadecimal(theirs.bytes()));
  }
  static std::string hexadecimal(std::span<const std::byte> bytes) {
    std::ostringstream text;
    for (const std::byte each : bytes) text << std::hex << std::setw(2) << std::setfill('0') << static_cast<int>(each);
    return text.str();
  }

  Buffer buffer_;
  Resolver index_{-1, buffer_};
};

TEST_F(RequestTest, OfIproute2AreUnderstood) {
  for (const auto& request : recorded::kRequests) {
    DeviceNames names{-1};
    const recorded::Message message{request.bytes};
    EXPECT_EQ(describe(message.get(), names), request.text);
  }
}

TEST_F(RequestTest, ForAPairSaysWhatIproute2s) {
  // Not byte for byte: iproute2 leaves out the zero after the kind.
  encode_add(buffer_, {.name = "veth0"_interface}, Veth{.peer = {.name = "veth1"_interface}}, index_);
  EXPECT_THAT(said(), testing::ElementsAre("add link veth0 type veth peer name veth1"));
}

TEST_F(RequestTest, ForAChangeOfALinkIsIproute2s) {
  encode_change(buffer_, {.device = {.index = 3}, .up = true, .mtu = 1400}, index_);
  expect_as_iproute2("set link if3 mtu 1400 up");
}

TEST_F(RequestTest, ForAnAddressIsIproute2s) {
  encode_address(buffer_, RTM_NEWADDR, kAdd, {.device = {.index = 3}, .local = "10.0.0.1/24"_ifaddr}, index_);
  expect_as_iproute2("add address 10.0.0.1/24 dev if3");
}

TEST_F(RequestTest, ForARouteIsIproute2s) {
  encode_route(buffer_, RTM_NEWROUTE, kAdd, {.destination = "10.0.2.0/24"_net, .hops = {{.via = "10.0.0.2"_ip}}},
               index_);
  expect_as_iproute2("add route 10.0.2.0/24 via 10.0.0.2");
}

TEST_F(RequestTest, ForANeighbourIsIproute2s) {
  encode_neighbour(buffer_, RTM_NEWNEIGH, kAdd,
                   {.device = {.index = 3}, .address = "10.0.0.50"_ip, .mac = "02:00:00:00:00:50"_mac}, index_);
  expect_as_iproute2("add neighbour 10.0.0.50 dev if3 lladdr 02:00:00:00:00:50 PERMANENT");
}

TEST_F(RequestTest, ForAMulticastGroupIsIproute2s) {
  encode_mdb(buffer_, RTM_NEWMDB, kAdd, {.bridge = {.index = 4}, .port = {.index = 2}, .group = "239.1.1.1"_ip},
             index_);
  expect_as_iproute2("add mdb dev if4 port if2 grp 239.1.1.1 permanent");
}

TEST_F(RequestTest, SayWhatTheyAsk) {
  encode_add(buffer_,
             {.name = "br0"_interface, .index = 7, .mac = "02:00:00:00:00:01"_mac, .mtu = 1400, .group = 5, .up = true},
             Bridge{.stp = false, .multicast_snooping = false}, index_);
  encode_change(buffer_,
                {.device = {.name = "br0"_interface},
                 .name = "br1"_interface,
                 .tx_queue_length = 9,
                 .gso_max_size = 70'000,
                 .master = Device{},
                 .alias = "x"},
                index_);
  encode_remove(buffer_, {.index = 7});
  encode_remove_link_group(buffer_, 5);
  encode_address(buffer_, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
                 {.device = {.name = "br0"_interface}, .local = "10.9.0.1/32"_ifaddr, .peer = "10.9.0.2"_ip}, index_);
  encode_route(buffer_, RTM_DELROUTE, 0, {.destination = "::/0"_net, .type = RouteType::blackhole, .table = 300},
               index_);
  encode_rule(buffer_, RTM_DELRULE, 0, {.priority = 5, .incoming = "eth0"_interface, .table = 9}, index_);
  encode_dump(buffer_, LinkFilter{}, index_);
  encode_dump(buffer_, FdbFilter{}, index_);
  EXPECT_THAT(
      said(),
      testing::ElementsAre(
          "add link br0 index 7 address 02:00:00:00:00:01 mtu 1400 group 5 up type bridge stp_state 0 mcast_snooping 0",
          "set link br0 name br1 txqueuelen 9 gso_max_size 70000 alias \"x\" nomaster", "delete link br0",
          "delete link group 5", "replace address 10.9.0.1 peer 10.9.0.2/32 dev br0",
          "delete route blackhole default table 300", "delete rule from all iif eth0 lookup 9 priority 5", "list links",
          "list fdb"));
}

TEST_F(RequestTest, SayTheOptionsOfEveryKind) {
  const Device lower{.index = 3};
  for (const LinkKind& kind :
       std::initializer_list<LinkKind>{Macvlan{.lower = lower, .mode = Macvlan::Mode::vepa},
                                       Vxlan{.vni = 5, .remote = "fd00::1"_ip, .local = "fd00::2"_ip},
                                       Vlan{.lower = lower, .id = 7, .protocol = Vlan::Protocol::ieee_8021ad},
                                       Vrf{.table = 10}, Ipvlan{.lower = lower}, Ifb{}}) {
    encode_add(buffer_, {.name = "x"_interface}, kind, index_);
  }
  EXPECT_THAT(said(), testing::ElementsAre("add link x link if3 type macvlan mode vepa",
                                           "add link x type vxlan id 5 remote fd00::1 local fd00::2 dstport 4789",
                                           "add link x link if3 type vlan protocol 802.1ad id 7",
                                           "add link x type vrf table 10", "add link x link if3 type ipvlan mode l3",
                                           "add link x type ifb"));
}

TEST_F(RequestTest, TravelInTwoPartsWhereOrderMatters) {
  encode_change(buffer_,
                {.device = {.index = 3},
                 .up = true,
                 .ipv4 = {{IPV4_DEVCONF_RP_FILTER, 2}, {IPV4_DEVCONF_FORWARDING, 1}},
                 .addr_gen_mode = AddrGenMode::none},
                index_);
  encode_change(buffer_,
                {.device = {.index = 3}, .master = Device{.index = 4}, .port = BridgePort{.hairpin = true}, .netns = 9},
                index_);
  EXPECT_THAT(said(),
              testing::ElementsAre("set link if3 ipv4.conf.8 2 ipv4.conf.1 1 addrgenmode none", "set link if3 up",
                                   "set link if3 master if4", "set link if3 type bridge_slave hairpin on netns fd 9"));
}

TEST_F(RequestTest, FailedOnesCarryTheKernelsReason) {
  DeviceNames names{-1};
  const recorded::Message answer{recorded::kNoSuchKind};
  EXPECT_EQ(error_code(answer.get()), EOPNOTSUPP);
  EXPECT_EQ(extended_text(answer.get()), "Unknown device type");
  encode_add(buffer_, {.name = "d"_interface}, Dummy{}, index_);
  const Error error =
      describe_failure(first_message(buffer_.bytes()), EOPNOTSUPP, extended_text(answer.get()), "client", names);
  EXPECT_EQ(error.message(),
            "add link d type dummy in \"client\": EOPNOTSUPP (Operation not supported): Unknown device type: "
            "this kernel has no dummy links; its module, where there is one, is the host's to load");
}

}  // namespace
}  // namespace netrig::netlink::codec
