#include "run/account_check.hpp"

#include <fmt/format.h>

#include "run/report.hpp"

namespace muster {

bool is_same_account(const SyncRow& sync, const ConnectionRow& connection) {
  return sync.account_id.empty() || sync.account_id == connection.account_id;
}

Error account_changed(const SyncRules& rules) {
  return Error(ErrorKind::kFailed, "run.account_changed",
               fmt::format("the connection '{}' now leads to another account than the one that "
                           "holds this sync's list",
                           rules.connection))
      .with_hint("connect the former account again, or run with --full to start afresh there");
}

std::string audience_page(const SyncRow& sync, const ConnectionRow& connection) {
  if (!is_same_account(sync, connection)) return {};
  return fill_url(connection.audience_url, sync.audience_ref);
}

void require_same_account(const SyncRow& sync, const ConnectionRow& connection,
                          const SyncRules& rules) {
  if (!is_same_account(sync, connection)) throw account_changed(rules);
}

}  // namespace muster
