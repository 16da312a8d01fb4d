// Store over one SQLite file. Split by area over sqlite_store*.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "state/sqlite.hpp"
#include "state/store.hpp"

namespace muster::sqlite {

class SqliteStore final : public Store {
 public:
  SqliteStore(const std::filesystem::path& file, StoreAccess access);

  std::optional<std::string> value(std::string_view key) override;
  void put_value(std::string_view key, std::string_view value) override;
  void forget_value(std::string_view key) override;

  std::optional<std::string> secret(std::string_view connection, std::string_view name) override;
  void put_secret(std::string_view connection, std::string_view name,
                  std::string_view sealed) override;
  void forget_secret(std::string_view connection, std::string_view name) override;
  void forget_secrets(std::string_view connection) override;
  bool holds_secrets() override;

  std::optional<ConnectionRow> connection(std::string_view name) override;
  void put_connection(const ConnectionRow& row) override;

  std::optional<SyncRow> sync(std::string_view name) override;
  std::vector<SyncRow> syncs() override;
  SyncRow put_sync(const SyncRow& row) override;

  std::unique_ptr<MemberCursor> members(SyncId sync) override;
  std::optional<MemberRow> member(SyncId sync, const MemberKey& key) override;
  void put_member(SyncId sync, const MemberRow& row) override;
  void forget_member(SyncId sync, const MemberKey& key) override;
  void forget_members(SyncId sync) override;
  void reopen_members(SyncId sync) override;
  std::uint64_t count_listed_with_record(SyncId sync, std::string_view record_id) override;
  std::vector<MemberRow> members_with_record(SyncId sync, std::string_view record_id) override;
  std::uint64_t count_members(SyncId sync, MemberState state) override;

  bool take_lease(SyncId sync, std::string_view owner, Instant now, Milliseconds ttl) override;
  bool renew_lease(SyncId sync, std::string_view owner, Instant now, Milliseconds ttl) override;
  std::optional<std::string> lease_owner(SyncId sync) override;
  bool take_over_lease(SyncId sync, std::string_view from, std::string_view owner, Instant now,
                       Milliseconds ttl) override;
  void release_lease(SyncId sync, std::string_view owner) override;

  RunId start_run(const RunRow& run, RunId least) override;
  void update_run(const RunRow& run) override;
  void forget_run(RunId run) override;
  std::optional<RunRow> run(RunId id) override;
  std::vector<RunRow> runs(const RunFilter& filter) override;
  RunId last_proved_run(std::string_view sync) override;
  void put_removed(RunId run, std::uint64_t removed) override;
  std::uint64_t count_removed_by_pushes(std::string_view sync) override;
  std::vector<RunId> close_dead_runs(SyncId sync, Instant now) override;

  void put_change(SyncId sync, const ChangeRow& change) override;
  std::vector<MemberKey> changed_with_record(SyncId sync, std::string_view record_id) override;
  std::vector<std::string> removed_records(SyncId sync, RunId since) override;
  std::vector<ChangeRow> changes(SyncId sync, const MemberKey& key) override;
  void forget_changes(Instant before) override;
  std::vector<DropCount> count_drops(SyncId sync) override;
  void rekey_member(SyncId sync, const MemberKey& from, const MemberKey& to) override;

 protected:
  void begin() override;
  void commit() override;
  void roll_back() noexcept override;

 private:
  //! The statement of this literal, prepared at its first use.
  Statement& prepared(const char* sql);
  RunRow read_run(const Statement& statement);

  std::unique_ptr<Database> database_;
  std::unordered_map<const char*, Statement> statements_;
};

inline std::int64_t to_integer(Instant instant) { return instant.time_since_epoch().count(); }
inline Instant to_instant(std::int64_t ms) { return Instant{Milliseconds{ms}}; }
inline std::int64_t to_integer(SyncId id) { return static_cast<std::int64_t>(id); }
inline std::int64_t to_integer(RunId id) { return static_cast<std::int64_t>(id); }

}  // namespace muster::sqlite
