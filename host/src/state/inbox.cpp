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
  cohort_key TEXT NOT NULL,
  message_key TEXT NOT NULL,
  computed INTEGER NOT NULL,
  received INTEGER NOT NULL,
  applied INTEGER NOT NULL,
  sealed BLOB,
  UNIQUE (sync, message_key)
) STRICT;
CREATE INDEX IF NOT EXISTS message_waiting ON message (sync, cohort_key, id) WHERE applied = 0;
CREATE INDEX IF NOT EXISTS message_kept ON message (sync, cohort_key, computed)
  WHERE sealed IS NOT NULL;
CREATE TABLE IF NOT EXISTS whole_run (
  sync TEXT PRIMARY KEY,
  cohort_key TEXT NOT NULL,
  computed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

//! An applied message may overrule an older one that waits: it is kept for as long.
constexpr const char* kForgetApplied =
    "DELETE FROM message WHERE applied = 1 AND received < ?1 AND NOT EXISTS (SELECT 1 FROM message "
    "AS older WHERE older.sync = message.sync AND older.cohort_key = message.cohort_key AND "
    "older.applied = 0 AND older.computed <= message.computed)";

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
    messages.push_back({select.integer(0), select.text(1), select.text(2), select.integer(3),
                        select.text(4), select.integer(5) == 0});
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
                           "INSERT INTO message (sync, cohort_key, message_key, computed, "
                           "received, applied, sealed) VALUES (?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO "
                           "NOTHING");
  bool is_new = false;
  for (const auto& sync : syncs) {
    const sqlite::Use use(insert);
    use->bind(1, sync)
        .bind(2, message.cohort_key)
        .bind(3, message.message_key)
        .bind(4, message.computed)
        .bind(5, milliseconds(now))
        .bind_blob(6, message.sealed.data(), message.sealed.size());
    use->step();
    is_new |= database.changes() > 0;
  }
  transaction.commit();
  return is_new;
}

std::optional<std::int64_t> Inbox::last_waiting(const Subscription& to) {
  sqlite::Statement select(*state_->database,
                           "SELECT id FROM message WHERE sync = ? AND cohort_key = ? AND applied = "
                           "0 ORDER BY id DESC LIMIT 1");
  select.bind(1, to.sync).bind(2, to.cohort_key);
  if (!select.step()) return std::nullopt;
  return select.integer(0);
}

std::vector<InboxMessage> Inbox::computed_after(const Subscription& to, std::int64_t computed,
                                                std::int64_t applied_since) {
  sqlite::Statement select(
      *state_->database,
      "SELECT id, cohort_key, message_key, computed, sealed, applied FROM message WHERE sync = ? "
      "AND cohort_key = ? AND computed > ? AND sealed IS NOT NULL AND (applied = 0 OR computed >= "
      "?) ORDER BY id");
  select.bind(1, to.sync).bind(2, to.cohort_key).bind(3, computed).bind(4, applied_since);
  return messages_of(select);
}

std::vector<InboxMessage> Inbox::to_apply(const Subscription& to, std::int64_t computed) {
  sqlite::Statement select(
      *state_->database,
      "SELECT id, cohort_key, message_key, computed, sealed, applied FROM message WHERE sync = ?1 "
      "AND cohort_key = ?2 AND computed > ?3 AND sealed IS NOT NULL AND computed >= (SELECT "
      "min(computed) FROM message WHERE sync = ?1 AND cohort_key = ?2 AND computed > ?3 AND "
      "applied = 0) ORDER BY id");
  select.bind(1, to.sync).bind(2, to.cohort_key).bind(3, computed);
  return messages_of(select);
}

void Inbox::mark_applied(const Subscription& to, std::int64_t id) {
  sqlite::Statement update(*state_->database,
                           "UPDATE message SET applied = 1 WHERE sync = ? AND cohort_key = ? AND "
                           "id <= ? AND applied = 0");
  update.bind(1, to.sync).bind(2, to.cohort_key).bind(3, id).run();
}

std::int64_t Inbox::settled(const Subscription& to) {
  sqlite::Statement select(*state_->database,
                           "SELECT computed FROM whole_run WHERE sync = ? AND cohort_key = ?");
  select.bind(1, to.sync).bind(2, to.cohort_key);
  return select.step() ? select.integer(0) : -1;
}

void Inbox::settle(const Subscription& to, std::int64_t computed, std::int64_t id, Instant now) {
  auto& database = *state_->database;
  Transaction transaction(database);
  mark_applied(to, id);
  // The content goes; that the message was taken stays known for a while.
  sqlite::Statement forget(database,
                           "UPDATE message SET sealed = NULL WHERE sync = ? AND cohort_key = ? AND "
                           "computed <= ? AND applied = 1 AND sealed IS NOT NULL");
  forget.bind(1, to.sync).bind(2, to.cohort_key).bind(3, computed).run();
  sqlite::Statement drop(database, kForgetApplied);
  drop.bind(1, milliseconds(now - kKept)).run();
  sqlite::Statement reset(database,
                          "INSERT INTO whole_run (sync, cohort_key, computed) VALUES (?1, ?2, ?3) "
                          "ON CONFLICT (sync) DO UPDATE SET cohort_key = ?2, computed = ?3");
  reset.bind(1, to.sync).bind(2, to.cohort_key).bind(3, computed).run();
  transaction.commit();
}

void Inbox::forget_old(const std::vector<Subscription>& wanted, Instant now) {
  auto& database = *state_->database;
  Transaction transaction(database);
  const auto before = milliseconds(now - kKept);
  sqlite::Statement applied(database, kForgetApplied);
  applied.bind(1, before).run();
  std::vector<Subscription> gone;
  sqlite::Statement select(database,
                           "SELECT DISTINCT sync, cohort_key FROM message WHERE received < ?");
  select.bind(1, before);
  while (select.step()) {
    Subscription to{select.text(0), select.text(1)};
    if (std::find(wanted.begin(), wanted.end(), to) == wanted.end()) gone.push_back(std::move(to));
  }
  select.reset();
  sqlite::Statement drop(database,
                         "DELETE FROM message WHERE sync = ? AND cohort_key = ? AND received < ?");
  for (const auto& to : gone) drop.bind(1, to.sync).bind(2, to.cohort_key).bind(3, before).run();
  transaction.commit();
}

}  // namespace muster
