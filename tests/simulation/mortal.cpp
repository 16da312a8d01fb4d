#include "simulation/mortal.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace muster::simulation {

void MortalTransport::start(HttpRequest request, std::uint64_t tag) {
  const bool was_dead = life_.dead;
  if (life_.spend()) {
    // Killed before it was sent, or after: the server knows.
    if (!was_dead && random_.chance(0.5)) inner_->start(std::move(request), tag);
    tags_.push_back(tag);
    return;
  }
  inner_->start(std::move(request), tag);
}

std::optional<HttpResponse> MortalTransport::next(Milliseconds deadline) {
  if (!life_.dead) return inner_->next(deadline);
  HttpResponse response;
  response.outcome = HttpOutcome::kNoAnswer;
  if (!tags_.empty()) {
    response.tag = tags_.back();
    tags_.pop_back();
    // However late they are: a deadline that has passed would bring none of them. What was sent
    // before the death goes unanswered like the rest.
    while (inner_->in_flight() > 0) {
      const auto late = inner_->next(Milliseconds::max());
      const bool is_told = late->tag == response.tag ||
                           std::find(tags_.begin(), tags_.end(), late->tag) != tags_.end();
      if (!is_told) tags_.push_back(late->tag);
    }
    return response;
  }
  auto answer = inner_->next(deadline);
  if (!answer) return std::nullopt;
  response.tag = answer->tag;
  return response;
}

namespace {

class MortalStore final : public Store {
 public:
  MortalStore(Life& life, std::unique_ptr<Store> inner, Random& random)
      : life_(life), inner_(std::move(inner)), random_(random) {}

  std::optional<std::string> value(std::string_view key) override { return in().value(key); }
  void put_value(std::string_view k, std::string_view v) override { out().put_value(k, v); }
  void forget_value(std::string_view key) override { out().forget_value(key); }
  std::optional<std::string> secret(std::string_view c, std::string_view n) override {
    return in().secret(c, n);
  }
  void put_secret(std::string_view c, std::string_view n, std::string_view s) override {
    out().put_secret(c, n, s);
  }
  void forget_secret(std::string_view c, std::string_view n) override { out().forget_secret(c, n); }
  void forget_secrets(std::string_view c) override { out().forget_secrets(c); }
  bool holds_secrets() override { return in().holds_secrets(); }
  std::optional<ConnectionRow> connection(std::string_view name) override {
    return in().connection(name);
  }
  void put_connection(const ConnectionRow& row) override { out().put_connection(row); }
  std::optional<SyncRow> sync(std::string_view name) override { return in().sync(name); }
  std::vector<SyncRow> syncs() override { return in().syncs(); }
  SyncRow put_sync(const SyncRow& row) override {
    auto written = row;
    if (life_.forgets_creation) written.audience_creating.clear();
    return out().put_sync(written);
  }
  std::unique_ptr<MemberCursor> members(SyncId sync) override { return in().members(sync); }
  std::optional<MemberRow> member(SyncId sync, const MemberKey& key) override {
    return in().member(sync, key);
  }
  void put_member(SyncId sync, const MemberRow& row) override {
    const bool ahead = row.state == MemberState::kPending || row.state == MemberState::kLeaving;
    if (life_.skips_write_ahead && ahead) return;
    const bool removed = row.state == MemberState::kPending && row.sealed_identifier.empty();
    if (life_.believes_removals && removed) return;
    out().put_member(sync, row);
  }
  void forget_member(SyncId sync, const MemberKey& key) override { out().forget_member(sync, key); }
  void forget_members(SyncId sync) override { out().forget_members(sync); }
  void reopen_members(SyncId sync) override {
    if (!life_.keeps_members_listed) out().reopen_members(sync);
  }
  std::uint64_t count_listed_with_record(SyncId sync, std::string_view record) override {
    return life_.forgets_aliases ? 0 : in().count_listed_with_record(sync, record);
  }
  std::vector<MemberKey> changed_with_record(SyncId sync, std::string_view record) override {
    return in().changed_with_record(sync, record);
  }
  std::vector<std::string> removed_records(SyncId sync, RunId since) override {
    return in().removed_records(sync, since);
  }
  std::vector<MemberRow> members_with_record(SyncId sync, std::string_view record) override {
    return in().members_with_record(sync, record);
  }
  std::uint64_t count_members(SyncId sync, MemberState state) override {
    return in().count_members(sync, state);
  }
  bool take_lease(SyncId sync, std::string_view owner, Instant now, Milliseconds ttl) override {
    return out().take_lease(sync, owner, now, ttl);
  }
  bool renew_lease(SyncId sync, std::string_view owner, Instant now, Milliseconds ttl) override {
    return out().renew_lease(sync, owner, now, ttl);
  }
  std::optional<std::string> lease_owner(SyncId sync) override { return in().lease_owner(sync); }
  bool take_over_lease(SyncId sync, std::string_view from, std::string_view owner, Instant now,
                       Milliseconds ttl) override {
    return out().take_over_lease(sync, from, owner, now, ttl);
  }
  void release_lease(SyncId sync, std::string_view owner) override {
    if (!life_.dead) inner_->release_lease(sync, owner);  // a dead process releases nothing
  }
  RunId start_run(const RunRow& run, RunId least) override { return out().start_run(run, least); }
  void update_run(const RunRow& run) override { out().update_run(run); }
  void forget_run(RunId run) override { out().forget_run(run); }
  std::optional<RunRow> run(RunId id) override { return in().run(id); }
  std::vector<RunRow> runs(const RunFilter& filter) override { return in().runs(filter); }
  RunId last_proved_run(std::string_view sync) override { return in().last_proved_run(sync); }
  void put_removed(RunId run, std::uint64_t removed) override { out().put_removed(run, removed); }
  std::uint64_t count_removed_by_pushes(std::string_view sync) override {
    return in().count_removed_by_pushes(sync);
  }
  std::vector<RunId> close_dead_runs(SyncId sync, Instant now) override {
    return out().close_dead_runs(sync, now);
  }
  void put_change(SyncId sync, const ChangeRow& change) override { out().put_change(sync, change); }
  std::vector<ChangeRow> changes(SyncId sync, const MemberKey& key) override {
    return in().changes(sync, key);
  }
  std::vector<DropCount> count_drops(SyncId sync) override { return in().count_drops(sync); }
  void rekey_member(SyncId sync, const MemberKey& from, const MemberKey& to) override {
    out().rekey_member(sync, from, to);
  }
  void forget_changes(Instant before) override { out().forget_changes(before); }

 protected:
  void begin() override {
    in();
    transaction_.emplace(*inner_);
  }
  void commit() override {
    out();
    if (life_.unknown_commits > 0 && random_.chance(life_.unknown_commits)) {
      life_.store_failed = true;
      if (random_.chance(0.5)) transaction_->commit();
      throw Error(ErrorKind::kFailed, "state.io", "the disk failed in the midst of a commit");
    }
    transaction_->commit();
    transaction_.reset();
    // Killed after it was durable, before anybody knew.
    if (life_.spend()) throw Death{};
  }
  void roll_back() noexcept override { transaction_.reset(); }

 private:
  Store& in() {
    if (life_.spend()) throw Death{};
    return *inner_;
  }
  Store& out() {
    in();
    if (life_.failing_writes > 0 && life_.writes_before-- <= 0) {
      --life_.failing_writes;
      life_.store_failed = true;
      throw Error(ErrorKind::kFailed, "state.full", "the disk is full");
    }
    return *inner_;
  }

  Life& life_;
  std::unique_ptr<Store> inner_;
  Random& random_;
  std::optional<Transaction> transaction_;
};

}  // namespace

std::unique_ptr<Store> make_mortal_store(Life& life, std::unique_ptr<Store> inner, Random& random) {
  return std::make_unique<MortalStore>(life, std::move(inner), random);
}

}  // namespace muster::simulation
