#include <netrig/traffic/kernel_types.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include <linux/btf.h>

namespace netrig::traffic {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Optional;

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// A type, and what follows it.
std::string type(std::uint32_t name, unsigned kind, unsigned members, std::uint32_t size, std::size_t behind) {
  return bytes_of(btf_type{.name_off = name, .info = kind << 24U | members, .size = size}) + std::string(behind, '\1');
}

// One of each kind that has something behind it, and then `struct file` and `struct dentry`.
std::string description() {
  const std::string strings{"\0filename\0file\0dentry\0", 22};
  const std::string types =
      type(0, BTF_KIND_INT, 0, 4, sizeof(std::uint32_t)) + type(0, BTF_KIND_PTR, 0, 1, 0) +
      type(0, BTF_KIND_ARRAY, 0, 0, sizeof(btf_array)) + type(10, BTF_KIND_UNION, 2, 7, 2 * sizeof(btf_member)) +
      type(0, BTF_KIND_ENUM, 3, 4, 3 * sizeof(btf_enum)) + type(0, 19, 2, 8, 24) +
      type(0, BTF_KIND_FUNC_PROTO, 2, 0, 2 * sizeof(btf_param)) + type(0, BTF_KIND_VAR, 0, 1, sizeof(btf_var)) +
      type(0, BTF_KIND_DATASEC, 2, 8, 2 * sizeof(btf_var_secinfo)) +
      type(0, BTF_KIND_DECL_TAG, 0, 1, sizeof(btf_decl_tag)) + type(1, BTF_KIND_STRUCT, 1, 9, sizeof(btf_member)) +
      type(10, BTF_KIND_STRUCT, 3, 184, 3 * sizeof(btf_member)) + type(15, BTF_KIND_STRUCT, 0, 192, 0);
  btf_header header{};
  header.magic = BTF_MAGIC;
  header.hdr_len = sizeof header;
  header.type_len = static_cast<std::uint32_t>(types.size());
  header.str_off = header.type_len;
  header.str_len = static_cast<std::uint32_t>(strings.size());
  return bytes_of(header) + types + strings;
}

TEST(KernelTypes, AreFoundByTheirWholeNameBehindEveryKind) {
  const auto all = description();
  EXPECT_THAT(sizes_in_btf(all, std::array<std::string_view, 1>{"file"}), Optional(184U));
  EXPECT_THAT(sizes_in_btf(all, std::array<std::string_view, 2>{"file", "dentry"}), Optional(376U));
  EXPECT_EQ(sizes_in_btf(all, std::array<std::string_view, 2>{"file", "inode"}), std::nullopt);
}

TEST(KernelTypes, OfADescriptionCutShortAreUnknown) {
  const auto all = description();
  for (std::size_t size = 0; size < all.size(); ++size)
    EXPECT_EQ(sizes_in_btf(std::string_view{all}.substr(0, size), std::array<std::string_view, 1>{"dentry"}),
              std::nullopt)
        << size;
  auto foreign = all;
  foreign[0] = 'x';
  EXPECT_EQ(sizes_in_btf(foreign, std::array<std::string_view, 1>{"file"}), std::nullopt);
}

TEST(KernelTypes, AreThoseOfThisKernelWhereItDescribesThem) {
  const auto size = sizes_of_kernel(std::array<std::string_view, 1>{"tcp_sock"});
  EXPECT_EQ(size.has_value(), std::filesystem::exists("/sys/kernel/btf/vmlinux"));
  EXPECT_THAT(size.value_or(2'000), AllOf(Ge(1'500U), Le(4'096U)));
}

TEST(SocketSize, IsThatOfTheProtocolsLine) {
  const std::string table =
      "protocol  size sockets\nMPTCP     1936      0\nTCPv6     2432      0\nTCP       2304      1\n";
  EXPECT_THAT(socket_size_in(table, "TCP"), Optional(2304U));
  EXPECT_THAT(socket_size_in(table, "TCPv6"), Optional(2432U));
  EXPECT_EQ(socket_size_in(table, "UDP"), std::nullopt);
  EXPECT_EQ(socket_size_in("TCP\n", "TCP"), std::nullopt);
}

}  // namespace
}  // namespace netrig::traffic
