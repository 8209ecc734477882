#include <netrig/net/prefix.h>
#include <netrig/net/scan.h>
#include <netrig/net/slash.h>
#include <netrig/net/text.h>

namespace netrig {
inline namespace net {

namespace {

template <class Address>
constexpr std::string_view kPrefixWord = "IPv4 prefix";
template <>
constexpr std::string_view kPrefixWord<Ipv6Address> = "IPv6 prefix";

scan::Scanned<Ipv4Address> scan_address(std::string_view text, Ipv4Address /*type*/) { return scan::ipv4(text); }
scan::Scanned<Ipv6Address> scan_address(std::string_view text, Ipv6Address /*type*/) { return scan::ipv6(text); }

}  // namespace

template <class Address>
Result<Prefix<Address>> Prefix<Address>::make(const Address& address, unsigned length) {
  const auto operation = "make prefix " + address.to_string() + '/' + std::to_string(length);
  if (length > Address::kBits) {
    return fail(Error::invalid(operation, {}, "the prefix length is over " + std::to_string(Address::kBits)));
  }
  const auto network = holding(address, length);
  if (network.address() != address) {
    return fail(Error::invalid(operation, {}, "host bits are set: the prefix is " + network.to_string()));
  }
  return network;
}

template <class Address>
Result<Prefix<Address>> Prefix<Address>::parse(std::string_view text) {
  const auto parts = NETRIG_TRY(split_at_slash(kPrefixWord<Address>, text, Address::kBits));
  const auto address = scan_address(parts.address, Address{});
  if (!address.value) return fail(parse_error(kPrefixWord<Address>, text, address.reason));
  const auto network = holding(*address.value, parts.length);
  if (network.address() != *address.value) {
    return fail(parse_error(kPrefixWord<Address>, text, "host bits are set: the prefix is " + network.to_string()));
  }
  return network;
}

template <class Address>
std::string Prefix<Address>::to_string() const {
  return address_.to_string() + '/' + std::to_string(length_);
}

template <class Address>
Result<Address> Prefix<Address>::host(std::uint64_t number) const {
  if (number < first_host() || number > last_host()) {
    return fail(
        Error::invalid("take host number " + std::to_string(number) + " of " + to_string(), {},
                       "its hosts are number " + std::to_string(first_host()) + " to " + std::to_string(last_host())));
  }
  return Address::from_number(address_.number() + static_cast<Number>(number));
}

template <class Address>
Result<Prefix<Address>> Prefix<Address>::subnet(unsigned new_length, std::uint64_t index) const {
  const auto operation =
      "take subnet number " + std::to_string(index) + " of length " + std::to_string(new_length) + " of " + to_string();
  if (new_length < length_ || new_length > Address::kBits) {
    return fail(Error::invalid(
        operation, {},
        "its subnets have lengths of " + std::to_string(length_) + " to " + std::to_string(Address::kBits)));
  }
  const unsigned index_bits = new_length - length_;
  if (index_bits < 64 && index >= subnet_count(new_length)) {
    return fail(
        Error::invalid(operation, {}, "it has " + std::to_string(subnet_count(new_length)) + " of that length"));
  }
  if (index_bits == 0) return *this;
  const auto offset = static_cast<Number>(static_cast<Number>(index) << (Address::kBits - new_length));
  return Prefix{Address::from_number(address_.number() + offset), new_length};
}

template class Prefix<Ipv4Address>;
template class Prefix<Ipv6Address>;

}  // namespace net
}  // namespace netrig
