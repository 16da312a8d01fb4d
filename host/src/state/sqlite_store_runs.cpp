// Syncs, their leases, and their runs.
#include "state/sqlite_store.hpp"

namespace muster::sqlite {
namespace {

SyncRow read_sync(const Statement& row) {
  return {static_cast<SyncId>(row.integer(0)),
          row.text(1),
          row.text(2),
          row.text(3),
          row.text(4),
          row.text(5),
          row.text(6),
          row.text(7),
          static_cast<AudienceOrigin>(row.integer(8))};
}

std::uint64_t count(const Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

}  // namespace

std::optional<SyncRow> SqliteStore::sync(std::string_view name) {
  const Use use(prepared(
      "SELECT id, name, connection, account_id, identifier_kind, audience_ref, audience_name, "
      "audience_creating, audience_origin FROM sync WHERE name = ?1"));
  use->bind(1, name);
  if (!use->step()) return std::nullopt;
  return read_sync(*use.operator->());
}

std::vector<SyncRow> SqliteStore::syncs() {
  const Use use(prepared(
      "SELECT id, name, connection, account_id, identifier_kind, audience_ref, audience_name, "
      "audience_creating, audience_origin FROM sync ORDER BY name"));
  std::vector<SyncRow> rows;
  while (use->step()) rows.push_back(read_sync(*use.operator->()));
  return rows;
}

SyncRow SqliteStore::put_sync(const SyncRow& row) {
  prepared(
      "INSERT INTO sync (name, connection, account_id, identifier_kind, audience_ref, "
      "audience_name, audience_creating, audience_origin) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
      "ON CONFLICT (name) DO UPDATE SET connection = excluded.connection, "
      "account_id = excluded.account_id, identifier_kind = excluded.identifier_kind, "
      "audience_ref = excluded.audience_ref, audience_name = excluded.audience_name, "
      "audience_creating = excluded.audience_creating, "
      "audience_origin = excluded.audience_origin")
      .bind(1, row.name)
      .bind(2, row.connection)
      .bind(3, row.account_id)
      .bind(4, row.identifier_kind)
      .bind(5, row.audience_ref)
      .bind(6, row.audience_name)
      .bind(7, row.audience_creating)
      .bind(8, static_cast<std::int64_t>(row.audience_origin))
      .run();
  return *sync(row.name);
}

//! A lease that ends so far from now was taken by a clock that has been set back since: whoever
//! lives has renewed it by the new time.
constexpr auto kBeyondAnyLease = std::chrono::hours(24);

bool SqliteStore::take_lease(SyncId sync, std::string_view owner, Instant now, Milliseconds ttl) {
  prepared(
      "UPDATE sync SET lease_owner = ?2, lease_until = ?4 WHERE id = ?1 AND "
      "(lease_owner IS NULL OR lease_owner = ?2 OR lease_until < ?3 OR lease_until > ?5)")
      .bind(1, to_integer(sync))
      .bind(2, owner)
      .bind(3, to_integer(now))
      .bind(4, to_integer(now + ttl))
      .bind(5, to_integer(now + kBeyondAnyLease))
      .run();
  return database_->changes() == 1;
}

bool SqliteStore::renew_lease(SyncId sync, std::string_view owner, Instant now, Milliseconds ttl) {
  prepared("UPDATE sync SET lease_until = ?3 WHERE id = ?1 AND lease_owner = ?2")
      .bind(1, to_integer(sync))
      .bind(2, owner)
      .bind(3, to_integer(now + ttl))
      .run();
  return database_->changes() == 1;
}

std::optional<std::string> SqliteStore::lease_owner(SyncId sync) {
  const Use use(prepared("SELECT lease_owner FROM sync WHERE id = ?1"));
  use->bind(1, to_integer(sync));
  if (!use->step() || use->is_null(0)) return std::nullopt;
  return use->text(0);
}

bool SqliteStore::take_over_lease(SyncId sync, std::string_view from, std::string_view owner,
                                  Instant now, Milliseconds ttl) {
  prepared("UPDATE sync SET lease_owner = ?3, lease_until = ?4 WHERE id = ?1 AND lease_owner = ?2")
      .bind(1, to_integer(sync))
      .bind(2, from)
      .bind(3, owner)
      .bind(4, to_integer(now + ttl))
      .run();
  return database_->changes() == 1;
}

void SqliteStore::release_lease(SyncId sync, std::string_view owner) {
  prepared(
      "UPDATE sync SET lease_owner = NULL, lease_until = NULL WHERE id = ?1 AND lease_owner = ?2")
      .bind(1, to_integer(sync))
      .bind(2, owner)
      .run();
}

RunId SqliteStore::start_run(const RunRow& run, RunId least) {
  prepared(
      "INSERT INTO run (id, sync, status, mode, started_by, started, rows, members, duplicates, "
      "listed, added, created, removed, unchanged, to_retry, calls, throttled_ms, duration_ms, "
      "error_code, error_message, cohort_read) VALUES (max(?6, 1 + coalesce((SELECT seq FROM "
      "sqlite_sequence "
      "WHERE name = 'run'), 0)), ?1, ?2, ?3, ?4, ?5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '', "
      "0)")
      .bind(1, run.sync)
      .bind(2, static_cast<std::int64_t>(run.status))
      .bind(3, static_cast<std::int64_t>(run.mode))
      .bind(4, static_cast<std::int64_t>(run.started_by))
      .bind(5, to_integer(run.started))
      .bind(6, to_integer(least))
      .run();
  return static_cast<RunId>(database_->last_row());
}

void SqliteStore::forget_run(RunId run) {
  Transaction transaction(*this);
  prepared("DELETE FROM run_drop WHERE run = ?1").bind(1, to_integer(run)).run();
  prepared("DELETE FROM run WHERE id = ?1").bind(1, to_integer(run)).run();
  prepared("UPDATE sqlite_sequence SET seq = ?1 - 1 WHERE name = 'run' AND seq = ?1")
      .bind(1, to_integer(run))
      .run();
  transaction.commit();
}

void SqliteStore::update_run(const RunRow& run) {
  Transaction transaction(*this);
  const auto& figures = run.figures;
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  auto& statement = prepared(
      "UPDATE run SET status = ?2, mode = ?3, finished = ?4, rows = ?5, members = ?6, "
      "duplicates = ?7, listed = ?8, added = ?9, created = ?10, removed = ?11, unchanged = ?12, "
      "to_retry = ?13, confirmed = ?14, missing = ?15, strangers = ?16, calls = ?17, "
      "throttled_ms = ?18, duration_ms = ?19, error_code = ?20, error_message = ?21, "
      "leavers = ?22, cohort_read = ?23, not_updated = ?24, not_removed = ?25 WHERE id = ?1");
  statement.bind(1, to_integer(run.id))
      .bind(2, static_cast<std::int64_t>(run.status))
      .bind(3, static_cast<std::int64_t>(run.mode))
      .bind(5, number(figures.rows))
      .bind(6, number(figures.members))
      .bind(7, number(figures.duplicates))
      .bind(8, number(figures.listed))
      .bind(9, number(figures.added))
      .bind(10, number(figures.created))
      .bind(11, number(figures.removed))
      .bind(12, number(figures.unchanged))
      .bind(13, number(figures.to_retry))
      .bind(17, number(figures.calls))
      .bind(18, figures.throttled.count())
      .bind(19, figures.duration.count())
      .bind(20, run.error_code)
      .bind(21, run.error_message)
      .bind(23, std::int64_t{run.cohort_was_read ? 1 : 0})
      .bind(24, number(figures.not_updated))
      .bind(25, number(figures.not_removed));
  if (run.finished) statement.bind(4, to_integer(*run.finished));
  if (figures.verified) {
    statement.bind(14, number(figures.verified->confirmed))
        .bind(15, number(figures.verified->missing))
        .bind(16, number(figures.verified->strangers))
        .bind(22, number(figures.verified->leavers));
  }
  statement.run();
  prepared("DELETE FROM run_drop WHERE run = ?1").bind(1, to_integer(run.id)).run();
  for (const auto& [reason, drops] : figures.dropped) {
    prepared("INSERT INTO run_drop (run, reason, count) VALUES (?1, ?2, ?3)")
        .bind(1, to_integer(run.id))
        .bind(2, reason)
        .bind(3, number(drops))
        .run();
  }
  transaction.commit();
}

RunRow SqliteStore::read_run(const Statement& row) {
  RunRow run;
  run.id = static_cast<RunId>(row.integer(0));
  run.sync = row.text(1);
  run.status = static_cast<RunStatus>(row.integer(2));
  run.mode = static_cast<RunMode>(row.integer(3));
  run.started_by = static_cast<StartedBy>(row.integer(4));
  run.started = to_instant(row.integer(5));
  if (!row.is_null(6)) run.finished = to_instant(row.integer(6));
  auto& figures = run.figures;
  figures.rows = count(row, 7);
  figures.members = count(row, 8);
  figures.duplicates = count(row, 9);
  figures.listed = count(row, 10);
  figures.added = count(row, 11);
  figures.created = count(row, 12);
  figures.removed = count(row, 13);
  figures.unchanged = count(row, 14);
  figures.to_retry = count(row, 15);
  if (!row.is_null(16)) {
    figures.verified = {count(row, 16), count(row, 17), count(row, 18),
                        row.is_null(24) ? 0 : count(row, 24)};
  }
  figures.calls = count(row, 19);
  figures.throttled = Milliseconds{row.integer(20)};
  figures.duration = Milliseconds{row.integer(21)};
  run.error_code = row.text(22);
  run.error_message = row.text(23);
  run.cohort_was_read = row.integer(25) != 0;
  figures.not_updated = count(row, 26);
  figures.not_removed = count(row, 27);
  const Use drops(prepared("SELECT reason, count FROM run_drop WHERE run = ?1"));
  drops->bind(1, to_integer(run.id));
  while (drops->step()) figures.dropped[drops->text(0)] = count(*drops.operator->(), 1);
  return run;
}

std::optional<RunRow> SqliteStore::run(RunId id) {
  const Use use(prepared("SELECT * FROM run WHERE id = ?1"));
  use->bind(1, to_integer(id));
  if (!use->step()) return std::nullopt;
  return read_run(*use.operator->());
}

std::vector<RunRow> SqliteStore::runs(const RunFilter& filter) {
  const Use use(
      prepared("SELECT * FROM run WHERE (?1 = '' OR sync = ?1) AND (?2 = -1 OR status = ?2) AND "
               "started >= ?3 AND started < ?4 AND (?6 = -1 OR started_by <> ?6) ORDER BY id DESC "
               "LIMIT ?5"));
  use->bind(1, filter.sync)
      .bind(2, filter.status ? static_cast<std::int64_t>(*filter.status) : std::int64_t{-1})
      .bind(3, filter.since ? to_integer(*filter.since) : INT64_MIN)
      .bind(4, filter.until ? to_integer(*filter.until) : INT64_MAX)
      .bind(5, static_cast<std::int64_t>(filter.limit))
      .bind(6, filter.runs == RunFilter::Runs::kWhole ? static_cast<std::int64_t>(StartedBy::kPush)
                                                      : std::int64_t{-1});
  std::vector<RunRow> rows;
  while (use->step()) rows.push_back(read_run(*use.operator->()));
  return rows;
}

RunId SqliteStore::last_proved_run(std::string_view sync) {
  const Use use(
      prepared("SELECT id FROM run WHERE sync = ?1 AND confirmed IS NOT NULL ORDER BY id DESC "
               "LIMIT 1"));
  use->bind(1, sync);
  return use->step() ? static_cast<RunId>(use->integer(0)) : RunId{};
}

void SqliteStore::put_removed(RunId run, std::uint64_t removed) {
  prepared("UPDATE run SET removed = ?2 WHERE id = ?1")
      .bind(1, to_integer(run))
      .bind(2, static_cast<std::int64_t>(removed))
      .run();
}

std::uint64_t SqliteStore::count_removed_by_pushes(std::string_view sync) {
  const Use use(
      prepared("SELECT coalesce(sum(removed), 0) FROM run WHERE sync = ?1 AND started_by = ?2 AND "
               "id > coalesce((SELECT max(id) FROM run WHERE sync = ?1 AND started_by <> ?2 AND "
               "mode <> ?3 AND status IN (?4, ?5)), 0)"));
  use->bind(1, sync)
      .bind(2, static_cast<std::int64_t>(StartedBy::kPush))
      .bind(3, static_cast<std::int64_t>(RunMode::kRepair))
      .bind(4, static_cast<std::int64_t>(RunStatus::kSucceeded))
      .bind(5, static_cast<std::int64_t>(RunStatus::kCompletedWithDrops));
  return use->step() ? count(*use.operator->(), 0) : 0;
}

std::vector<RunId> SqliteStore::close_dead_runs(SyncId sync, Instant now) {
  const Use use(
      prepared("UPDATE run SET status = ?3, finished = ?2, error_code = 'run.interrupted', "
               "error_message = 'found dead at the next start' "
               "WHERE status = ?4 AND sync = (SELECT name FROM sync WHERE id = ?1) RETURNING id"));
  use->bind(1, to_integer(sync))
      .bind(2, to_integer(now))
      .bind(3, static_cast<std::int64_t>(RunStatus::kInterrupted))
      .bind(4, static_cast<std::int64_t>(RunStatus::kRunning));
  std::vector<RunId> closed;
  while (use->step()) closed.push_back(static_cast<RunId>(use->integer(0)));
  return closed;
}

}  // namespace muster::sqlite
