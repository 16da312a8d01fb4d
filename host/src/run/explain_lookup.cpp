#include "run/explain_lookup.hpp"

#include "run/account_check.hpp"
#include "run/heartbeat.hpp"
#include "run/merged_into.hpp"
#include "run/record_number.hpp"

namespace muster {
namespace {

//! Thrown out of the pages: everyone was found.
struct AllFound {};

}  // namespace

ExplainLookup::ExplainLookup(const ExplainContext& context, const SyncRules& rules,
                             const SyncRow& sync)
    : context_(context),
      rules_(rules),
      sync_(sync),
      patience_(context.clock, rules.retry_for, [this](Milliseconds duration) {
        wait_for(context_.clock, duration, [this] { check_going(); });
      }) {}

void ExplainLookup::check_going() const {
  if (!context_.cancellation.requested()) return;
  throw Error(ErrorKind::kInterrupted, "explain.interrupted", "interrupted");
}

std::uint64_t ExplainLookup::listed() const {
  return context_.store->count_members(sync_.id, MemberState::kListed);
}

bool ExplainLookup::can_follow() const {
  return context_.destination.descriptor().record_kind() != nullptr &&
         context_.destination.supports(MUSTER_LOOKUP_1);
}

void ExplainLookup::require_account() {
  if (account_is_ours_) return;
  const auto connection = patience_.ask([&] { return context_.ready_connection(); });
  if (sync_.id != SyncId{}) require_same_account(sync_, connection, rules_);
  account_is_ours_ = true;
}

std::string ExplainLookup::look_up(std::string_view kind, std::string_view identifier) {
  require_account();
  return patience_.ask([&] {
    return context_.destination.look_up(kind, {&identifier, 1}).front();
  });
}

std::string ExplainLookup::record_of(std::string_view canonical) {
  return look_up(rules_.kind, canonical);
}

std::string ExplainLookup::record_by_another_kind(std::string_view text) {
  for (const auto& kind : context_.destination.descriptor().kinds) {
    if (kind.id == rules_.kind) continue;
    const auto mapped = context_.destination.map_identifiers(kind.id, {&text, 1});
    if (!mapped.front().canonical.empty()) return look_up(kind.id, mapped.front().canonical);
  }
  return {};
}

std::string ExplainLookup::survivor_of(std::string_view record_id) {
  return look_up(context_.destination.descriptor().record_kind()->id, record_id);
}

std::vector<MemberKey> ExplainLookup::members_merged_into(const std::string& record_id) {
  require_account();
  const auto expected = listed();
  context_.observer.on_progress({RunProgress::Phase::kReadingBack, 0, expected});
  const MergedIntoParts parts{
      *context_.store, context_.destination, patience_, [&](std::uint64_t read) {
        check_going();
        context_.observer.on_progress({RunProgress::Phase::kReadingBack, read, expected});
      }};
  return muster::members_merged_into(parts, sync_, record_id);
}

std::set<std::uint64_t> ExplainLookup::in_audience(const std::set<std::uint64_t>& wanted) {
  std::set<std::uint64_t> found;
  require_account();
  std::uint64_t read = 0;
  const auto expected = listed();
  context_.observer.on_progress({RunProgress::Phase::kReadingBack, 0, expected});
  std::string cursor;
  try {
    patience_.ask([&] {
      context_.destination.read_back(
          sync_.audience_ref, cursor,
          [&](std::span<const std::string_view> ids, std::string_view next) {
            for (const auto id : ids) {
              if (wanted.contains(record_number(id))) found.insert(record_number(id));
            }
            read += ids.size();
            cursor = next;
            context_.observer.on_progress({RunProgress::Phase::kReadingBack, read, expected});
            if (found.size() == wanted.size() || next.empty()) throw AllFound{};
          });
    });
  } catch (const AllFound&) {
  } catch (const DestinationError& error) {
    if (error.status() != MUSTER_AUDIENCE_GONE) throw;  // a list that is gone holds nobody
  }
  return found;
}

}  // namespace muster
