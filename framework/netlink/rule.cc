#include <netrig/netlink/codec/rule_codec.h>
#include <netrig/netlink/rule.h>
#include <netrig/netlink/transport.h>
#include <netrig/netlink/words.h>

#include <fmt/format.h>
#include <netlink/utils.h>

#include <array>
#include <iterator>
#include <ostream>

namespace netrig::netlink {
namespace {

std::string port_words(const PortRange& ports) {
  return ports.first == ports.last ? std::to_string(ports.first) : fmt::format("{}-{}", ports.first, ports.last);
}

std::string ip_protocol_word(std::uint8_t protocol) {
  std::array<char, 32> room{};
  return nl_ip_proto2str(protocol, room.data(), room.size());
}

void say_selectors(Sentence& text, const Rule& rule) {
  text.say("from " + (rule.from && rule.from->length() != 0 ? short_prefix(*rule.from) : "all"));
  if (rule.to && rule.to->length() != 0) text.say("to " + short_prefix(*rule.to));
  if (rule.tos != 0) text.say(fmt::format("tos {:#04x}", rule.tos));
  if (rule.mark && rule.mark_mask) {
    text.say(fmt::format("fwmark {:#x}/{:#x}", *rule.mark, *rule.mark_mask));
  } else if (rule.mark) {
    text.say(fmt::format("fwmark {:#x}", *rule.mark));
  }
  text.say("iif", rule.incoming).say("oif", rule.outgoing);
  if (rule.l3mdev) text.say("lookup [l3mdev-table]");
  if (rule.uid_first) text.say(fmt::format("uidrange {}-{}", *rule.uid_first, rule.uid_last.value_or(*rule.uid_first)));
  if (rule.ip_protocol) text.say("ipproto " + ip_protocol_word(*rule.ip_protocol));
  if (rule.source_ports) text.say("sport " + port_words(*rule.source_ports));
  if (rule.destination_ports) text.say("dport " + port_words(*rule.destination_ports));
}

void say_action(Sentence& text, const Rule& rule) {
  switch (rule.action) {
    case RuleAction::lookup:
      if (!rule.l3mdev) text.say("lookup " + table_name(rule.table));
      text.say("suppress_prefixlength", rule.suppress_prefix_length);
      break;
    case RuleAction::goto_:
      text.say(fmt::format("goto {}", rule.goto_priority.value_or(0)));
      break;
    case RuleAction::nop:
      text.say("nop");
      break;
    case RuleAction::blackhole:
      text.say("blackhole");
      break;
    case RuleAction::unreachable:
      text.say("unreachable");
      break;
    case RuleAction::prohibit:
      text.say("prohibit");
      break;
  }
}

}  // namespace

std::string Rule::to_string() const {
  Sentence text;
  text.raw(fmt::format("{}:\t", priority.value_or(0))).say_if(invert, "not");
  say_selectors(text, *this);
  say_action(text, *this);
  if (protocol != RouteProtocol::unspecified && protocol != RouteProtocol::kernel)
    text.say("proto " + protocol_word(protocol));
  return text.take();
}

std::ostream& operator<<(std::ostream& out, const Rule& rule) { return out << rule.to_string(); }

Result<std::vector<Rule>> dump_rules(Socket& socket, std::optional<AddressFamily> family) {
  std::vector<Rule> rules;
  for (const AddressFamily each : kAddressFamilies) {
    if (family && *family != each) continue;
    codec::Buffer buffer;
    codec::encode_rule_dump(buffer, each);
    auto some = NETRIG_TRY(dump<Rule>(socket, buffer, codec::decode_rule));
    // The kernel says no priority for the first rule, which is 0.
    for (Rule& rule : some) rule.priority = rule.priority.value_or(0);
    std::ranges::move(some, std::back_inserter(rules));
  }
  return rules;
}

}  // namespace netrig::netlink
