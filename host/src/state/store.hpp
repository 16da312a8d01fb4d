// The only place with SQL: what muster remembers, in SQLite (WAL, foreign keys, migrations by
// user_version). One Store is used by one thread; several processes may have the same file open.
// Throws Error: locked, corrupt, from a newer version, full or read-only disk; the file is then as
// it was before.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "state/rows.hpp"

namespace muster {

//! The members of a sync in key order. The store must not be written while it is used.
class MemberCursor {
 public:
  virtual ~MemberCursor() = default;
  //! False at the end; otherwise `row` is the next one.
  virtual bool next(MemberRow& row) = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  //! Everything between `begin` and `commit` is one transaction; a Transaction that is destroyed
  //! without `commit` is rolled back. Transactions do not nest.
  class Transaction {
   public:
    explicit Transaction(Store& store) : store_(&store) { store_->begin(); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() {
      if (store_ != nullptr) store_->roll_back();
    }
    //! Durable on return.
    void commit() {
      store_->commit();
      store_ = nullptr;
    }

   private:
    Store* store_;
  };

  //! Small values of the workspace by key: the vault's check value, sources' memory.
  virtual std::optional<std::string> value(std::string_view key) = 0;
  virtual void put_value(std::string_view key, std::string_view value) = 0;
  virtual void forget_value(std::string_view key) = 0;

  //! Sealed secrets of a connection.
  virtual std::optional<std::string> secret(std::string_view connection, std::string_view name) = 0;
  virtual void put_secret(std::string_view connection, std::string_view name,
                          std::string_view sealed) = 0;
  virtual void forget_secret(std::string_view connection, std::string_view name) = 0;
  virtual void forget_secrets(std::string_view connection) = 0;
  //! Whether anything sealed is kept, so that another key must not take its place.
  virtual bool holds_secrets() = 0;

  virtual std::optional<ConnectionRow> connection(std::string_view name) = 0;
  virtual void put_connection(const ConnectionRow& row) = 0;

  virtual std::optional<SyncRow> sync(std::string_view name) = 0;
  virtual std::vector<SyncRow> syncs() = 0;
  //! Inserts, or updates the row of `row.name`; returns it with its id.
  virtual SyncRow put_sync(const SyncRow& row) = 0;

  virtual std::unique_ptr<MemberCursor> members(SyncId sync) = 0;
  virtual std::optional<MemberRow> member(SyncId sync, const MemberKey& key) = 0;
  //! Inserts, or replaces the row of that key.
  virtual void put_member(SyncId sync, const MemberRow& row) = 0;
  virtual void forget_member(SyncId sync, const MemberKey& key) = 0;
  virtual void forget_members(SyncId sync) = 0;
  //! Listed, leaving and drifted members become pending: nothing is known of them any more.
  virtual void reopen_members(SyncId sync) = 0;
  //! Members in state `listed` with that record.
  virtual std::uint64_t count_listed_with_record(SyncId sync, std::string_view record_id) = 0;
  //! The members known by that record, in any state.
  virtual std::vector<MemberRow> members_with_record(SyncId sync, std::string_view record_id) = 0;
  virtual std::uint64_t count_members(SyncId sync, MemberState state) = 0;

  //! One run of a sync at a time. True when the lease is now `owner`'s: it was free, it was
  //! `owner`'s, it ran out before `now`, or it ends so late that the clock was set back since.
  virtual bool take_lease(SyncId sync, std::string_view owner, Instant now, Milliseconds ttl) = 0;
  //! False when another one took it over: the run must stop.
  virtual bool renew_lease(SyncId sync, std::string_view owner, Instant now, Milliseconds ttl) = 0;
  //! Who holds the sync's lease, run out or not; nothing when nobody does.
  virtual std::optional<std::string> lease_owner(SyncId sync) = 0;
  //! Gives the lease to `owner` if `from` still holds it: for whoever knows that `from` is dead.
  virtual bool take_over_lease(SyncId sync, std::string_view from, std::string_view owner,
                               Instant now, Milliseconds ttl) = 0;
  virtual void release_lease(SyncId sync, std::string_view owner) = 0;

  //! Its id is higher than that of every run there was, and at least `least`.
  virtual RunId start_run(const RunRow& run, RunId least = RunId{1}) = 0;
  //! Figures, status and error of a run; `finished` when it has ended.
  virtual void update_run(const RunRow& run) = 0;
  //! A run that did nothing was none; its number is the next one's where there is no later run.
  virtual void forget_run(RunId run) = 0;
  //! How many members a run has taken out so far: within the transaction that forgets them, so that
  //! a kill loses none of them from the count.
  virtual void put_removed(RunId run, std::uint64_t removed) = 0;
  virtual std::optional<RunRow> run(RunId id) = 0;
  //! Newest first; `sync` empty: of all.
  std::vector<RunRow> runs(std::string_view sync, std::size_t limit) {
    RunFilter filter;
    filter.sync = sync;
    filter.limit = limit;
    return runs(filter);
  }
  virtual std::vector<RunRow> runs(const RunFilter& filter) = 0;
  //! The newest run of a sync that read its audience back to the end; RunId{} when none did.
  virtual RunId last_proved_run(std::string_view sync) = 0;
  //! Members that runs over pushed changes took out since the last run over the whole cohort came
  //! to its end (a repair is none).
  virtual std::uint64_t count_removed_by_pushes(std::string_view sync) = 0;
  //! Runs found running though nobody holds their sync's lease become `interrupted`; which.
  virtual std::vector<RunId> close_dead_runs(SyncId sync, Instant now) = 0;

  virtual void put_change(SyncId sync, const ChangeRow& change) = 0;
  //! Who was known by that record when something changed of them. Looks at every change.
  virtual std::vector<MemberKey> changed_with_record(SyncId sync, std::string_view record_id) = 0;
  //! The records that runs took out, from `since` on. Looks at every change.
  virtual std::vector<std::string> removed_records(SyncId sync, RunId since) = 0;
  //! Newest run first.
  virtual std::vector<ChangeRow> changes(SyncId sync, const MemberKey& key) = 0;
  //! Forgets changes of runs that started before `before`.
  virtual void forget_changes(Instant before) = 0;
  //! Members that are dropped, by reason, and by how often they were tried.
  struct DropCount {
    std::string reason;
    std::uint32_t attempts = 0;
    std::uint64_t count = 0;
    std::optional<Instant> first_try;  //!< the earliest last try among them
  };
  virtual std::vector<DropCount> count_drops(SyncId sync) = 0;
  //! A member known under another key from now on, with what changed of it. No row has `to`.
  virtual void rekey_member(SyncId sync, const MemberKey& from, const MemberKey& to) = 0;

 protected:
  virtual void begin() = 0;
  virtual void commit() = 0;
  virtual void roll_back() noexcept = 0;
};

enum class StoreAccess {
  kReadWrite,  //!< makes the file (0600) and migrates it when needed
  kReadOnly,   //!< throws when there is none; changes nothing, also on a read-only disk
};

//! The state in a SQLite file.
std::unique_ptr<Store> open_sqlite_store(const std::filesystem::path& file, StoreAccess access);

}  // namespace muster
