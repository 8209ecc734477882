// Many requests in one send: the fast way to configure a namespace.
//
//   Batch batch{socket};
//   batch.add_link({.name = veth0, .index = 10}, Veth{.peer = {.name = eth0, .netns = client.fd()}})
//       .change_link({.device = {.index = 10}, .up = true})
//       .add(Address{.device = {.index = 10}, .local = ...});
//   NETRIG_TRY(batch.send());   // add link veth0 type veth peer name eth0 in "router": EEXIST (File exists)
//
// The kernel carries the requests out one by one, in order: a batch is fast, not atomic. When one fails, those after it
// are still tried; send() reports the first failure, failures() has them all.
#pragma once

#include <netrig/base/result.h>
#include <netrig/netlink/link_kind.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace netrig::netlink {

class Socket;
struct Address;
struct FdbEntry;
struct LinkChange;
struct MdbEntry;
struct NamespaceId;
struct Neighbour;
struct Route;
struct Rule;

/// Requests for one socket's namespace. A device given by name alone is looked up when the request is added: it must
/// exist by then, or be added earlier in the same batch with an index of one's own choosing. What cannot be encoded
/// makes send() fail before anything is sent. Move-only; the socket must outlive it.
class Batch {
 public:
  explicit Batch(Socket& socket);
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  Batch& add_link(const LinkSpec& link, const LinkKind& kind);
  Batch& change_link(const LinkChange& change);
  Batch& remove_link(const Device& device);
  /// Makes a link that has just got carrier ready to send. Without it the first packets may be lost: the kernel starts
  /// a device's queue in a deferred job (link_watch.c), which asking for the link carries out at once since Linux 6.8.
  /// Once both ends of a veth are up, settle each; a bridge after its ports.
  Batch& settle_link(const Device& device);
  /// All devices of the group at once: one grace period for all of them, where each remove_link() waits for one.
  Batch& remove_link_group(std::uint32_t group);

  // add: EEXIST where there is one already. replace: made or changed. change: ENOENT where there is none.
  Batch& add(const Address& address);
  Batch& replace(const Address& address);  ///< also the way to change lifetimes and flags
  Batch& remove(const Address& address);
  Batch& add(const Route& route);
  Batch& append(const Route& route);  ///< beside one of the same destination and metric
  Batch& replace(const Route& route);
  Batch& change(const Route& route);
  Batch& remove(const Route& route);
  Batch& add(const Rule& rule);  ///< the kernel cannot change a rule: add the new one, then remove the old
  Batch& remove(const Rule& rule);
  Batch& add(const Neighbour& neighbour);
  Batch& replace(const Neighbour& neighbour);
  Batch& change(const Neighbour& neighbour);
  Batch& remove(const Neighbour& neighbour);
  Batch& add(const FdbEntry& entry);
  Batch& append(const FdbEntry& entry);  ///< one more remote of a VXLAN's entry
  Batch& replace(const FdbEntry& entry);
  Batch& remove(const FdbEntry& entry);
  Batch& add(const MdbEntry& entry);
  Batch& remove(const MdbEntry& entry);
  Batch& add(const NamespaceId& id);

  /// Requests waiting to be sent (a change of a link may take several).
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const;

  /// Sends what is waiting and reads every answer; the batch is empty afterwards and can be used again.
  /// The error is the first failure's, with the number of the others in its detail.
  Result<void> send();
  /// Every failure of the last send(), in the order of the requests.
  [[nodiscard]] const std::vector<Error>& failures() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netrig::netlink
