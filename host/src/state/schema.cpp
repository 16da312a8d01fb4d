#include "state/schema.hpp"

#include <fmt/format.h>

#include <array>

namespace muster::sqlite {
namespace {

// Step i brings version i to version i + 1. Steps are never changed once released.
constexpr std::array<const char*, 5> kMigrations{R"sql(
CREATE TABLE value (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE connection (
  name TEXT PRIMARY KEY,
  destination TEXT NOT NULL,
  state INTEGER NOT NULL,
  account_id TEXT NOT NULL,
  account_name TEXT NOT NULL,
  account_domain TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  scopes TEXT NOT NULL,
  url TEXT NOT NULL,
  record_url TEXT NOT NULL,
  audience_url TEXT NOT NULL,
  connected_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE secret (
  connection TEXT NOT NULL,
  name TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE sync (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  connection TEXT NOT NULL,
  account_id TEXT NOT NULL,
  identifier_kind TEXT NOT NULL,
  audience_ref TEXT NOT NULL,
  audience_name TEXT NOT NULL,
  audience_creating TEXT NOT NULL,
  lease_owner TEXT,
  lease_until INTEGER
) STRICT;

CREATE TABLE member (
  sync INTEGER NOT NULL REFERENCES sync (id) ON DELETE CASCADE,
  key BLOB NOT NULL CHECK (length(key) = 16),
  state INTEGER NOT NULL,
  record TEXT NOT NULL,
  sealed BLOB NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  last_try INTEGER,
  properties INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (sync, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_record ON member (sync, record) WHERE record <> '';

CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sync TEXT NOT NULL,
  status INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  started_by INTEGER NOT NULL,
  started INTEGER NOT NULL,
  finished INTEGER,
  rows INTEGER NOT NULL,
  members INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  listed INTEGER NOT NULL,
  added INTEGER NOT NULL,
  created INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  to_retry INTEGER NOT NULL,
  confirmed INTEGER,
  missing INTEGER,
  strangers INTEGER,
  calls INTEGER NOT NULL,
  throttled_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  error_code TEXT NOT NULL,
  error_message TEXT NOT NULL
) STRICT;
CREATE INDEX run_by_sync ON run (sync, id);

CREATE TABLE run_drop (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  reason TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (run, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE change (
  sync INTEGER NOT NULL REFERENCES sync (id) ON DELETE CASCADE,
  key BLOB NOT NULL,
  run INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  record TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (sync, key, run, kind)
) STRICT, WITHOUT ROWID;
)sql",
                                                 R"sql(
-- Who made the audience: 0 muster, 1 someone else.
ALTER TABLE sync ADD COLUMN audience_origin INTEGER NOT NULL DEFAULT 0;
)sql",
                                                 R"sql(
-- As confirmed, missing and strangers: what the read-back saw.
ALTER TABLE run ADD COLUMN leavers INTEGER;
)sql",
                                                 R"sql(
-- 0: the run did not come to know its cohort, whose figures say nothing then.
ALTER TABLE run ADD COLUMN cohort_read INTEGER NOT NULL DEFAULT 1;
)sql",
                                                 R"sql(
-- What the destination refused of listed members, and of removals.
ALTER TABLE run ADD COLUMN not_updated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN not_removed INTEGER NOT NULL DEFAULT 0;
)sql"};

Error refused(const Database& database, const char* code, const std::string& message,
              const char* hint) {
  return Error(ErrorKind::kFailed, code, message).with_hint(hint).at(database.file().string());
}

}  // namespace

std::int64_t schema_version() noexcept { return static_cast<std::int64_t>(kMigrations.size()); }

void check_file(Database& database) {
  const auto tables = [&] {
    Statement statement(database, "SELECT count(*) FROM sqlite_schema");
    return statement.step() ? statement.integer(0) : 0;
  }();
  if (tables == 0) return;  // new
  if (database.pragma("application_id") != kApplicationId) {
    throw refused(database, "state.not_ours", "the file is not a state of muster's",
                  "move it away, or choose another workspace");
  }
  const auto version = database.pragma("user_version");
  if (version > schema_version()) {
    throw refused(database, "state.newer",
                  fmt::format("the state is of version {}, this program knows version {}", version,
                              schema_version()),
                  "use the newer version of muster; nothing was changed");
  }
  // integrity_check compares the index with the table, too: a damaged one would let a record be
  // removed that another member has. About 0.6 s for a million members.
  Statement check(database, "PRAGMA integrity_check(1)");
  if (!check.step() || check.text(0) == "ok") return;
  throw database.error(SQLITE_CORRUPT, "its pages contradict each other");
}

void migrate(Database& database) {
  for (auto version = database.pragma("user_version"); version < schema_version(); ++version) {
    database.execute("BEGIN IMMEDIATE");
    try {
      // Another process may have come first.
      if (database.pragma("user_version") == version) {
        database.execute(kMigrations[static_cast<std::size_t>(version)]);
        database.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
        database.execute(fmt::format("PRAGMA user_version = {}", version + 1).c_str());
      }
      database.execute("COMMIT");
    } catch (...) {
      sqlite3_exec(database.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }
}

}  // namespace muster::sqlite
