#include "state/inbox.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "state/sqlite_file.hpp"

namespace muster {
namespace {

//! Marks the file as ours in its header: "msti".
constexpr std::int64_t kApplicationId = 0x6d737469;
constexpr std::int64_t kVersion = 1;

constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sync TEXT NOT NULL,
  message_key TEXT NOT NULL,
  computed INTEGER NOT NULL,
  received INTEGER NOT NULL,
  applied INTEGER NOT NULL,
  sealed BLOB,
  UNIQUE (sync, message_key)
) STRICT;
CREATE INDEX IF NOT EXISTS message_waiting ON message (sync, id) WHERE applied = 0;
CREATE INDEX IF NOT EXISTS message_kept ON message (sync, computed) WHERE sealed IS NOT NULL;
CREATE TABLE IF NOT EXISTS whole_run (
  sync TEXT PRIMARY KEY,
  computed INTEGER NOT NULL,
  removed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

std::int64_t milliseconds(Instant instant) { return instant.time_since_epoch().count(); }

class Transaction {
 public:
  explicit Transaction(sqlite::Database& database) : database_(database) {
    database_.execute("BEGIN IMMEDIATE");
  }
  ~Transaction() {
    // Some errors have rolled back already; then there is nothing to do.
    if (sqlite3_get_autocommit(database_.get()) == 0) {
      sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() { database_.execute("COMMIT"); }

 private:
  sqlite::Database& database_;
};

void check_file(sqlite::Database& database) {
  const auto version = database.pragma("user_version");
  if (version == 0 && database.pragma("application_id") == 0) return;  // new
  if (database.pragma("application_id") != kApplicationId) {
    throw Error(ErrorKind::kFailed, "inbox.not_ours", "the file is not an inbox of muster's")
        .at(database.file().string())
        .with_hint("move it away, or choose another workspace");
  }
  if (version <= kVersion) return;
  throw Error(
      ErrorKind::kFailed, "inbox.newer",
      fmt::format("the inbox is of version {}, this program knows version {}", version, kVersion))
      .at(database.file().string())
      .with_hint("use the newer version of muster; nothing was changed");
}

void make_tables(sqlite::Database& database) {
  if (database.pragma("user_version") == kVersion) return;
  Transaction transaction(database);
  database.execute(kSchema);
  database.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
  database.execute(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
  transaction.commit();
}

std::vector<InboxMessage> messages_of(sqlite::Statement& select) {
  std::vector<InboxMessage> messages;
  while (select.step()) {
    messages.push_back({select.integer(0), select.text(1), select.integer(2), select.text(3),
                        select.integer(4) == 0});
  }
  return messages;
}

}  // namespace

struct Inbox::State {
  State(const std::filesystem::path& file, StoreAccess access)
      : database(access == StoreAccess::kReadOnly ? sqlite::open_read_only(file)
                                                  : sqlite::open_read_write(file)) {
    check_file(*database);
    if (access == StoreAccess::kReadOnly) return;
    // FULL: what was answered must outlive a power cut, since its sender forgets it.
    database->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    make_tables(*database);
  }
  std::unique_ptr<sqlite::Database> database;
};

Inbox::Inbox(const std::filesystem::path& file, StoreAccess access)
    : state_(std::make_unique<State>(file, access)) {}

Inbox::~Inbox() = default;

const std::filesystem::path& Inbox::file() const noexcept { return state_->database->file(); }

bool Inbox::put(const std::vector<std::string>& syncs, const InboxMessage& message, Instant now) {
  auto& database = *state_->database;
  Transaction transaction(database);
  sqlite::Statement insert(database,
                           "INSERT INTO message (sync, message_key, computed, received, applied, "
                           "sealed) VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING");
  bool is_new = false;
  for (const auto& sync : syncs) {
    const sqlite::Use use(insert);
    use->bind(1, sync)
        .bind(2, message.message_key)
        .bind(3, message.computed)
        .bind(4, milliseconds(now))
        .bind_blob(5, message.sealed.data(), message.sealed.size());
    use->step();
    is_new |= database.changes() > 0;
  }
  transaction.commit();
  return is_new;
}

std::optional<std::int64_t> Inbox::last_waiting(std::string_view sync) {
  sqlite::Statement select(*state_->database,
                           "SELECT id FROM message WHERE sync = ? AND applied = 0 ORDER BY id DESC "
                           "LIMIT 1");
  select.bind(1, sync);
  if (!select.step()) return std::nullopt;
  return select.integer(0);
}

std::vector<InboxMessage> Inbox::computed_after(std::string_view sync, std::int64_t computed) {
  sqlite::Statement select(*state_->database,
                           "SELECT id, message_key, computed, sealed, applied FROM message WHERE "
                           "sync = ? AND computed > ? AND sealed IS NOT NULL ORDER BY id");
  select.bind(1, sync).bind(2, computed);
  return messages_of(select);
}

std::vector<InboxMessage> Inbox::to_apply(std::string_view sync, std::int64_t computed) {
  sqlite::Statement select(
      *state_->database,
      "SELECT id, message_key, computed, sealed, applied FROM message WHERE sync = ?1 AND "
      "computed > ?2 AND sealed IS NOT NULL AND computed >= (SELECT min(computed) FROM message "
      "WHERE sync = ?1 AND computed > ?2 AND applied = 0) ORDER BY id");
  select.bind(1, sync).bind(2, computed);
  return messages_of(select);
}

void Inbox::mark_applied(std::string_view sync, std::int64_t id) {
  sqlite::Statement update(
      *state_->database,
      "UPDATE message SET applied = 1 WHERE sync = ? AND id <= ? AND applied = 0");
  update.bind(1, sync).bind(2, id).run();
}

void Inbox::count_removed(std::string_view sync, std::uint64_t removed) {
  sqlite::Statement count(*state_->database,
                          "INSERT INTO whole_run (sync, computed, removed) VALUES (?1, -1, ?2) ON "
                          "CONFLICT (sync) DO UPDATE SET removed = removed + ?2");
  count.bind(1, sync).bind(2, static_cast<std::int64_t>(removed)).run();
}

std::uint64_t Inbox::removed_since_whole_run(std::string_view sync) {
  sqlite::Statement select(*state_->database, "SELECT removed FROM whole_run WHERE sync = ?");
  select.bind(1, sync);
  return select.step() ? static_cast<std::uint64_t>(select.integer(0)) : 0;
}

std::int64_t Inbox::settled(std::string_view sync) {
  sqlite::Statement select(*state_->database, "SELECT computed FROM whole_run WHERE sync = ?");
  select.bind(1, sync);
  return select.step() ? select.integer(0) : -1;
}

void Inbox::settle(std::string_view sync, std::int64_t computed, std::int64_t id, Instant now) {
  auto& database = *state_->database;
  Transaction transaction(database);
  mark_applied(sync, id);
  // The content goes; that the message was taken stays known for a while.
  sqlite::Statement forget(database,
                           "UPDATE message SET sealed = NULL WHERE sync = ? AND computed <= ? AND "
                           "applied = 1 AND sealed IS NOT NULL");
  forget.bind(1, sync).bind(2, computed).run();
  sqlite::Statement drop(database,
                         "DELETE FROM message WHERE sync = ? AND applied = 1 AND received < ?");
  drop.bind(1, sync).bind(2, milliseconds(now - kKept)).run();
  sqlite::Statement reset(database,
                          "INSERT INTO whole_run (sync, computed, removed) VALUES (?1, ?2, 0) ON "
                          "CONFLICT (sync) DO UPDATE SET computed = ?2, removed = 0");
  reset.bind(1, sync).bind(2, computed).run();
  transaction.commit();
}

void Inbox::forget_old(const std::vector<std::string>& syncs, Instant now) {
  auto& database = *state_->database;
  Transaction transaction(database);
  const auto before = milliseconds(now - kKept);
  sqlite::Statement applied(database, "DELETE FROM message WHERE applied = 1 AND received < ?");
  applied.bind(1, before).run();
  std::vector<std::string> gone;
  sqlite::Statement select(database, "SELECT DISTINCT sync FROM message WHERE received < ?");
  select.bind(1, before);
  while (select.step()) {
    auto sync = select.text(0);
    if (std::find(syncs.begin(), syncs.end(), sync) == syncs.end()) gone.push_back(std::move(sync));
  }
  select.reset();
  sqlite::Statement drop(database, "DELETE FROM message WHERE sync = ? AND received < ?");
  for (const auto& sync : gone) drop.bind(1, sync).bind(2, before).run();
  transaction.commit();
}

}  // namespace muster
