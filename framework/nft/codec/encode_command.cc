#include <netrig/nft/codec/message.h>
#include <netrig/nft/codec/nftnl.h>

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_arp.h>

namespace netrig::nft::codec {
namespace {

constexpr std::size_t kMessageRoom = 4096;  // names, comments and numbers of any message
constexpr std::size_t kStepRoom = 512;      // any one expression
constexpr std::size_t kLongestName = 255;   // NFT_NAME_MAXLEN with its final zero
constexpr std::uint32_t kUserDataRoom = 256;
constexpr std::size_t kElementsAMessage = 60;  // of up to 512 bytes twice, below the 64 KiB of an attribute

template <class Owner>
Owner checked(Owner made) {
  if (!made) throw std::bad_alloc{};
  return made;
}

Result<void> check_name(std::string_view what, const std::string& name) {
  if (!name.empty() && name.size() <= kLongestName && name.find('\0') == std::string::npos) return {};
  return refuse(fmt::format("{} name '{}' must have 1 to {} bytes", what, name, kLongestName));
}
Result<void> check_name(const TableName& table) { return check_name("table", table.name); }
Result<void> check_name(const ChainName& chain) {
  NETRIG_TRY(check_name(chain.table));
  return check_name("chain", chain.name);
}

std::uint32_t hook_number(const BaseChain& base, Family family) {
  if (family == Family::netdev) return base.hook == Hook::egress ? NF_NETDEV_EGRESS : NF_NETDEV_INGRESS;
  if (family == Family::arp) return base.hook == Hook::output ? NF_ARP_OUT : NF_ARP_IN;
  switch (base.hook) {
    case Hook::prerouting:
      return NF_INET_PRE_ROUTING;
    case Hook::input:
      return NF_INET_LOCAL_IN;
    case Hook::forward:
      return NF_INET_FORWARD;
    case Hook::output:
      return NF_INET_LOCAL_OUT;
    case Hook::postrouting:
      return NF_INET_POST_ROUTING;
    case Hook::ingress:
    case Hook::egress:
      return NF_INET_INGRESS;
  }
  return NF_INET_INGRESS;
}

std::uint32_t flags_of(const Table& table) {
  return (table.dormant ? std::uint32_t{NFT_TABLE_F_DORMANT} : 0U) |
         (table.owned ? std::uint32_t{NFT_TABLE_F_OWNER} : 0U);
}

// Appends one message of `type`, whose body `write` makes.
struct Writer {
  Buffer& batch;
  std::uint32_t sequence;
  std::uint16_t flags;
  const SetTypes& types;

  template <class Write>
  Result<void> message(std::uint16_t type, std::uint16_t family, int more_flags, std::size_t room, Write write) const {
    append_message(batch, room, [&](char* buffer) {
      nlmsghdr* made =
          nftnl_nlmsg_build_hdr(buffer, type, family, static_cast<std::uint16_t>(flags | more_flags), sequence);
      write(made);
      return made;
    });
    return {};
  }

  Result<void> table(std::uint16_t type, const TableName& name, int more_flags, const std::string& comment = {},
                     std::uint32_t table_flags = 0) const;
  Result<void> chain(std::uint16_t type, const ChainName& name, int more_flags, const Chain& chain) const;
  Result<void> rule(std::uint16_t type, const ChainName& name, int more_flags, const Rule& rule, std::uint64_t handle,
                    std::uint64_t position) const;

  /// The number of a set that comes next: its place in the batch, which no other has.
  [[nodiscard]] std::uint32_t next_set() const { return static_cast<std::uint32_t>(batch.size()) + 1; }
  Result<void> set(std::uint16_t type, const SetName& name, int more_flags, const nftnl_set* set) const;
  Result<void> elements(std::uint16_t type, const SetName& name, int more_flags, const SetType& kind,
                        const std::vector<SetElement>& elements, Filling filling, std::uint32_t id = 0) const;
  Result<std::uint32_t> anonymous_set(const TableName& table, const Lookup& lookup) const;

  Result<void> operator()(const AddSet& add) const;
  Result<void> operator()(const DeleteSet& remove) const;
  Result<void> operator()(const FlushSet& flush) const;
  Result<void> operator()(const AddElement& add) const {
    const SetType type = NETRIG_TRY(find_set(types, add.set));
    return elements(NFT_MSG_NEWSETELEM, add.set, NLM_F_CREATE | NLM_F_EXCL, type, {add.element}, Filling::existing);
  }
  Result<void> operator()(const DeleteElement& remove) const {
    SetType type = NETRIG_TRY(find_set(types, remove.set));
    type.map = type.map && remove.element.verdict.has_value();
    return elements(NFT_MSG_DELSETELEM, remove.set, 0, type, {remove.element}, Filling::existing);
  }
  Result<void> operator()(const AddTable& add) const {
    return table(NFT_MSG_NEWTABLE, add.table.id(), NLM_F_CREATE, add.table.comment, flags_of(add.table));
  }
  Result<void> operator()(const AddChain& add) const {
    return chain(NFT_MSG_NEWCHAIN, {add.table, add.chain.name}, NLM_F_CREATE, add.chain);
  }
  Result<void> operator()(const AddRule& add) const {
    return rule(NFT_MSG_NEWRULE, add.chain, add.before ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_APPEND, add.rule, 0,
                add.position);
  }
  Result<void> operator()(const ReplaceRule& replace) const {
    return rule(NFT_MSG_NEWRULE, replace.chain, NLM_F_REPLACE, replace.rule, replace.handle, 0);
  }
  Result<void> operator()(const DeleteRule& remove) const {
    return rule(NFT_MSG_DELRULE, remove.chain, 0, {}, remove.handle, 0);
  }
  Result<void> operator()(const DeleteChain& remove) const { return chain(NFT_MSG_DELCHAIN, remove.chain, 0, {}); }
  Result<void> operator()(const DeleteTable& remove) const { return table(NFT_MSG_DELTABLE, remove.table, 0); }
  Result<void> operator()(const FlushChain& flush) const { return rule(NFT_MSG_DELRULE, flush.chain, 0, {}, 0, 0); }
  Result<void> operator()(const FlushTable& flush) const;
  Result<void> operator()(const FlushRuleset&) const {
    return message(NFT_MSG_DELTABLE, NFPROTO_UNSPEC, 0, kMessageRoom, [](nlmsghdr*) {});
  }
};

Result<void> Writer::table(std::uint16_t type, const TableName& name, int more_flags, const std::string& comment,
                           std::uint32_t table_flags) const {
  NETRIG_TRY(check_name(name));
  const auto made = checked(NftnlTable{nftnl_table_alloc()});
  nftnl_table_set_u32(made.get(), NFTNL_TABLE_FAMILY, static_cast<std::uint32_t>(name.family));
  nftnl_table_set_str(made.get(), NFTNL_TABLE_NAME, name.name.c_str());
  if (type == NFT_MSG_NEWTABLE) nftnl_table_set_u32(made.get(), NFTNL_TABLE_FLAGS, table_flags);
  if (!comment.empty()) {
    const auto data = checked(NftnlUserData{nftnl_udata_buf_alloc(kUserDataRoom)});
    nftnl_udata_put_strz(data.get(), NFTNL_UDATA_TABLE_COMMENT, comment.c_str());
    nftnl_table_set_data(made.get(), NFTNL_TABLE_USERDATA, nftnl_udata_buf_data(data.get()),
                         nftnl_udata_buf_len(data.get()));
  }
  return message(type, static_cast<std::uint16_t>(name.family), more_flags, kMessageRoom,
                 [&](nlmsghdr* to) { nftnl_table_nlmsg_build_payload(to, made.get()); });
}

void set_hook(nftnl_chain* to, const BaseChain& base, Family family) {
  nftnl_chain_set_u32(to, NFTNL_CHAIN_HOOKNUM, hook_number(base, family));
  nftnl_chain_set_s32(to, NFTNL_CHAIN_PRIO, base.priority);
  nftnl_chain_set_u32(to, NFTNL_CHAIN_POLICY, static_cast<std::uint32_t>(base.policy));
  nftnl_chain_set_str(to, NFTNL_CHAIN_TYPE, to_string(base.type).c_str());
  if (base.policy_count) {
    nftnl_chain_set_u64(to, NFTNL_CHAIN_PACKETS, base.policy_count->packets);
    nftnl_chain_set_u64(to, NFTNL_CHAIN_BYTES, base.policy_count->bytes);
  }
  std::vector<const char*> devices;
  devices.reserve(base.devices.size() + 1);
  for (const std::string& device : base.devices) devices.push_back(device.c_str());
  devices.push_back(nullptr);
  if (base.devices.size() == 1) nftnl_chain_set_str(to, NFTNL_CHAIN_DEV, devices.front());
  if (base.devices.size() > 1)
    nftnl_chain_set_data(to, NFTNL_CHAIN_DEVICES, static_cast<const void*>(devices.data()), 0);
}

Result<void> Writer::chain(std::uint16_t type, const ChainName& name, int more_flags, const Chain& chain) const {
  NETRIG_TRY(check_name(name));
  const auto made = checked(NftnlChain{nftnl_chain_alloc()});
  nftnl_chain_set_u32(made.get(), NFTNL_CHAIN_FAMILY, static_cast<std::uint32_t>(name.table.family));
  nftnl_chain_set_str(made.get(), NFTNL_CHAIN_TABLE, name.table.name.c_str());
  nftnl_chain_set_str(made.get(), NFTNL_CHAIN_NAME, name.name.c_str());
  if (chain.hook) set_hook(made.get(), *chain.hook, name.table.family);
  if (!chain.comment.empty()) {
    const auto data = checked(NftnlUserData{nftnl_udata_buf_alloc(kUserDataRoom)});
    nftnl_udata_put_strz(data.get(), NFTNL_UDATA_CHAIN_COMMENT, chain.comment.c_str());
    nftnl_chain_set_data(made.get(), NFTNL_CHAIN_USERDATA, nftnl_udata_buf_data(data.get()),
                         nftnl_udata_buf_len(data.get()));
  }
  const std::size_t devices = chain.hook ? chain.hook->devices.size() : 0;
  return message(type, static_cast<std::uint16_t>(name.table.family), more_flags, kMessageRoom + devices * kStepRoom,
                 [&](nlmsghdr* to) { nftnl_chain_nlmsg_build_payload(to, made.get()); });
}

NftnlSet named_set(const SetName& name) {
  auto made = checked(NftnlSet{nftnl_set_alloc()});
  nftnl_set_set_u32(made.get(), NFTNL_SET_FAMILY, static_cast<std::uint32_t>(name.table.family));
  nftnl_set_set_str(made.get(), NFTNL_SET_TABLE, name.table.name.c_str());
  nftnl_set_set_str(made.get(), NFTNL_SET_NAME, name.name.c_str());
  return made;
}

Result<void> Writer::set(std::uint16_t type, const SetName& name, int more_flags, const nftnl_set* set) const {
  return message(type, static_cast<std::uint16_t>(name.table.family), more_flags, kMessageRoom,
                 [&](nlmsghdr* to) { nftnl_set_nlmsg_build_payload(to, const_cast<nftnl_set*>(set)); });
}

// In messages of as many elements as surely fit into an attribute.
Result<void> Writer::elements(std::uint16_t type, const SetName& name, int more_flags, const SetType& kind,
                              const std::vector<SetElement>& elements, Filling filling, std::uint32_t id) const {
  NETRIG_TRY(check_elements(kind, elements));
  auto sorted = elements;
  sort_elements(kind, sorted);
  for (std::size_t at = 0; at < sorted.size(); at += kElementsAMessage) {
    const auto end = std::min(at + kElementsAMessage, sorted.size());
    const auto made = named_set(name);
    if (id != 0) nftnl_set_set_u32(made.get(), NFTNL_SET_ID, id);
    put_elements(*made, kind,
                 {sorted.begin() + static_cast<std::ptrdiff_t>(at), sorted.begin() + static_cast<std::ptrdiff_t>(end)},
                 at == 0 ? filling : Filling::existing);
    NETRIG_TRY(message(type, static_cast<std::uint16_t>(name.table.family), more_flags,
                       kMessageRoom + (end - at) * 2 * kStepRoom,
                       [&](nlmsghdr* to) { nftnl_set_elems_nlmsg_build_payload(to, made.get()); }));
  }
  return {};
}

Result<std::uint32_t> Writer::anonymous_set(const TableName& table, const Lookup& lookup) const {
  const std::uint32_t id = next_set();
  const SetName name{table, lookup.map ? kAnonymousMap : kAnonymousSet};
  const auto made = checked(NftnlSet{nftnl_set_alloc()});
  put_anonymous(*made, table, lookup.type, id, static_cast<std::uint32_t>(lookup.elements.size()));
  NETRIG_TRY(set(NFT_MSG_NEWSET, name, NLM_F_CREATE, made.get()));
  NETRIG_TRY(elements(NFT_MSG_NEWSETELEM, name, NLM_F_CREATE, lookup.type, lookup.elements, Filling::fresh, id));
  return id;
}

Result<void> Writer::operator()(const AddSet& add) const {
  const SetName name{add.table, add.set.name};
  NETRIG_TRY(check_name(name.table));
  NETRIG_TRY(check_name("set", name.name));
  NETRIG_TRY(check_comment(add.set.comment));
  NETRIG_TRY(check_elements(add.set.type, add.set.elements));
  const auto made = checked(NftnlSet{nftnl_set_alloc()});
  put_declaration(*made, add.table, add.set, next_set());
  NETRIG_TRY(set(NFT_MSG_NEWSET, name, NLM_F_CREATE, made.get()));
  return elements(NFT_MSG_NEWSETELEM, name, NLM_F_CREATE, add.set.type, add.set.elements, Filling::fresh);
}

Result<void> Writer::operator()(const DeleteSet& remove) const {
  NETRIG_TRY(check_name("set", remove.set.name));
  return set(NFT_MSG_DELSET, remove.set, 0, named_set(remove.set).get());
}

// No elements: all of them.
Result<void> Writer::operator()(const FlushSet& flush) const {
  NETRIG_TRY(check_name("set", flush.set.name));
  const auto made = named_set(flush.set);
  return message(NFT_MSG_DELSETELEM, static_cast<std::uint16_t>(flush.set.table.family), 0, kMessageRoom,
                 [&](nlmsghdr* to) { nftnl_set_elems_nlmsg_build_payload(to, made.get()); });
}

NftnlRule named_rule(const TableName& table) {
  auto made = checked(NftnlRule{nftnl_rule_alloc()});
  nftnl_rule_set_u32(made.get(), NFTNL_RULE_FAMILY, static_cast<std::uint32_t>(table.family));
  nftnl_rule_set_str(made.get(), NFTNL_RULE_TABLE, table.name.c_str());
  return made;
}

Result<void> Writer::rule(std::uint16_t type, const ChainName& name, int more_flags, const Rule& rule,
                          std::uint64_t handle, std::uint64_t position) const {
  NETRIG_TRY(check_name(name));
  const auto steps = NETRIG_TRY(lower(rule, name.table.family));
  NETRIG_TRY(check_sets(rule, name.table, types));
  std::vector<std::uint32_t> sets;
  for (const Instruction& step : steps) {
    const auto* lookup = std::get_if<Lookup>(&step);
    if (lookup != nullptr && lookup->name.empty()) sets.push_back(NETRIG_TRY(anonymous_set(name.table, *lookup)));
  }
  const auto made = named_rule(name.table);
  nftnl_rule_set_str(made.get(), NFTNL_RULE_CHAIN, name.name.c_str());
  if (handle != 0) nftnl_rule_set_u64(made.get(), NFTNL_RULE_HANDLE, handle);
  if (position != 0) nftnl_rule_set_u64(made.get(), NFTNL_RULE_POSITION, position);
  if (!rule.remark.empty()) {
    const auto data = checked(NftnlUserData{nftnl_udata_buf_alloc(kUserDataRoom)});
    nftnl_udata_put_strz(data.get(), NFTNL_UDATA_RULE_COMMENT, rule.remark.c_str());
    nftnl_rule_set_data(made.get(), NFTNL_RULE_USERDATA, nftnl_udata_buf_data(data.get()),
                        nftnl_udata_buf_len(data.get()));
  }
  encode_steps(*made, steps, sets);
  return message(type, static_cast<std::uint16_t>(name.table.family), more_flags,
                 kMessageRoom + steps.size() * kStepRoom,
                 [&](nlmsghdr* to) { nftnl_rule_nlmsg_build_payload(to, made.get()); });
}

Result<void> Writer::operator()(const FlushTable& flush) const {
  NETRIG_TRY(check_name(flush.table));
  const auto made = named_rule(flush.table);
  return message(NFT_MSG_DELRULE, static_cast<std::uint16_t>(flush.table.family), 0, kMessageRoom,
                 [&](nlmsghdr* to) { nftnl_rule_nlmsg_build_payload(to, made.get()); });
}

}  // namespace

Result<void> encode(const Command& command, Buffer& batch, std::uint32_t sequence, std::uint16_t flags,
                    const SetTypes& sets) {
  return std::visit(Writer{batch, sequence, flags, sets}, command);
}

}  // namespace netrig::nft::codec
