#include "state/inbox.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "state/sqlite.hpp"

namespace muster {
namespace {

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
CREATE TABLE IF NOT EXISTS whole_run (
  sync TEXT PRIMARY KEY,
  computed INTEGER NOT NULL,
  removed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

//! How long a repeated message is known as such.
constexpr Milliseconds kKnown = std::chrono::days(30);

std::int64_t milliseconds(Instant instant) { return instant.time_since_epoch().count(); }

//! SQLite would make it for everyone to read.
const std::filesystem::path& made(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
  return file;
}

class Transaction {
 public:
  explicit Transaction(sqlite::Database& database) : database_(database) {
    database_.execute("BEGIN IMMEDIATE");
  }
  ~Transaction() {
    if (open_) sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() {
    database_.execute("COMMIT");
    open_ = false;
  }

 private:
  sqlite::Database& database_;
  bool open_ = true;
};

}  // namespace

struct Inbox::State {
  explicit State(const std::filesystem::path& file) : database(made(file), SQLITE_OPEN_READWRITE) {
    database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.execute(kSchema);
  }
  sqlite::Database database;
};

Inbox::Inbox(const std::filesystem::path& file) : state_(std::make_unique<State>(file)) {}

Inbox::~Inbox() = default;

bool Inbox::put(const std::vector<std::string>& syncs, const InboxMessage& message, Instant now) {
  auto& database = state_->database;
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
  sqlite::Statement select(state_->database,
                           "SELECT id FROM message WHERE sync = ? AND applied = 0 ORDER BY id DESC "
                           "LIMIT 1");
  select.bind(1, sync);
  if (!select.step()) return std::nullopt;
  return select.integer(0);
}

std::vector<InboxMessage> Inbox::computed_after(std::string_view sync, std::int64_t computed) {
  sqlite::Statement select(state_->database,
                           "SELECT id, message_key, computed, sealed, applied FROM message WHERE "
                           "sync = ? AND computed > ? AND sealed IS NOT NULL ORDER BY id");
  select.bind(1, sync).bind(2, computed);
  std::vector<InboxMessage> messages;
  while (select.step()) {
    messages.push_back({select.integer(0), select.text(1), select.integer(2), select.text(3),
                        select.integer(4) == 0});
  }
  return messages;
}

void Inbox::mark_applied(std::string_view sync, std::int64_t id, std::uint64_t removed) {
  auto& database = state_->database;
  Transaction transaction(database);
  sqlite::Statement update(
      database, "UPDATE message SET applied = 1 WHERE sync = ? AND id <= ? AND applied = 0");
  update.bind(1, sync).bind(2, id).run();
  sqlite::Statement count(database,
                          "INSERT INTO whole_run (sync, computed, removed) VALUES (?1, -1, ?2) ON "
                          "CONFLICT (sync) DO UPDATE SET removed = removed + ?2");
  count.bind(1, sync).bind(2, static_cast<std::int64_t>(removed)).run();
  transaction.commit();
}

std::uint64_t Inbox::removed_since_whole_run(std::string_view sync) {
  sqlite::Statement select(state_->database, "SELECT removed FROM whole_run WHERE sync = ?");
  select.bind(1, sync);
  return select.step() ? static_cast<std::uint64_t>(select.integer(0)) : 0;
}

std::int64_t Inbox::settled(std::string_view sync) {
  sqlite::Statement select(state_->database, "SELECT computed FROM whole_run WHERE sync = ?");
  select.bind(1, sync);
  return select.step() ? select.integer(0) : -1;
}

void Inbox::settle(std::string_view sync, std::int64_t computed, std::int64_t id, Instant now) {
  auto& database = state_->database;
  Transaction transaction(database);
  sqlite::Statement applied(
      database, "UPDATE message SET applied = 1 WHERE sync = ? AND id <= ? AND applied = 0");
  applied.bind(1, sync).bind(2, id).run();
  // The content goes; that the message was taken stays known for a while.
  sqlite::Statement forget(database,
                           "UPDATE message SET sealed = NULL WHERE sync = ? AND computed <= ? AND "
                           "applied = 1 AND sealed IS NOT NULL");
  forget.bind(1, sync).bind(2, computed).run();
  sqlite::Statement drop(database,
                         "DELETE FROM message WHERE sync = ? AND applied = 1 AND received < ?");
  drop.bind(1, sync).bind(2, milliseconds(now - kKnown)).run();
  sqlite::Statement reset(database,
                          "INSERT INTO whole_run (sync, computed, removed) VALUES (?1, ?2, 0) ON "
                          "CONFLICT (sync) DO UPDATE SET computed = ?2, removed = 0");
  reset.bind(1, sync).bind(2, computed).run();
  transaction.commit();
}

}  // namespace muster
