#include "run/explain.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "plan/mapping.hpp"
#include "run/account_check.hpp"
#include "run/former_keys.hpp"
#include "run/heartbeat.hpp"
#include "run/merged_into.hpp"
#include "run/patience.hpp"
#include "run/record_number.hpp"
#include "run/rekey.hpp"

namespace muster {
namespace {

constexpr std::size_t kMapBatch = 1024;

std::string_view trimmed(std::string_view text) {
  constexpr auto kBlanks = " \t\r\n\v\f";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

//! Thrown out of the pages: everyone was found.
struct Seen {};

class Explainer {
 public:
  Explainer(const ExplainContext& context, const SyncRules& rules, Source& source,
            const std::string& asked)
      : context_(context),
        rules_(rules),
        source_(source),
        asked_(asked),
        result_(of_sync(context, rules)),
        patience_(context.clock, rules.retry_for,
                  [this](Milliseconds duration) {
                    wait_for(context_.clock, duration, [this] { check_going(); });
                  }),
        former_(context.store, context.destination, context.hasher, result_.sync, rules.kind) {
    result_.former_kind = former_.kind();
  }

  Explanation run() {
    take_asked();
    follow_asked();
    add_keys_of_today();
    read_source();
    find_former_keys();
    describe();
    try {
      ask_destination();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      result_.not_asked = error;
    }
    return std::move(result_);
  }

 private:
  //! A mapped row of the source: its texts are kept only of who was asked for.
  struct Mapped {
    MemberKey key;
    std::uint64_t line;
  };
  struct Waiting {
    std::uint64_t line;
    std::string source_id;
    std::string identifier;
  };

  void check_going() const {
    if (!context_.cancellation.requested()) return;
    throw Error(ErrorKind::kInterrupted, "explain.interrupted", "interrupted");
  }

  //! Empty: there is none.
  std::string look_up(std::string_view kind, std::string_view identifier) {
    return patience_.ask([&] {
      return context_.destination.look_up(kind, {&identifier, 1}).front();
    });
  }

  static Explanation of_sync(const ExplainContext& context, const SyncRules& rules) {
    Explanation result;
    if (context.store == nullptr) return result;
    if (auto row = context.store->sync(rules.sync)) result.sync = std::move(*row);
    return result;
  }

  bool has_state() const { return context_.store != nullptr && result_.sync.id != SyncId{}; }

  //! Whom the text stands for without the source: its canonical form, and whose record it is.
  void take_asked() {
    const std::string_view value = asked_;
    const auto mapped = context_.destination.map_identifiers(rules_.kind, {&value, 1});
    if (!mapped.front().canonical.empty()) {
      asked_canonical_ = mapped.front().canonical;
      add_key(context_.hasher.key(rules_.kind, asked_canonical_), asked_canonical_);
    }
    if (!has_state()) return;
    take_former();
    add_record(asked_);
  }

  //! By the identifier that the state knows members by, where that is another one than today's.
  void take_former() {
    if (const auto known = former_.member_of(asked_)) add_key(known->key, known->canonical);
  }

  //! Whoever is known by a former identifier is in the source by the one of today.
  void add_keys_of_today() {
    std::vector<std::string> identifiers;
    for (const auto& [key, canonical] : keys_) {
      auto identifier = former_.identifier_today(key);
      if (!identifier.empty()) identifiers.push_back(std::move(identifier));
    }
    for (const auto& identifier : identifiers) {
      add_key(context_.hasher.key(rules_.kind, identifier), identifier);
    }
  }

  //! Of whom the source has today: under which key the state knows them.
  void find_former_keys() {
    if (result_.former_kind.empty()) return;
    for (const auto& [key, canonical] : keys_) {
      if (canonical.empty() || context_.store->member(result_.sync.id, key)) continue;
      if (const auto former = former_.key_of_record(record_of(canonical))) {
        former_keys_[key] = *former;
      }
    }
  }

  //! Nothing where the destination can't be asked; why it can't be is told at the end.
  std::string record_of(const std::string& canonical) {
    if (is_record_kind(context_.destination, rules_.kind)) return canonical;
    if (!context_.destination.supports(MUSTER_LOOKUP_1)) return {};
    try {
      require_account();
      const std::string_view identifier = canonical;
      return look_up(rules_.kind, identifier);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      return {};
    }
  }

  //! Whose record it is, or was when something changed of them.
  bool add_record(const std::string& record_id) {
    auto& store = *context_.store;
    bool any = false;
    for (const auto& row : store.members_with_record(result_.sync.id, record_id)) {
      add_key(row.key, {});
      any = true;
    }
    for (const auto& key : store.changed_with_record(result_.sync.id, record_id)) {
      add_key(key, {});
      any = true;
    }
    known_by_record_ |= any;
    return any;
  }

  //! A record that nobody is known by may have been merged into one that somebody is; an address
  //! that nobody is known by may be another one of somebody's.
  void follow_asked() {
    if (!has_state() || known_by_record_ || !can_follow()) return;
    try {
      const auto record = is_number() ? survivor_of_asked() : record_of_asked();
      if (record.empty()) return;
      if (!add_record(record)) add_merged_into(record);
      if (record == asked_) return;
      survivor_ = record;
      if (is_record_kind(context_.destination, rules_.kind)) {
        add_key(context_.hasher.key(rules_.kind, record), record);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      // The destination is asked again at the end; why it can't be is told then.
    }
  }

  //! The state has whom no run has met since the merge by the record of before.
  void add_merged_into(const std::string& record) {
    const auto expected = context_.store->count_members(result_.sync.id, MemberState::kListed);
    const MergedIntoParts parts{
        *context_.store, context_.destination, patience_, [&](std::uint64_t read) {
          check_going();
          context_.observer.on_progress({RunProgress::Phase::kReadingBack, read, expected});
        }};
    for (const auto& key : members_merged_into(parts, result_.sync, record)) add_key(key, {});
  }

  std::string survivor_of_asked() {
    require_account();
    return survivor_of(asked_);
  }
  std::string record_of_asked() {
    if (asked_canonical_.empty()) return record_by_another_kind();
    const auto key = context_.hasher.key(rules_.kind, asked_canonical_);
    if (context_.store->member(result_.sync.id, key)) return {};
    require_account();
    const std::string_view identifier = asked_canonical_;
    return look_up(rules_.kind, identifier);
  }

  //! An address, where the sync goes by contact ids.
  std::string record_by_another_kind() {
    const std::string_view value = asked_;
    for (const auto& kind : context_.destination.descriptor().kinds) {
      if (kind.id == rules_.kind) continue;
      const auto mapped = context_.destination.map_identifiers(kind.id, {&value, 1});
      if (mapped.front().canonical.empty()) continue;
      require_account();
      const std::string_view canonical = mapped.front().canonical;
      return look_up(kind.id, canonical);
    }
    return {};
  }

  bool is_number() const {
    return !asked_.empty() && asked_.find_first_not_of("0123456789") == std::string::npos;
  }
  bool can_follow() const {
    return context_.destination.descriptor().record_kind() != nullptr &&
           context_.destination.supports(MUSTER_LOOKUP_1);
  }
  std::string survivor_of(std::string_view record_id) {
    const auto* kind = context_.destination.descriptor().record_kind();
    return look_up(kind->id, record_id);
  }

  void add_key(const MemberKey& key, const std::string& canonical) {
    auto& known = keys_[key];
    if (known.empty()) known = canonical;
  }

  void read_source() {
    source_.open(rules_.columns);
    std::vector<Waiting> batch;
    while (const auto member = source_.next()) {
      batch.push_back(
          {member->line, std::string(member->source_id), std::string(member->identifier)});
      if (batch.size() < kMapBatch) continue;
      map(batch);
      batch.clear();
      check_going();
      context_.observer.on_progress({RunProgress::Phase::kReading, rows_, 0});
    }
    map(batch);
  }

  void map(const std::vector<Waiting>& batch) {
    rows_ += batch.size();
    std::vector<std::string_view> values;
    values.reserve(batch.size());
    for (const auto& row : batch) values.push_back(row.identifier);
    const auto mapped = map_values(context_.destination, rules_.kind, values);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto& row = batch[i];
      const bool by_id = !row.source_id.empty() && row.source_id == asked_;
      if (mapped[i].canonical.empty()) {
        if (by_id || trimmed(row.identifier) == trimmed(asked_)) reject(row, mapped[i].reason);
        continue;
      }
      const auto key = context_.hasher.key(rules_.kind, mapped[i].canonical);
      if (by_id) add_key(key, mapped[i].canonical);
      if (keys_.contains(key)) {
        add_key(key, mapped[i].canonical);
        source_ids_[row.line] = row.source_id;
      }
      mapped_.push_back({key, row.line});
    }
  }

  void reject(const Waiting& row, const std::string& reason) {
    ExplainedPerson person;
    person.rows.push_back({row.line, row.source_id, reason, 0});
    result_.people.push_back(std::move(person));
  }

  //! What the source and the state know of each.
  void describe() {
    std::map<MemberKey, std::vector<std::uint64_t>> lines;
    for (const auto& mapped : mapped_) {
      if (keys_.contains(mapped.key)) lines[mapped.key].push_back(mapped.line);
    }
    std::set<MemberKey> told_elsewhere;
    for (const auto& [key, former] : former_keys_) told_elsewhere.insert(former);
    for (const auto& [key, canonical] : keys_) {
      if (told_elsewhere.contains(key)) continue;
      ExplainedPerson person;
      person.canonical = canonical;
      std::uint64_t first = 0;
      for (const auto line : lines[key]) {
        person.rows.push_back({line, source_ids_[line], {}, first});
        if (first == 0) first = line;
      }
      const auto former = former_keys_.find(key);
      if (has_state()) add_state(former == former_keys_.end() ? key : former->second, person);
      if (person.rows.empty() && !person.state && person.changes.empty()) continue;
      result_.people.push_back(std::move(person));
    }
    result_.is_stranger = result_.people.empty();
    if (!result_.is_stranger) return;
    ExplainedPerson stranger;
    stranger.canonical = asked_canonical_;
    result_.people.push_back(std::move(stranger));
  }

  void add_state(const MemberKey& key, ExplainedPerson& person) {
    auto& store = *context_.store;
    person.state = store.member(result_.sync.id, key);
    if (person.state) {
      person.record_id = person.state->record_id;
      if (person.state->state == MemberState::kDropped) {
        person.tried_again = due_again(*person.state);
      }
    }
    for (auto& change : store.changes(result_.sync.id, key)) {
      if (person.record_id.empty()) person.record_id = change.record_id;
      auto run = store.run(change.run);
      person.changes.push_back({std::move(change), std::move(run)});
    }
  }

  //! What another account says of these records is about other people.
  void require_account() {
    const auto connection = patience_.ask([&] { return context_.ready_connection(); });
    if (has_state()) require_same_account(result_.sync, connection, rules_);
  }

  void ask_destination() {
    require_account();
    look_up_records();
    if (result_.sync.audience_ref.empty()) return;
    std::set<std::uint64_t> wanted;
    for (const auto& person : result_.people) {
      if (!person.record_id.empty()) wanted.insert(record_number(person.record_id));
    }
    if (wanted.empty() || !context_.destination.supports(MUSTER_READBACK_1)) return;
    const auto found = find_in_list(wanted);
    for (auto& person : result_.people) {
      if (person.record_id.empty()) continue;
      person.in_list = found.contains(record_number(person.record_id));
    }
  }

  //! Who has no record as far as we know may have one; a stranger may have been named by it.
  void look_up_records() {
    if (!context_.destination.supports(MUSTER_LOOKUP_1)) return;
    for (auto& person : result_.people) {
      if (!person.record_id.empty()) follow(person);
      if (!person.record_id.empty() || person.canonical.empty()) continue;
      const std::string_view identifier = person.canonical;
      person.record_id = look_up(rules_.kind, identifier);
    }
    auto& first = result_.people.front();
    if (!result_.is_stranger || !first.record_id.empty()) return;
    first.record_id = survivor_.empty() && is_number() ? asked_ : survivor_;
  }

  //! Who was merged since is in the list under the record of today.
  void follow(ExplainedPerson& person) {
    if (!can_follow()) return;
    auto survivor = survivor_of(person.record_id);
    if (!survivor.empty()) person.record_id = std::move(survivor);
  }

  std::set<std::uint64_t> find_in_list(const std::set<std::uint64_t>& wanted) {
    std::set<std::uint64_t> found;
    std::uint64_t read = 0;
    const auto expected = context_.store->count_members(result_.sync.id, MemberState::kListed);
    try {
      std::string cursor;
      patience_.ask([&] {
        context_.destination.read_back(
            result_.sync.audience_ref, cursor,
            [&](std::span<const std::string_view> ids, std::string_view next) {
              for (const auto id : ids) {
                if (wanted.contains(record_number(id))) found.insert(record_number(id));
              }
              read += ids.size();
              cursor = next;
              context_.observer.on_progress({RunProgress::Phase::kReadingBack, read, expected});
              if (found.size() == wanted.size() || next.empty()) throw Seen{};
            });
      });
    } catch (const Seen&) {
    } catch (const DestinationError& error) {
      if (error.status() != MUSTER_AUDIENCE_GONE) throw;  // a list that is gone holds nobody
    }
    return found;
  }

  const ExplainContext& context_;
  const SyncRules& rules_;
  Source& source_;
  const std::string& asked_;
  Explanation result_;
  Patience patience_;
  FormerKeys former_;
  std::string asked_canonical_;
  std::string survivor_;  //!< of the record that was asked for, where it was merged
  bool known_by_record_ = false;
  std::map<MemberKey, std::string> keys_;       //!< with their canonical forms, where known
  std::map<MemberKey, MemberKey> former_keys_;  //!< of keys_: that the state has instead
  std::map<std::uint64_t, std::string> source_ids_;
  std::vector<Mapped> mapped_;
  std::uint64_t rows_ = 0;
};

}  // namespace

Explanation explain(const ExplainContext& context, const SyncRules& rules, Source& source,
                    const std::string& asked) {
  return Explainer(context, rules, source, asked).run();
}

}  // namespace muster
