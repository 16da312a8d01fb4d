// Opening, transactions, values, secrets, connections.
#include "state/sqlite_store.hpp"

#include "state/schema.hpp"
#include "state/sqlite_file.hpp"

namespace muster {

std::unique_ptr<Store> open_sqlite_store(const std::filesystem::path& file, StoreAccess access) {
  return std::make_unique<sqlite::SqliteStore>(file, access);
}

}  // namespace muster

namespace muster::sqlite {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = text.find(' ');
    words.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return words;
}

void bind_instant(Statement& statement, int index, const std::optional<Instant>& instant) {
  if (instant) {
    statement.bind(index, to_integer(*instant));
  } else {
    statement.bind_null(index);
  }
}

std::optional<Instant> read_instant(const Statement& statement, int column) {
  if (statement.is_null(column)) return std::nullopt;
  return to_instant(statement.integer(column));
}

}  // namespace

SqliteStore::SqliteStore(const std::filesystem::path& file, StoreAccess access)
    : database_(access == StoreAccess::kReadOnly ? open_read_only(file) : open_read_write(file)) {
  check_file(*database_);
  if (access == StoreAccess::kReadOnly) {
    const auto version = database_->pragma("user_version");
    if (version == 0) {
      throw Error(ErrorKind::kFailed, "state.unfinished",
                  "the state holds nothing yet: it could not be written when it was made, perhaps "
                  "since the disk was full")
          .at(file.string())
          .with_hint("make room, then run `muster sync` or `muster connect`: they go on with it");
    }
    if (version != schema_version()) {
      throw Error(ErrorKind::kFailed, "state.older", "the state is of an older version")
          .at(file.string())
          .with_hint(
              "`muster sync` and `muster connect` bring the state up to date; run one of them");
    }
    return;
  }
  // FULL: what was written ahead must outlive a power cut, since the destination has seen it.
  database_->execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
  migrate(*database_);
}

Statement& SqliteStore::prepared(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  return statements_.emplace(sql, Statement(*database_, sql)).first->second;
}

void SqliteStore::begin() { prepared("BEGIN IMMEDIATE").run(); }
void SqliteStore::commit() { prepared("COMMIT").run(); }
void SqliteStore::roll_back() noexcept {
  // Some errors have rolled back already; then there is nothing to do.
  if (sqlite3_get_autocommit(database_->get()) == 0) {
    sqlite3_exec(database_->get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

std::optional<std::string> SqliteStore::value(std::string_view key) {
  const Use use(prepared("SELECT value FROM value WHERE key = ?1"));
  use->bind(1, key);
  if (!use->step()) return std::nullopt;
  return use->text(0);
}

void SqliteStore::put_value(std::string_view key, std::string_view value) {
  prepared("INSERT OR REPLACE INTO value (key, value) VALUES (?1, ?2)")
      .bind(1, key)
      .bind_blob(2, value.empty() ? "" : value.data(), value.size())
      .run();
}

void SqliteStore::forget_value(std::string_view key) {
  prepared("DELETE FROM value WHERE key = ?1").bind(1, key).run();
}

std::optional<std::string> SqliteStore::secret(std::string_view connection, std::string_view name) {
  const Use use(prepared("SELECT sealed FROM secret WHERE connection = ?1 AND name = ?2"));
  use->bind(1, connection).bind(2, name);
  if (!use->step()) return std::nullopt;
  return use->text(0);
}

void SqliteStore::put_secret(std::string_view connection, std::string_view name,
                             std::string_view sealed) {
  prepared("INSERT OR REPLACE INTO secret (connection, name, sealed) VALUES (?1, ?2, ?3)")
      .bind(1, connection)
      .bind(2, name)
      .bind_blob(3, sealed.data(), sealed.size())
      .run();
}

void SqliteStore::forget_secret(std::string_view connection, std::string_view name) {
  prepared("DELETE FROM secret WHERE connection = ?1 AND name = ?2")
      .bind(1, connection)
      .bind(2, name)
      .run();
}

void SqliteStore::forget_secrets(std::string_view connection) {
  prepared("DELETE FROM secret WHERE connection = ?1").bind(1, connection).run();
}

bool SqliteStore::holds_secrets() {
  const Use use(prepared("SELECT EXISTS (SELECT 1 FROM secret) OR EXISTS (SELECT 1 FROM member)"));
  return use->step() && use->integer(0) != 0;
}

std::optional<ConnectionRow> SqliteStore::connection(std::string_view name) {
  const Use use(prepared(
      "SELECT name, destination, state, account_id, account_name, account_domain, time_zone, "
      "scopes, url, record_url, audience_url, connected_at, last_used_at "
      "FROM connection WHERE name = ?1"));
  use->bind(1, name);
  if (!use->step()) return std::nullopt;
  const Statement& row = *use.operator->();
  return ConnectionRow{
      row.text(0),          row.text(1),        static_cast<ConnectionState>(row.integer(2)),
      row.text(3),          row.text(4),        row.text(5),
      row.text(6),          split(row.text(7)), row.text(8),
      row.text(9),          row.text(10),       read_instant(row, 11),
      read_instant(row, 12)};
}

void SqliteStore::put_connection(const ConnectionRow& row) {
  auto& statement = prepared(
      "INSERT OR REPLACE INTO connection (name, destination, state, account_id, account_name, "
      "account_domain, time_zone, scopes, url, record_url, audience_url, connected_at, "
      "last_used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
  statement.bind(1, row.name)
      .bind(2, row.destination)
      .bind(3, static_cast<std::int64_t>(row.state))
      .bind(4, row.account_id)
      .bind(5, row.account_name)
      .bind(6, row.account_domain)
      .bind(7, row.time_zone)
      .bind(8, joined(row.scopes))
      .bind(9, row.url)
      .bind(10, row.record_url)
      .bind(11, row.audience_url);
  bind_instant(statement, 12, row.connected_at);
  bind_instant(statement, 13, row.last_used_at);
  statement.run();
}

}  // namespace muster::sqlite
