// owners for libnftnl's objects.
#pragma once

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>

#include <memory>

namespace netrig::nft::codec {

template <auto kFree>
struct NftnlDeleter {
  template <class Object>
  void operator()(Object* object) const noexcept {
    kFree(object);
  }
};
using NftnlTable = std::unique_ptr<nftnl_table, NftnlDeleter<nftnl_table_free>>;
using NftnlChain = std::unique_ptr<nftnl_chain, NftnlDeleter<nftnl_chain_free>>;
using NftnlRule = std::unique_ptr<nftnl_rule, NftnlDeleter<nftnl_rule_free>>;
using NftnlSet = std::unique_ptr<nftnl_set, NftnlDeleter<nftnl_set_free>>;
using NftnlRuleIter = std::unique_ptr<nftnl_expr_iter, NftnlDeleter<nftnl_expr_iter_destroy>>;
using NftnlUserData = std::unique_ptr<nftnl_udata_buf, NftnlDeleter<nftnl_udata_buf_free>>;

}  // namespace netrig::nft::codec
