#include <netrig/netlink/batch.h>
#include <netrig/netlink/codec/address_codec.h>
#include <netrig/netlink/codec/describe.h>
#include <netrig/netlink/codec/link_codec.h>
#include <netrig/netlink/codec/mdb_codec.h>
#include <netrig/netlink/codec/message.h>
#include <netrig/netlink/codec/namespace_id_codec.h>
#include <netrig/netlink/codec/neighbour_codec.h>
#include <netrig/netlink/codec/resolver.h>
#include <netrig/netlink/codec/route_codec.h>
#include <netrig/netlink/codec/rule_codec.h>
#include <netrig/netlink/namespace_id.h>
#include <netrig/netlink/transport.h>

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include <linux/rtnetlink.h>

namespace netrig::netlink {
namespace {

constexpr int kAdd = NLM_F_CREATE | NLM_F_EXCL;
constexpr int kAppend = NLM_F_CREATE | NLM_F_APPEND;
constexpr int kReplace = NLM_F_CREATE | NLM_F_REPLACE;
constexpr int kChange = NLM_F_REPLACE;
constexpr int kRemove = 0;

/// The kernel takes a request about no device for one about a whole group of them.
std::string_view why_not(const Device& device) { return device.empty() ? "it names no link" : ""; }

}  // namespace

/// The bytes of the requests, and what could not be turned into bytes.
class Batch::Impl {
 public:
  explicit Impl(Socket& socket) : socket_{socket} {}

  /// Lets `write(buffer, resolver)` append one request. Takes it back when it names a device that does not exist, or
  /// when something else is `wrong` with it.
  template <class Write>
  void append(Write write, std::string_view wrong = {}) {
    const std::size_t start = buffer_.size();
    codec::Resolver index{socket_.fd(), buffer_};
    write(buffer_, index);
    if (!wrong.empty()) {
      refuse(start, EINVAL, std::string{wrong});
    } else if (!index.missing().empty()) {
      refuse_unknown(start, index.missing());
    }
  }

  /// Appends a message of `type` with `flags` that says `object`.
  template <class Encode, class T>
  void request(Encode encode, int type, int flags, const T& object) {
    append([&](codec::Buffer& buffer, codec::Resolver& index) { encode(buffer, type, flags, object, index); });
  }

  Result<void> send() {
    failures_ = std::exchange(refused_, {});
    if (failures_.empty() && buffer_.size() != 0) send_all();
    buffer_.clear();
    if (failures_.empty()) return {};
    Error first = failures_.front();
    if (failures_.size() > 1) {
      if (!first.detail.empty()) first.detail += "; ";
      first.detail +=
          fmt::format("{} more of the batch failed, the next: {}", failures_.size() - 1, failures_[1].message());
    }
    return fail(std::move(first));
  }

  [[nodiscard]] std::size_t size() const {
    std::size_t count = refused_.size();
    visit_messages(buffer_.bytes(), [&](const nlmsghdr*) { ++count; });
    return count;
  }
  [[nodiscard]] bool empty() const { return refused_.empty() && buffer_.size() == 0; }
  [[nodiscard]] const std::vector<Error>& failures() const { return failures_; }

 private:
  /// Takes back what was appended since `start`, and keeps why.
  void refuse(std::size_t start, int code, std::string why, const InterfaceName& unresolved = {}) {
    codec::DeviceNames names{socket_.fd(), buffer_.bytes().first(start)};
    names.remember(codec::kUnresolved, unresolved);
    const auto* request = codec::first_message(buffer_.bytes().subspan(start));
    refused_.push_back(Error::from_errno(codec::describe(request, names), socket_.label(), code, std::move(why)));
    buffer_.truncate(start);
  }

  void send_all() {
    if (socket_.access() == Access::configure) {
      failures_ = exchange(socket_, buffer_);
      return;
    }
    codec::DeviceNames names{socket_.fd(), buffer_.bytes()};
    failures_.push_back(Error::from_errno(codec::describe(codec::first_message(buffer_.bytes()), names),
                                          socket_.label(), EPERM, "the socket was opened read-only"));
  }

  void refuse_unknown(std::size_t start, const InterfaceName& name) {
    refuse(
        start, ENODEV,
        fmt::format("no link \"{}\" here; one that the same batch adds needs an index of your choosing", name.view()),
        name);
  }

  Socket& socket_;
  codec::Buffer buffer_;
  std::vector<Error> refused_, failures_;
};

Batch::Batch(Socket& socket) : impl_{std::make_unique<Impl>(socket)} {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

std::size_t Batch::size() const { return impl_->size(); }
bool Batch::empty() const { return impl_->empty(); }
Result<void> Batch::send() { return impl_->send(); }
const std::vector<Error>& Batch::failures() const { return impl_->failures(); }

Batch& Batch::add_link(const LinkSpec& link, const LinkKind& kind) {
  const auto* veth = std::get_if<Veth>(&kind);
  std::string_view wrong;
  if (link.name.empty() || (veth != nullptr && veth->peer.name.empty())) wrong = "a link needs a name";
  if (veth != nullptr && (veth->peer.up || !veth->peer.master.empty())) {
    wrong = "a veth's peer cannot be brought up or given a master while it is made: change_link() it";
  }
  if (veth != nullptr && veth->peer.index != 0 && link.index == 0) {
    wrong = "the kernel heeds the index of a veth's peer only when the veth itself is given one (veth_newlink)";
  }
  impl_->append([&](auto& buffer, auto& index) { codec::encode_add(buffer, link, kind, index); }, wrong);
  return *this;
}

Batch& Batch::change_link(const LinkChange& change) {
  impl_->append([&](auto& buffer, auto& index) { codec::encode_change(buffer, change, index); },
                why_not(change.device));
  return *this;
}

Batch& Batch::remove_link(const Device& device) {
  impl_->append([&](auto& buffer, auto&) { codec::encode_remove(buffer, device); }, why_not(device));
  return *this;
}

Batch& Batch::settle_link(const Device& device) {
  impl_->append([&](auto& buffer, auto&) { codec::encode_settle(buffer, device); }, why_not(device));
  return *this;
}

Batch& Batch::remove_link_group(std::uint32_t group) {
  impl_->append([&](auto& buffer, auto&) { codec::encode_remove_link_group(buffer, group); });
  return *this;
}

// The other families differ in nothing but the encoder, the kind of message and the flags.

Batch& Batch::add(const Address& address) {
  impl_->request(codec::encode_address, RTM_NEWADDR, kAdd, address);
  return *this;
}
Batch& Batch::replace(const Address& address) {
  impl_->request(codec::encode_address, RTM_NEWADDR, kReplace, address);
  return *this;
}
Batch& Batch::remove(const Address& address) {
  impl_->request(codec::encode_address, RTM_DELADDR, kRemove, address);
  return *this;
}
Batch& Batch::add(const Route& route) {
  impl_->request(codec::encode_route, RTM_NEWROUTE, kAdd, route);
  return *this;
}
Batch& Batch::append(const Route& route) {
  impl_->request(codec::encode_route, RTM_NEWROUTE, kAppend, route);
  return *this;
}
Batch& Batch::replace(const Route& route) {
  impl_->request(codec::encode_route, RTM_NEWROUTE, kReplace, route);
  return *this;
}
Batch& Batch::change(const Route& route) {
  impl_->request(codec::encode_route, RTM_NEWROUTE, kChange, route);
  return *this;
}
Batch& Batch::remove(const Route& route) {
  impl_->request(codec::encode_route, RTM_DELROUTE, kRemove, route);
  return *this;
}
Batch& Batch::add(const Rule& rule) {
  impl_->request(codec::encode_rule, RTM_NEWRULE, kAdd, rule);
  return *this;
}
Batch& Batch::remove(const Rule& rule) {
  impl_->request(codec::encode_rule, RTM_DELRULE, kRemove, rule);
  return *this;
}
Batch& Batch::add(const Neighbour& neighbour) {
  impl_->request(codec::encode_neighbour, RTM_NEWNEIGH, kAdd, neighbour);
  return *this;
}
Batch& Batch::replace(const Neighbour& neighbour) {
  impl_->request(codec::encode_neighbour, RTM_NEWNEIGH, kReplace, neighbour);
  return *this;
}
Batch& Batch::change(const Neighbour& neighbour) {
  impl_->request(codec::encode_neighbour, RTM_NEWNEIGH, kChange, neighbour);
  return *this;
}
Batch& Batch::remove(const Neighbour& neighbour) {
  impl_->request(codec::encode_neighbour, RTM_DELNEIGH, kRemove, neighbour);
  return *this;
}
Batch& Batch::add(const FdbEntry& entry) {
  impl_->request(codec::encode_fdb, RTM_NEWNEIGH, kAdd, entry);
  return *this;
}
Batch& Batch::append(const FdbEntry& entry) {
  impl_->request(codec::encode_fdb, RTM_NEWNEIGH, kAppend, entry);
  return *this;
}
Batch& Batch::replace(const FdbEntry& entry) {
  impl_->request(codec::encode_fdb, RTM_NEWNEIGH, kReplace, entry);
  return *this;
}
Batch& Batch::remove(const FdbEntry& entry) {
  impl_->request(codec::encode_fdb, RTM_DELNEIGH, kRemove, entry);
  return *this;
}
Batch& Batch::add(const MdbEntry& entry) {
  impl_->request(codec::encode_mdb, RTM_NEWMDB, kAdd, entry);
  return *this;
}
Batch& Batch::remove(const MdbEntry& entry) {
  impl_->request(codec::encode_mdb, RTM_DELMDB, kRemove, entry);
  return *this;
}
Batch& Batch::add(const NamespaceId& id) {
  impl_->request(codec::encode_namespace_id, RTM_NEWNSID, kRemove, id);
  return *this;
}

}  // namespace netrig::netlink
