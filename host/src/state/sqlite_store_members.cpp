// Members of a sync, and what changed of them.
#include <algorithm>

#include "state/sqlite_store.hpp"

namespace muster::sqlite {
namespace {

constexpr const char* kColumns =
    "key, state, record, sealed, reason, detail, attempts, last_try, properties, since";

MemberKey read_key(std::string_view blob) {
  MemberKey key;
  std::copy_n(blob.begin(), std::min(blob.size(), key.bytes.size()), key.bytes.begin());
  return key;
}

void read_member(const Statement& row, MemberRow& member) {
  member.key = read_key(row.blob(0));
  member.state = static_cast<MemberState>(row.integer(1));
  member.record_id = row.blob(2);
  member.sealed_identifier = row.blob(3);
  member.reason = row.blob(4);
  member.detail = row.blob(5);
  member.attempts = static_cast<std::uint32_t>(row.integer(6));
  member.last_try.reset();
  if (!row.is_null(7)) member.last_try = to_instant(row.integer(7));
  member.properties = static_cast<std::uint64_t>(row.integer(8));
  member.since = static_cast<RunId>(row.integer(9));
}

class Cursor final : public MemberCursor {
 public:
  Cursor(Database& database, SyncId sync)
      : statement_(database, std::string("SELECT ") + kColumns +
                                 " FROM member WHERE sync = ?1 ORDER BY key") {
    statement_.bind(1, to_integer(sync));
  }
  bool next(MemberRow& row) override {
    if (!statement_.step()) return false;
    read_member(statement_, row);
    return true;
  }

 private:
  Statement statement_;
};

}  // namespace

std::unique_ptr<MemberCursor> SqliteStore::members(SyncId sync) {
  return std::make_unique<Cursor>(*database_, sync);
}

std::optional<MemberRow> SqliteStore::member(SyncId sync, const MemberKey& key) {
  const Use use(prepared(
      "SELECT key, state, record, sealed, reason, detail, attempts, last_try, properties, since "
      "FROM member WHERE sync = ?1 AND key = ?2"));
  use->bind(1, to_integer(sync)).bind_blob(2, key.bytes.data(), key.bytes.size());
  if (!use->step()) return std::nullopt;
  MemberRow row;
  read_member(*use.operator->(), row);
  return row;
}

void SqliteStore::put_member(SyncId sync, const MemberRow& row) {
  auto& statement = prepared(
      "INSERT OR REPLACE INTO member (sync, key, state, record, sealed, reason, detail, attempts, "
      "last_try, properties, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  statement.bind(1, to_integer(sync))
      .bind_blob(2, row.key.bytes.data(), row.key.bytes.size())
      .bind(3, static_cast<std::int64_t>(row.state))
      .bind(4, row.record_id)
      .bind_blob(5, row.sealed_identifier.data(), row.sealed_identifier.size())
      .bind(6, row.reason)
      .bind(7, row.detail)
      .bind(8, static_cast<std::int64_t>(row.attempts))
      .bind(10, static_cast<std::int64_t>(row.properties))
      .bind(11, to_integer(row.since));
  if (row.last_try) {
    statement.bind(9, to_integer(*row.last_try));
  } else {
    statement.bind_null(9);
  }
  statement.run();
}

void SqliteStore::forget_member(SyncId sync, const MemberKey& key) {
  prepared("DELETE FROM member WHERE sync = ?1 AND key = ?2")
      .bind(1, to_integer(sync))
      .bind_blob(2, key.bytes.data(), key.bytes.size())
      .run();
}

void SqliteStore::forget_members(SyncId sync) {
  prepared("DELETE FROM member WHERE sync = ?1").bind(1, to_integer(sync)).run();
}

void SqliteStore::reopen_members(SyncId sync) {
  prepared(
      "UPDATE member SET state = ?2, reason = '', detail = '' WHERE sync = ?1 AND "
      "(state IN (?3, ?4) OR (state = ?5 AND reason = 'drifted'))")
      .bind(1, to_integer(sync))
      .bind(2, static_cast<std::int64_t>(MemberState::kPending))
      .bind(3, static_cast<std::int64_t>(MemberState::kListed))
      .bind(4, static_cast<std::int64_t>(MemberState::kLeaving))
      .bind(5, static_cast<std::int64_t>(MemberState::kDropped))
      .run();
}

// Without statistics SQLite would go through all of a sync's rows, once for each leaver: the index
// is named, and a query that can't use it does not compile.
std::uint64_t SqliteStore::count_listed_with_record(SyncId sync, std::string_view record_id) {
  const Use use(
      prepared("SELECT count(*) FROM member INDEXED BY member_by_record WHERE sync = ?1 AND "
               "record = ?2 AND record <> '' AND state = ?3"));
  use->bind(1, to_integer(sync))
      .bind(2, record_id)
      .bind(3, static_cast<std::int64_t>(MemberState::kListed));
  return use->step() ? static_cast<std::uint64_t>(use->integer(0)) : 0;
}

std::vector<MemberRow> SqliteStore::members_with_record(SyncId sync, std::string_view record_id) {
  const Use use(prepared(
      "SELECT key, state, record, sealed, reason, detail, attempts, last_try, properties, since "
      "FROM member INDEXED BY member_by_record WHERE sync = ?1 AND record = ?2 AND record <> '' "
      "ORDER BY key"));
  use->bind(1, to_integer(sync)).bind(2, record_id);
  std::vector<MemberRow> rows;
  while (use->step()) read_member(*use.operator->(), rows.emplace_back());
  return rows;
}

std::uint64_t SqliteStore::count_members(SyncId sync, MemberState state) {
  const Use use(prepared("SELECT count(*) FROM member WHERE sync = ?1 AND state = ?2"));
  use->bind(1, to_integer(sync)).bind(2, static_cast<std::int64_t>(state));
  return use->step() ? static_cast<std::uint64_t>(use->integer(0)) : 0;
}

void SqliteStore::put_change(SyncId sync, const ChangeRow& change) {
  prepared(
      "INSERT OR REPLACE INTO change (sync, key, run, kind, record, reason, detail) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
      .bind(1, to_integer(sync))
      .bind_blob(2, change.key.bytes.data(), change.key.bytes.size())
      .bind(3, to_integer(change.run))
      .bind(4, static_cast<std::int64_t>(change.kind))
      .bind(5, change.record_id)
      .bind(6, change.reason)
      .bind(7, change.detail)
      .run();
}

std::vector<MemberKey> SqliteStore::changed_with_record(SyncId sync, std::string_view record_id) {
  const Use use(
      prepared("SELECT DISTINCT key FROM change WHERE sync = ?1 AND record = ?2 AND record <> ''"));
  use->bind(1, to_integer(sync)).bind(2, record_id);
  std::vector<MemberKey> keys;
  while (use->step()) keys.push_back(read_key(use->blob(0)));
  return keys;
}

std::vector<std::string> SqliteStore::removed_records(SyncId sync, RunId since) {
  const Use use(
      prepared("SELECT DISTINCT record FROM change WHERE sync = ?1 AND run >= ?2 AND kind = ?3 "
               "AND record <> ''"));
  use->bind(1, to_integer(sync))
      .bind(2, to_integer(since))
      .bind(3, static_cast<std::int64_t>(ChangeKind::kRemoved));
  std::vector<std::string> records;
  while (use->step()) records.emplace_back(use->text(0));
  return records;
}

std::vector<ChangeRow> SqliteStore::changes(SyncId sync, const MemberKey& key) {
  const Use use(
      prepared("SELECT run, kind, record, reason, detail FROM change WHERE sync = ?1 AND key = ?2 "
               "ORDER BY run DESC, kind"));
  use->bind(1, to_integer(sync)).bind_blob(2, key.bytes.data(), key.bytes.size());
  std::vector<ChangeRow> changes;
  while (use->step()) {
    changes.push_back({static_cast<RunId>(use->integer(0)), key,
                       static_cast<ChangeKind>(use->integer(1)), use->text(2), use->text(3),
                       use->text(4)});
  }
  return changes;
}

std::vector<Store::DropCount> SqliteStore::count_drops(SyncId sync) {
  const Use use(
      prepared("SELECT reason, attempts, count(*), min(last_try) FROM member WHERE sync = ?1 AND "
               "state = ?2 GROUP BY reason, attempts ORDER BY reason, attempts"));
  use->bind(1, to_integer(sync)).bind(2, static_cast<std::int64_t>(MemberState::kDropped));
  std::vector<DropCount> counts;
  while (use->step()) {
    DropCount count;
    count.reason = use->text(0);
    count.attempts = static_cast<std::uint32_t>(use->integer(1));
    count.count = static_cast<std::uint64_t>(use->integer(2));
    if (!use->is_null(3)) count.first_try = to_instant(use->integer(3));
    counts.push_back(std::move(count));
  }
  return counts;
}

void SqliteStore::rekey_member(SyncId sync, const MemberKey& from, const MemberKey& to) {
  for (const auto* table : {"UPDATE member SET key = ?3 WHERE sync = ?1 AND key = ?2",
                            "UPDATE OR REPLACE change SET key = ?3 WHERE sync = ?1 AND key = ?2"}) {
    prepared(table)
        .bind(1, to_integer(sync))
        .bind_blob(2, from.bytes.data(), from.bytes.size())
        .bind_blob(3, to.bytes.data(), to.bytes.size())
        .run();
  }
}

void SqliteStore::forget_changes(Instant before) {
  {
    const Use use(prepared("SELECT max(id) FROM run WHERE started < ?1"));
    use->bind(1, to_integer(before));
    if (!use->step() || use->is_null(0)) return;  // spares the look at every change
  }
  prepared("DELETE FROM change WHERE run IN (SELECT id FROM run WHERE started < ?1)")
      .bind(1, to_integer(before))
      .run();
}

}  // namespace muster::sqlite
