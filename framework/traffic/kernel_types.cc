#include <netrig/traffic/kernel_types.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include <linux/btf.h>

namespace netrig::traffic {

namespace {

constexpr std::uint32_t kEnum64 = 19;  // BTF_KIND_ENUM64 of newer headers

template <class T>
std::optional<T> read(std::span<const char> bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// Of what follows a type of that kind.
std::size_t size_behind(std::uint32_t kind, std::size_t members) {
  switch (kind) {
    case BTF_KIND_INT:
      return sizeof(std::uint32_t);
    case BTF_KIND_ARRAY:
      return sizeof(btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return members * sizeof(btf_member);
    case BTF_KIND_ENUM:
      return members * sizeof(btf_enum);
    case kEnum64:
      return members * 3 * sizeof(std::uint32_t);
    case BTF_KIND_FUNC_PROTO:
      return members * sizeof(btf_param);
    case BTF_KIND_VAR:
      return sizeof(btf_var);
    case BTF_KIND_DATASEC:
      return members * sizeof(btf_var_secinfo);
    case BTF_KIND_DECL_TAG:
      return sizeof(btf_decl_tag);
    default:
      return 0;
  }
}

std::span<const char> part(std::span<const char> all, std::size_t from, std::size_t size) {
  return from > all.size() || size > all.size() - from ? std::span<const char>{} : all.subspan(from, size);
}

bool is_named(std::span<const char> strings, std::size_t at, std::string_view name) {
  if (at >= strings.size() || name.size() >= strings.size() - at) return false;
  const std::string_view there{strings.data() + at, name.size() + 1};
  return there.starts_with(name) && there.back() == '\0';
}

// The first of that name.
std::optional<std::uint64_t> size_of(std::span<const char> types, std::span<const char> strings,
                                     std::string_view name) {
  std::size_t at = 0;
  while (const auto type = read<btf_type>(types, at)) {
    const std::uint32_t kind = BTF_INFO_KIND(type->info);
    if (kind == BTF_KIND_STRUCT && is_named(strings, type->name_off, name)) return type->size;
    at += sizeof *type + size_behind(kind, BTF_INFO_VLEN(type->info));
  }
  return std::nullopt;
}

std::string content(const char* path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace

std::optional<std::uint64_t> sizes_in_btf(std::span<const char> btf, std::span<const std::string_view> names) {
  const auto header = read<btf_header>(btf, 0);
  if (!header || header->magic != BTF_MAGIC) return std::nullopt;
  const auto types = part(btf, std::size_t{header->hdr_len} + header->type_off, header->type_len);
  const auto strings = part(btf, std::size_t{header->hdr_len} + header->str_off, header->str_len);
  std::uint64_t sum = 0;
  for (const auto name : names) {
    const auto size = size_of(types, strings, name);
    if (!size) return std::nullopt;
    sum += *size;
  }
  return sum;
}

std::optional<std::uint64_t> sizes_of_kernel(std::span<const std::string_view> names) {
  return sizes_in_btf(content("/sys/kernel/btf/vmlinux"), names);
}

std::optional<std::uint64_t> socket_size_in(const std::string& table, std::string_view protocol) {
  std::istringstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string name;
    std::uint64_t size = 0;
    if (words >> name && name == protocol && words >> size) return size;
  }
  return std::nullopt;
}

}  // namespace netrig::traffic
