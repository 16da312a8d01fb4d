#include "run/explain.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "plan/mapping.hpp"
#include "run/explain_lookup.hpp"
#include "run/former_keys.hpp"
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

class Explainer {
 public:
  Explainer(const ExplainContext& context, const SyncRules& rules, Source& source,
            const std::string& asked)
      : context_(context),
        rules_(rules),
        source_(source),
        asked_(asked),
        result_(of_sync(context, rules)),
        destination_(context, rules, result_.sync),
        former_(context.store, context.destination, context.hasher, result_.sync, rules.kind) {
    result_.former_kind = former_.kind();
  }

  Explanation run() {
    take_asked();
    follow_asked();
    add_keys_of_today();
    try {
      read_source();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      mapped_.clear();  // half of it tells nothing
      result_.people.clear();
      result_.source_failed = error;
    }
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
      return destination_.record_of(canonical);
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
    if (!has_state() || known_by_record_ || !destination_.can_follow()) return;
    try {
      const auto record = is_number() ? destination_.survivor_of(asked_) : record_of_asked();
      survivor_ = record;
      if (record.empty()) return;
      if (!add_record(record)) {
        // The state has whom no run has met since the merge by the record of before.
        for (const auto& key : destination_.members_merged_into(record)) add_key(key, {});
      }
      if (record == asked_) return;
      if (is_record_kind(context_.destination, rules_.kind)) {
        add_key(context_.hasher.key(rules_.kind, record), record);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      // The destination is asked again at the end; why it can't be is told then.
    }
  }

  std::string record_of_asked() {
    if (asked_canonical_.empty()) return destination_.record_by_another_kind(asked_);
    const auto key = context_.hasher.key(rules_.kind, asked_canonical_);
    if (context_.store->member(result_.sync.id, key)) return {};
    return destination_.record_of(asked_canonical_);
  }

  bool is_number() const {
    return !asked_.empty() && asked_.find_first_not_of("0123456789") == std::string::npos;
  }
  void add_key(const MemberKey& key, const std::string& canonical) {
    auto& known = keys_[key];
    if (known.empty()) known = canonical;
  }

  void read_source() {
    context_.observer.on_progress({RunProgress::Phase::kReading, 0, 0});
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
    for (const auto& [key, line] : mapped_) {
      if (keys_.contains(key)) lines[key].push_back(line);
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
        person.tried_again = due_again(*person.state, healing_rules(rules_));
      }
    }
    for (auto& change : store.changes(result_.sync.id, key)) {
      if (person.record_id.empty()) person.record_id = change.record_id;
      auto run = store.run(change.run);
      person.changes.push_back({std::move(change), std::move(run)});
    }
  }

  void ask_destination() {
    destination_.require_account();
    look_up_records();
    if (result_.sync.audience_ref.empty()) return;
    std::set<std::uint64_t> wanted;
    for (const auto& person : result_.people) {
      if (!person.record_id.empty()) wanted.insert(record_number(person.record_id));
    }
    if (wanted.empty() || !context_.destination.supports(MUSTER_READBACK_1)) return;
    const auto found = destination_.in_audience(wanted);
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
      person.record_id = destination_.record_of(person.canonical);
    }
    auto& first = result_.people.front();
    if (!result_.is_stranger || !first.record_id.empty()) return;
    // A number that is no record of anybody's is none.
    const bool may_be_one = is_number() && destination_.can_follow();
    if (!survivor_ && may_be_one) survivor_ = destination_.survivor_of(asked_);
    first.record_id = survivor_.value_or(std::string{});
  }

  //! Who was merged since is in the list under the record of today.
  void follow(ExplainedPerson& person) {
    if (!destination_.can_follow()) return;
    auto survivor = destination_.survivor_of(person.record_id);
    person.record_is_gone = survivor.empty();
    if (!survivor.empty()) person.record_id = std::move(survivor);
  }

  const ExplainContext& context_;
  const SyncRules& rules_;
  Source& source_;
  const std::string& asked_;
  Explanation result_;
  ExplainLookup destination_;
  FormerKeys former_;
  std::string asked_canonical_;
  //! Of what was asked for, or that it was merged into; empty: it is none. Nothing: not looked for.
  std::optional<std::string> survivor_;
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
