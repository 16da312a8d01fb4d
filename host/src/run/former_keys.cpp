#include "run/former_keys.hpp"

#include <utility>

#include "run/rekey.hpp"

namespace muster {

FormerKeys::FormerKeys(Store* store, const Destination& destination, const MemberHasher& hasher,
                       const SyncRow& sync, std::string kind)
    : store_(store),
      destination_(destination),
      hasher_(hasher),
      sync_(sync.id),
      kind_(std::move(kind)) {
  if (store != nullptr && identifier_changed(sync, kind_)) former_kind_ = sync.identifier_kind;
}

std::optional<FormerKeys::Known> FormerKeys::member_of(const std::string& asked) const {
  if (former_kind_.empty()) return std::nullopt;
  const std::string_view value = asked;
  auto mapped = destination_.map_identifiers(former_kind_, {&value, 1});
  auto& canonical = mapped.front().canonical;
  if (canonical.empty()) return std::nullopt;
  const auto key = hasher_.key(former_kind_, canonical);
  if (!store_->member(sync_, key)) return std::nullopt;
  return Known{key, std::move(canonical)};
}

std::string FormerKeys::identifier_today(const MemberKey& former) const {
  if (former_kind_.empty() || !is_record_kind(destination_, kind_)) return {};
  const auto row = store_->member(sync_, former);
  return row ? row->record_id : std::string{};
}

std::optional<MemberKey> FormerKeys::key_of_record(const std::string& record_id) const {
  if (former_kind_.empty() || record_id.empty()) return std::nullopt;
  const auto rows = store_->members_with_record(sync_, record_id);
  if (rows.empty()) return std::nullopt;
  return rows.front().key;
}

}  // namespace muster
