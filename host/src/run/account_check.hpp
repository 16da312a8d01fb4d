// An audience belongs to one account: its reference means nothing in another. Pure.
#pragma once

#include <string>

#include "run/run_context.hpp"

namespace muster {

//! Whether the connection leads to the account that holds the sync's list, or there is none yet.
bool is_same_account(const SyncRow& sync, const ConnectionRow& connection);

//! Of a sync whose connection leads elsewhere now.
Error account_changed(const SyncRules& rules);

//! Throws account_changed when it is another.
void require_same_account(const SyncRow& sync, const ConnectionRow& connection,
                          const SyncRules& rules);

//! The page of the sync's audience; empty when it is not in the connection's account.
std::string audience_page(const SyncRow& sync, const ConnectionRow& connection);

}  // namespace muster
