#include <netrig/netlink/codec/address_codec.h>
#include <netrig/netlink/codec/attributes.h>
#include <netrig/netlink/codec/describe.h>
#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/codec/mdb_codec.h>
#include <netrig/netlink/codec/neighbour_codec.h>
#include <netrig/netlink/codec/route_codec.h>
#include <netrig/netlink/codec/rule_codec.h>

#include <fmt/format.h>

#include <cerrno>
#include <limits>

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

namespace netrig::netlink::codec {
namespace {

/// rtnetlink numbers messages in fours: new, delete, get, set (linux/rtnetlink.h).
enum class Operation { new_ = 0, delete_ = 1, get = 2, set = 3 };

Operation operation_of(int type) { return static_cast<Operation>((type - RTM_BASE) & 3); }
int family_base(int type) { return type - ((type - RTM_BASE) & 3); }

std::string_view verb_of(const nlmsghdr* request) {
  const auto operation = operation_of(request->nlmsg_type);
  if (operation == Operation::delete_) return "delete";
  if (operation == Operation::get) return "get";
  const unsigned flags = request->nlmsg_flags;
  if ((flags & NLM_F_CREATE) == 0) return family_base(request->nlmsg_type) == RTM_NEWLINK ? "set" : "change";
  if ((flags & NLM_F_REPLACE) != 0) return "replace";
  return (flags & NLM_F_APPEND) != 0 ? "append" : "add";
}

std::string_view plural_of(const nlmsghdr* request) {
  switch (family_base(request->nlmsg_type)) {
    case RTM_NEWLINK:
      return "links";
    case RTM_NEWADDR:
      return "addresses";
    case RTM_NEWROUTE:
      return "routes";
    case RTM_NEWRULE:
      return "rules";
    case RTM_NEWNEIGH:
      return read_header<rtgenmsg>(request).rtgen_family == AF_BRIDGE ? "fdb" : "neighbours";
    case RTM_NEWMDB:
      return "mdb";
    default:
      return "objects";
  }
}

std::string describe_namespace_id(const nlmsghdr* request) {
  const Attributes<NETNSA_MAX> attributes{request, sizeof(rtgenmsg)};
  const auto id = attributes.u32(NETNSA_NSID);
  const auto fd = attributes.u32(NETNSA_FD).value_or(0);
  return fmt::format("namespace id {} of fd {}", id ? static_cast<std::int32_t>(*id) : -1, fd);
}

std::string describe_object(const nlmsghdr* request, DeviceNames& names) {
  switch (family_base(request->nlmsg_type)) {
    case RTM_NEWLINK:
      return describe_link(request, names);
    case RTM_NEWADDR:
      return describe_address(request, names);
    case RTM_NEWROUTE:
      return describe_route(request, names);
    case RTM_NEWRULE:
      return describe_rule(request);
    case RTM_NEWNEIGH:
      return describe_neighbour(request, names);
    case RTM_NEWMDB:
      return describe_mdb(request, names);
    case RTM_NEWNSID:
      return describe_namespace_id(request);
    default:
      return fmt::format("message {}", request->nlmsg_type);
  }
}

/// The first attribute of an answer's extended acknowledgement, and the bytes that they take.
std::pair<const nlattr*, int> extended_attributes(const nlmsghdr* answer) {
  std::size_t offset = NLMSG_HDRLEN;
  if (answer->nlmsg_type == NLMSG_ERROR) {
    offset += sizeof(nlmsgerr);
    // Unless it is capped, a copy of the request's content comes in between.
    const auto error = read_header<nlmsgerr>(answer);
    if ((answer->nlmsg_flags & NLM_F_CAPPED) == 0) offset += NLMSG_ALIGN(error.msg.nlmsg_len - sizeof(nlmsghdr));
  } else {
    offset += sizeof(int);
  }
  if ((answer->nlmsg_flags & NLM_F_ACK_TLVS) == 0 || answer->nlmsg_len <= offset) return {nullptr, 0};
  return {reinterpret_cast<const nlattr*>(reinterpret_cast<const std::byte*>(answer) + offset),
          static_cast<int>(answer->nlmsg_len - offset)};
}

}  // namespace

std::string describe(const nlmsghdr* request, DeviceNames& names) {
  if (operation_of(request->nlmsg_type) == Operation::get && (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
    return fmt::format("list {}", plural_of(request));
  }
  return fmt::format("{} {}", verb_of(request), describe_object(request, names));
}

Error describe_failure(const nlmsghdr* request, int code, std::string reason, std::string label, DeviceNames& names) {
  // What __rtnl_newlink() in the kernel's rtnetlink.c says of a kind that it has no driver for.
  if (code == EOPNOTSUPP && reason == "Unknown device type") {
    const Attributes<IFLA_MAX> attributes{request, sizeof(ifinfomsg)};
    const auto kind = Attributes<IFLA_INFO_MAX>{attributes[IFLA_LINKINFO]}.text(IFLA_INFO_KIND);
    reason += fmt::format(": this kernel has no {} links; its module, where there is one, is the host's to load", kind);
  }
  return Error::from_errno(describe(request, names), std::move(label), code, std::move(reason));
}

int error_code(const nlmsghdr* answer) {
  const int negative = read_header<int>(answer);
  return negative < 0 && negative != std::numeric_limits<int>::min() ? -negative : negative;
}

std::string extended_text(const nlmsghdr* answer) {
  const auto [first, size] = extended_attributes(answer);
  nlattr* table[NLMSGERR_ATTR_MAX + 1] = {};
  if (first == nullptr || nla_parse(table, NLMSGERR_ATTR_MAX, const_cast<nlattr*>(first), size, nullptr) < 0) return {};
  return read_text(table[NLMSGERR_ATTR_MSG]);
}

}  // namespace netrig::netlink::codec
