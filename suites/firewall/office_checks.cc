// What office.nft is to do, a line a question. Each rule, and each element of a set, has a line here
// that fails without it: mutants_test.cc. Only of rules that log it is the meeting that is asked for: a namespace's
// packets are in no log that it could read (net.netfilter.nf_log_all_netns).
#include <netrig/suites/firewall/check.h>

namespace netrig::office {

namespace {

using traffic::icmp;
using traffic::tcp;
using traffic::udp;

constexpr auto* kInternet4 = "198.51.100.10";
constexpr auto* kInternet6 = "2001:db8:ffff::10";
constexpr auto* kOffice4 = "198.51.100.1";
constexpr auto* kOffice6 = "2001:db8:ffff::1";
constexpr auto* kWeb4 = "10.1.1.10";
constexpr auto* kWeb6 = "2001:db8:1:1::10";
constexpr auto* kMail4 = "10.1.1.25";
constexpr auto* kMail6 = "2001:db8:1:1::25";
constexpr auto* kDns4 = "10.1.1.53";
constexpr auto* kDns6 = "2001:db8:1:1::53";
constexpr auto* kPc4 = "10.1.10.10";
constexpr auto* kPc6 = "2001:db8:1:10::10";
constexpr auto* kBranch4 = "10.20.0.20";
constexpr auto* kLanGateway4 = "10.1.10.1";
constexpr auto* kLanGateway6 = "2001:db8:1:10::1";
constexpr auto* kGuestGateway4 = "10.1.20.1";
constexpr auto* kMgmtGateway4 = "10.1.99.1";
constexpr auto* kMgmtGateway6 = "2001:db8:1:99::1";
constexpr auto* kDmzGateway4 = "10.1.1.1";
constexpr auto* kVpnGateway4 = "10.20.0.1";

IpAddress at(const char* text) { return value_or_throw(IpAddress::parse(text)); }

Packet tcp_from(const char* from, const char* to, std::uint16_t port, std::uint8_t flags) {
  return tcp_packet(at(from), at(to), port, flags);
}

using Checks = std::vector<Check>;

void add(Checks& all, Checks more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Checks what_is_refused_first() {
  Checks refused;
  for (const auto* source :
       {"0.1.2.3", "10.1.10.99", "127.0.0.9", "169.254.1.1", "172.16.0.9", "192.168.0.9", "224.0.0.9"})
    refused.push_back(crafted("SpoofedSourcesAreDropped", source, "internet", "wan",
                              tcp_from(source, kOffice4, 443, kSyn), dropped("spoofed source")));
  for (const auto* source : {"2001:db8:1:10::99", "fd00::9"})
    refused.push_back(crafted("SpoofedSourcesAreDropped", source, "internet", "wan", tcp_from(source, kWeb6, 443, kSyn),
                              dropped("spoofed IPv6 source")));
  add(refused,
      {
          crafted("SpoofedSourcesAreDropped", "a source that is elsewhere", "pc", "lan",
                  tcp_from("203.0.113.9", kWeb4, 443, kSyn), dropped("reverse path: its source is elsewhere")),
          crafted("SpoofedSourcesAreDropped", "a source that is elsewhere", "phone", "guest",
                  tcp_from("2001:db8:1:10::98", kInternet6, 443, kSyn),
                  dropped("reverse path: its source is elsewhere")),
          flow("TheAbuseListIsShutOut", "scanner", kOffice4, tcp(443), dropped("abuse list"), Service{"web", tcp(443)}),
          // Its neighbour discovery is shut out too, so that it could not even ask.
          crafted("TheAbuseListIsShutOut", "a listed source", "scanner", "wan",
                  tcp_from("2001:db8:ffff::42", kWeb6, 443, kSyn), dropped("abuse list, IPv6")),
          crafted("ScansAreDropped", "a null scan", "internet", "wan", tcp_from(kInternet4, kOffice4, 443, 0),
                  dropped("null scan")),
          crafted("ScansAreDropped", "a xmas scan", "internet", "wan",
                  tcp_from(kInternet4, kOffice4, 443, kFin | kPush | kUrgent), dropped("xmas scan")),
          crafted("ScansAreDropped", "syn and fin", "internet", "wan", tcp_from(kInternet6, kWeb6, 443, kSyn | kFin),
                  dropped("syn and fin")),
          crafted("WhatBelongsToNothingIsDropped", "a reset out of nothing", "internet", "wan",
                  tcp_from(kInternet4, kOffice4, 22, kRst), dropped("input: invalid")),
          crafted("WhatBelongsToNothingIsDropped", "a reset out of nothing", "internet", "wan",
                  tcp_from(kInternet6, kWeb6, 443, kRst), dropped("invalid")),
      });
  return refused;
}

Checks what_the_gateway_takes() {
  return {
      flow("TheGatewayReachesOthers", "gw", kInternet4, tcp(80), accepted("").meeting("input: replies")),
      flow("TheGatewayReachesOthers", "gw", kPc4, udp(9), unserved("").meeting("input: errors about what we sent")),
      flow("TheGatewayReachesOthers", "gw", kPc6, udp(9), unserved("")),
      flow("TheGatewayReachesItself", "gw", kLanGateway4, tcp(8125), accepted("input: ourselves")),
      crafted("NeighboursFindTheGateway", "a neighbour solicitation", "pc", "lan",
              neighbour_solicitation(at("2001:db8:1:10::77"), at(kLanGateway6)), accepted("neighbour discovery")),
      flow("TheGatewayAnswersPings", "internet", kOffice4, icmp(), accepted("ping")),
      flow("TheGatewayAnswersPings", "phone", "2001:db8:1:20::1", icmp(), accepted("ping, IPv6")),
      flow("TheLanHasTheBasics", "pc", kLanGateway4, udp(53), accepted("names").meeting("lan: basics")),
      flow("TheLanHasTheBasics", "pc", kLanGateway6, tcp(53), accepted("names").meeting("input: by zone")),
      flow("TheLanHasTheBasics", "pc", kLanGateway4, udp(123), accepted("time")),
      crafted("TheLanHasTheBasics", "a dhcp discovery", "pc", "lan",
              udp_packet(at("0.0.0.0"), at("255.255.255.255"), 68, 67), accepted("dhcp")),
      flow("TheLanDoesNotAdministerTheGateway", "pc", kLanGateway4, tcp(22),
           rejected("lan: administer from the management network", "tcp reset")),
      flow("GuestsHaveTheBasics", "phone", kGuestGateway4, udp(123), accepted("time").meeting("guests: basics")),
      flow("GuestsHaveNothingElseOfTheGateway", "phone", kGuestGateway4, tcp(22),
           rejected("guests: nothing else of the gateway", "admin-prohibited")),
      flow("AdminsReachTheGateway", "admin", kMgmtGateway4, tcp(22), accepted("admins: ssh")),
      flow("AdminsReachTheGateway", "admin", kMgmtGateway6, tcp(22), accepted("admins: ssh, IPv6")),
      anew(flow("OthersOfTheManagementNetworkDoNot", "ups", kMgmtGateway4, tcp(22),
                dropped("policy").meeting("input: log the rest"))),
      flow("OthersOfTheManagementNetworkDoNot", "ups", kMgmtGateway4, udp(161), accepted("management: snmp")),
      flow("ServersReportToTheGateway", "web", kDmzGateway4, udp(514), accepted("servers: syslog")),
      flow("ServersReportToTheGateway", "web", kDmzGateway4, udp(123), accepted("servers: time")),
      flow("TheBranchBuildsItsTunnel", "branch", kOffice4, udp(51820), accepted("branch: tunnel")),
      flow("TheBranchBuildsItsTunnel", "branch", kOffice6, udp(51820), accepted("branch: tunnel, IPv6")),
      flow("TheBranchBuildsItsTunnel", "internet", kOffice4, udp(51820), dropped("policy")),
      flow("TheBranchTellsItsRoutes", "branch", kVpnGateway4, tcp(179), accepted("branch: routes")),
      flow("TheBranchHasSshForEmergencies", "branch", kOffice4, tcp(22), accepted("ssh: emergencies, from the branch")),
      repeated(flow("SshIsNotToBeGuessed", "branch", kOffice4, tcp(22), dropped("ssh: too often")), 12),
      flow("SomeStrangersAreAnswered", "internet", kOffice4, tcp(113), rejected("ident", "tcp reset")),
      flow("SomeStrangersAreAnswered", "internet", kOffice4, udp(33440),
           rejected("traceroute ends here", "port-unreachable")),
      flow("SomeStrangersAreAnswered", "internet", kOffice6, udp(33440),
           rejected("traceroute ends here", "port-unreachable")),
  };
}

Checks what_is_published() {
  const Service web{"web", tcp(443)}, web80{"web", tcp(80)}, smtp{"mail", tcp(25)};
  return {
      flow("TheWebIsPublished", "internet", kOffice4, tcp(443),
           accepted("web").translated("dnat to 10.1.1.10:443").meeting("published"), web),
      flow("TheWebIsPublished", "internet", kWeb6, tcp(80), accepted("web, IPv6").translated("none")),
      flow("TheWebIsPublished", "internet", kOffice4, tcp(8080), accepted("web").translated("dnat to 10.1.1.10:80"),
           web80),
      flow("TheWebIsPublished", "internet", kOffice4, tcp(80), accepted("web").translated("dnat to 10.1.1.10:80"),
           web80),
      anew(flow("OnlyByItsPublicName", "internet", kWeb4, tcp(443), dropped("policy").meeting("log the rest"))),
      flow("MailIsPublished", "internet", kOffice4, tcp(25), accepted("mail").translated("dnat to 10.1.1.25:25"), smtp),
      flow("MailIsPublished", "internet", kOffice4, tcp(993), accepted("mail").translated("dnat to 10.1.1.25:993"),
           Service{"mail", tcp(993)}),
      flow("MailIsPublished", "internet", kOffice4, tcp(2525), accepted("mail").translated("dnat to 10.1.1.25:25"),
           smtp),
      flow("MailIsPublished", "internet", kMail6, tcp(993), accepted("mail, IPv6")),
      beside(flow("MailTakesFewConnectionsAtOnce", "internet", kOffice4, tcp(25),
                  rejected("mail: too many at once", "tcp reset"), smtp),
             "internet", kOffice4, tcp(25), 4),
      flow("NamesArePublished", "internet", kOffice4, udp(53),
           accepted("names from outside").translated("dnat to 10.1.1.53:53").meeting("published names"),
           Service{"dns", udp(53)}),
      flow("NamesArePublished", "internet", kOffice4, tcp(53),
           accepted("names from outside").translated("dnat to 10.1.1.53:53"), Service{"dns", tcp(53)}),
      flow("NamesArePublished", "internet", kDns6, tcp(53), accepted("names from outside, IPv6")),
      flow("NamesAreNotTracked", "internet", kDns6, udp(53),
           accepted("names: questions over IPv6")
               .meeting("names: questions are not tracked")
               .meeting("names: answers are not tracked")
               .meeting("names: answers over IPv6")
               .meeting("what is not tracked")),
      flow("ARangeIsPublished", "internet", kOffice4, tcp(60005),
           accepted("file transfers").translated("dnat to 10.1.1.10:60005"), Service{"web", tcp(60005)}),
      flow("ARangeIsPublished", "internet", kOffice4, udp(40010),
           accepted("calls").translated("dnat to 10.1.1.25:40010"), Service{"mail", udp(40010)}),
      flow("ARangeIsPublished", "internet", kOffice4, tcp(60011), dropped("policy")),
      flow("ServersAnswerPings", "internet", kWeb6, icmp(), accepted("ping to the servers, IPv6")),
      flow("StrangersAreKeptOut", "internet", kPc6, tcp(445), rejected("IPv6 strangers are told", "admin-prohibited")),
      flow("StrangersAreKeptOut", "internet", kPc4, tcp(445), dropped("policy")),
      flow("TheGatewayAsksAsThePublicDoes", "gw", kOffice4, tcp(443), accepted("").translated("dnat to 10.1.1.10:443"),
           web),
      flow("ServersUseThePublicNames", "mail", kOffice4, tcp(443), accepted("hairpin").translated("snat to 10.1.1.1"),
           web),
      flow("InsidersUseThePublicNames", "pc", kOffice4, tcp(443), accepted("lan: services").translated("10.1.1.10:443"),
           web),
      flow("InsidersUseThePublicNames", "phone", kOffice4, tcp(443),
           accepted("guests: our web, by its public name").translated("10.1.1.10:443"), web),
  };
}

Checks what_the_lan_may() {
  const auto told = [] { return rejected("insiders are told", "admin-prohibited"); };
  return {
      flow("TheLanReachesTheInternet", "pc", kInternet4, tcp(22),
           accepted("lan: out").translated("snat to 198.51.100.1")),
      flow("TheLanReachesTheInternet", "pc", kInternet6, tcp(22), accepted("lan: out").translated("none")),
      flow("SegmentsFitTheLine", "pc", kInternet4, tcp(22), accepted("lan: out").arriving("arrives: mss 1452")),
      flow("SegmentsFitTheLine", "pc", kInternet6, tcp(22), accepted("lan: out").arriving("arrives: mss 1432")),
      flow("TheLanReachesTheInternet", "pc", kInternet4, udp(9),
           unserved("lan: out").meeting("errors about what was let through")),
      flow("TheLanReachesTheInternet", "pc", kInternet4, icmp(),
           accepted("lan: out").translated("snat to 198.51.100.1")),
      flow("CallsComeFirst", "pc", kInternet4, udp(5060), accepted("lan: out").arriving("arrives: cs3")),
      flow("CallsComeFirst", "pc", kInternet6, udp(5060), accepted("lan: out").arriving("arrives: cs3, IPv6")),
      flow("TheLanSendsMailByOurServer", "pc", kInternet4, tcp(25),
           rejected("lan: mail goes by our server", "tcp reset")),
      flow("TheLanReachesTheBranch", "pc", kBranch4, tcp(445), accepted("lan: to the branch").translated("none")),
      flow("TheLanUsesTheServers", "pc", kMail4, tcp(993), accepted("lan: services")),
      flow("TheLanUsesTheServers", "pc", kWeb4, tcp(80), accepted("lan: services")),
      flow("TheLanUsesTheServers", "pc", kMail4, tcp(25), accepted("lan: services")),
      flow("TheLanUsesTheServers", "pc", kMail4, tcp(110), dropped("lan: services")),
      flow("TheLanUsesTheServers", "pc", kWeb6, tcp(443), accepted("lan: web, IPv6")),
      flow("TheLanUsesTheServers", "pc", kMail6, tcp(25), accepted("lan: mail, IPv6")),
      flow("TheLanPingsTheServers", "pc", kDns4, icmp(), accepted("lan: ping")),
      flow("TheLanPingsTheServers", "pc", kDns6, icmp(), accepted("lan: ping, IPv6")),
      flow("InsidersAreTold", "pc", kWeb4, tcp(22), told()),
      flow("InsidersAreTold", "pc", "2001:db8:1:99::10", tcp(22), told()),
      flow("InsidersAreTold", "ups", kWeb4, tcp(443), told()),
  };
}

Checks what_guests_may() {
  return {
      flow("GuestsReachTheWeb", "phone", kInternet4, tcp(443),
           accepted("guests: web").translated("snat to 198.51.100.2")),
      flow("GuestsReachTheWeb", "phone", kInternet6, tcp(80), accepted("guests: web")),
      flow("GuestsReachTheWeb", "phone", kInternet4, udp(443), accepted("guests: quic")),
      flow("GuestsReadTheirMail", "phone", kInternet4, tcp(587), accepted("guests: their mail")),
      flow("GuestsReachNothingElse", "phone", kInternet4, tcp(22), dropped("policy")),
      flow("GuestsStayOut", "phone", kPc4, tcp(443), rejected("guests stay out", "host-prohibited")),
      flow("GuestsStayOut", "phone", kPc6, tcp(443), rejected("guests stay out, IPv6", "admin-prohibited")),
      flow("GuestsGetOurNames", "phone", kInternet4, udp(53),
           accepted("names").translated("dnat to 10.1.20.1:53").meeting("guests: our names whomever they ask"),
           Service{"gw", udp(53)}),
  };
}

Checks what_admins_and_servers_may() {
  return {
      flow("AdminsReachTheConsoles", "admin", kWeb4, tcp(22), accepted("admins: consoles").meeting("admins")),
      flow("AdminsReachTheConsoles", "admin", kWeb6, tcp(22), accepted("admins: consoles").meeting("admins, IPv6")),
      flow("AdminsReachTheConsoles", "admin", kPc4, icmp(), accepted("admins: ping")),
      flow("AdminsReachTheConsoles", "admin", kPc6, icmp(), accepted("admins: ping, IPv6")),
      flow("AdminsDoNotSurf", "admin", kInternet4, tcp(443),
           rejected("insiders are told", "admin-prohibited").meeting("admins do not surf from here")),
      flow("ServersReachWhatTheyNeed", "mail", kInternet4, tcp(25), accepted("mail: out")),
      flow("ServersReachWhatTheyNeed", "mail", kInternet6, tcp(25), accepted("mail: out, IPv6")),
      flow("ServersReachWhatTheyNeed", "dns", kInternet4, udp(53), accepted("names: out")),
      flow("ServersReachWhatTheyNeed", "dns", kInternet6, udp(53), accepted("names: out, IPv6")),
      flow("ServersReachWhatTheyNeed", "web", kInternet4, tcp(80), accepted("servers: updates")),
      flow("ServersReachWhatTheyNeed", "web", kInternet4, tcp(25), dropped("policy")),
      flow("ServersNeverCallIn", "web", kPc4, tcp(443), dropped("servers never call in")),
      flow("ServersNeverCallIn", "web", kPc6, tcp(443), dropped("servers never call in")),
      flow("TheBranchWorksInTheLan", "branch", kPc4, tcp(445), accepted("branch: into the lan")),
      flow("TheBranchWorksInTheLan", "branch", kPc6, tcp(22), accepted("branch: into the lan")),
      flow("TheBranchWorksInTheLan", "branch", kPc4, icmp(), accepted("branch: ping")),
      flow("TheBranchWorksInTheLan", "branch", kPc6, icmp(), accepted("branch: ping, IPv6")),
      flow("TheBranchWorksInTheLan", "branch", kWeb4, tcp(443), accepted("branch: web")),
      flow("TheBranchReachesNothingElse", "branch", kPc4, tcp(443), rejected("branch: closed", "tcp reset")),
  };
}

// Through the tunnel, from a network that is routed there and not allowed: frames of the branch's second cable.
Checks what_partners_may_not() {
  return {
      crafted("PartnersOfTheBranchAreNotInvited", "a partner", "branch", "vpn", tcp_from("10.21.0.5", kPc4, 445, kSyn),
              dropped("branch: only its own addresses")),
      crafted("PartnersOfTheBranchAreNotInvited", "a partner", "branch", "vpn",
              tcp_from("2001:db8:21::5", kPc6, 445, kSyn), dropped("branch: only its own addresses, IPv6")),
  };
}

}  // namespace

const std::vector<Check>& checks() {
  static const Checks all = [] {
    Checks collected;
    for (const auto& part : {what_is_refused_first, what_the_gateway_takes, what_is_published, what_the_lan_may,
                             what_guests_may, what_admins_and_servers_may, what_partners_may_not})
      add(collected, part());
    return collected;
  }();
  return all;
}

}  // namespace netrig::office
