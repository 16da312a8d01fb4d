#include "run/preview.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "run/account_check.hpp"
#include "run/audience_life.hpp"
#include "run/heartbeat.hpp"
#include "run/read_back.hpp"
#include "run/reading_progress.hpp"
#include "run/record_lookup.hpp"
#include "run/rekey.hpp"
#include "run/reopened_members.hpp"
#include "run/report.hpp"

namespace muster {
namespace {

class NoMembers final : public MemberCursor {
 public:
  bool next(MemberRow&) override { return false; }
};

class Previewer {
 public:
  Previewer(const PreviewContext& context, const SyncRules& rules, Source& source,
            const PreviewOptions& options)
      : context_(context),
        rules_(rules),
        source_(source),
        options_(options),
        spill_(context.temporary_directory) {
    if (context.store != nullptr) sync_ = context.store->sync(rules.sync);
    read_cohort();
    const auto connection = known_connection();
    if (!sync_) return;
    if (connection && !is_same_account(*sync_, *connection)) {
      if (!options.full) refused_ = account_changed(rules);
      sync_.reset();  // nobody of it is there
      return;
    }
    look_for_list();
  }

  Preview run() {
    const bool has_audience = sync_ && !sync_->audience_ref.empty();
    Preview preview;
    preview.refused = refused_;
    preview.list_gone = list_gone_;
    preview.token_changed = context_.token_changed && !options_.look_up;
    rekeyed_ = rekey(preview);
    if (!preview.is_known && !options_.rows.empty()) {
      throw Error(ErrorKind::kUsage, "plan.needs_lookup",
                  "who is added and who leaves is not known without --lookup: the identifiers "
                  "changed")
          .with_hint("add --lookup");
    }
    const auto plan_before = make_plan(*cohort_, *members(), plan_options(has_audience));
    const bool starts_over = list_gone_ && rules_.on_list_deleted == OnListDeleted::kRecreate;
    const auto plan = starts_over ? plan_of_new_list() : plan_before;
    preview.mode = plan.mode;
    preview.rows = cohort_->rows();
    preview.members = cohort_->member_count();
    preview.duplicates = cohort_->duplicates().size();
    preview.adds = plan.adds.size();
    preview.updates = plan.updates.size();
    preview.not_updated = plan.still_refused.size();
    preview.removes = plan.removes.size();
    // A list that is made again holds nobody who is not sent to it.
    if (!starts_over) preview.removes += plan.doubtful.size();
    preview.unchanged = plan.unchanged;
    preview.rejected = cohort_->rejected();
    preview.notices = source_.notices();
    preview.source_budget = source_.budget();
    if (!preview.is_known) return only_of_source(std::move(preview), plan);
    preview.still_dropped = plan.still_dropped_by_reason;
    preview.tried_again = plan.tried_again_by_reason;
    preview.looked_for_again = plan.looked_for_again_by_reason;
    preview.next_retry = next_retry(plan);
    // A run is judged before it finds out that its list is gone.
    preview.guard = judged(plan_before, rules_.max_removals);
    if (options_.look_up && !refused_) preview.lookup = look_up(plan);
    estimate(plan, has_audience && !starts_over, preview);
    if (!options_.rows.empty()) write_rows(plan, starts_over);
    return preview;
  }

 private:
  PlanOptions plan_options(bool has_audience) const {
    PlanOptions options;
    options.mode = options_.full || !has_audience ? RunMode::kFull : RunMode::kIncremental;
    options.now = context_.clock.now();
    options.on_drift = rules_.on_drift;
    options.creates = rules_.create_missing;
    return options;
  }

  Plan plan_of_new_list() const {
    ReopenedMembers reopened(members());
    return make_plan(*cohort_, reopened, plan_options(false));
  }

  //! As a run would find it. Asks the destination only when it may be asked.
  std::optional<ConnectionRow> known_connection() {
    if (options_.look_up && context_.ready_connection) {
      auto patience = make_patience();
      return patience.ask([&] { return context_.ready_connection(); });
    }
    return context_.store == nullptr ? std::nullopt : context_.store->connection(rules_.connection);
  }

  //! Whether the sync's list is still there, when it may be asked for.
  void look_for_list() {
    const bool may_ask = options_.look_up && context_.destination.supports(MUSTER_READBACK_1);
    if (!may_ask || sync_->audience_ref.empty()) return;
    auto patience = make_patience();
    list_gone_ =
        !patience.ask([&] { return audience_exists(context_.destination, sync_->audience_ref); });
    if (!list_gone_ || rules_.on_list_deleted != OnListDeleted::kStop) return;
    refused_ = Error(ErrorKind::kFailed, "audience.gone", "the list was deleted at the destination")
                   .with_hint(what_to_do_about_deleted_list(rules_));
  }

  //! What is known of a run before the members are matched with those of another identifier.
  Preview only_of_source(Preview preview, const Plan& plan) const {
    preview.adds = preview.updates = preview.removes = preview.unchanged = 0;
    if (cohort_->members().empty()) preview.guard = judged(plan, std::nullopt);
    return preview;
  }

  void read_cohort() {
    context_.observer.on_progress({RunProgress::Phase::kReading, 0, 0});
    try {
      cohort_.emplace(source_, context_.destination,
                      CohortMapping{rules_.columns, rules_.kind, rules_.property_names},
                      context_.hasher, spill_, context_.cancellation,
                      [this](std::uint64_t rows, const Source::Progress& progress) {
                        context_.observer.on_progress(reading_progress(rows, progress));
                      });
    } catch (const Error& error) {
      // As a run would be.
      const auto listed =
          sync_ ? context_.store->count_members(sync_->id, MemberState::kListed) : 0;
      const auto stopped = judge_source(error, listed);
      if (!stopped) throw;
      throw sync_ ? with_identifier_change(*stopped, *sync_, rules_.kind) : *stopped;
    }
  }

  GuardVerdict judged(const Plan& plan, std::optional<double> max_removals) const {
    auto verdict = judge(plan, *cohort_, max_removals);
    if (verdict.error && sync_) {
      verdict.error = with_identifier_change(*verdict.error, *sync_, rules_.kind);
    }
    return verdict;
  }

  std::unique_ptr<MemberCursor> members() const {
    if (!sync_) return std::make_unique<NoMembers>();
    return rekeyed_members(*context_.store, sync_->id, rekeyed_);
  }
  std::optional<MemberRow> row_of(const MemberKey& key) const {
    return rekeyed_member(*context_.store, sync_->id, rekeyed_, key);
  }

  //! What a run would match by record. Asks the destination only when it may be asked.
  std::vector<Rekeyed> rekey(Preview& preview) {
    if (!sync_ || !identifier_changed(*sync_, rules_.kind)) return {};
    auto& change = preview.identifier_change.emplace();
    change.from = sync_->identifier_kind;
    change.to = rules_.kind;
    if (!options_.look_up && !is_record_kind(context_.destination, rules_.kind)) {
      preview.is_known = !context_.destination.supports(MUSTER_LOOKUP_1);
      return {};
    }
    auto patience = make_patience();
    const auto before = context_.destination.usage().calls;
    auto rekeyed =
        find_rekeyed({*context_.store, context_.destination, patience, *cohort_, spill_,
                      [this](std::uint64_t done, std::uint64_t total) {
                        check_going();
                        context_.observer.on_progress({RunProgress::Phase::kMatching, done, total});
                      }},
                     sync_->id, rules_.kind);
    change.kept = rekeyed.size();
    matching_calls_ = context_.destination.usage().calls - before;
    return rekeyed;
  }

  void check_going() const {
    if (!context_.cancellation.requested()) return;
    throw Error(ErrorKind::kInterrupted, "plan.interrupted", "interrupted; nothing was changed");
  }
  Patience make_patience() const {
    return Patience(context_.clock, rules_.retry_for, [this](Milliseconds duration) {
      wait_for(context_.clock, duration, [this] { check_going(); });
    });
  }

  std::optional<Instant> next_retry(const Plan& plan) const {
    std::optional<Instant> first;
    for (const auto& dropped : plan.still_dropped) {
      const auto row = row_of(dropped.key);
      const auto due = row ? due_again(*row, healing_rules(rules_)) : std::nullopt;
      if (due && (!first || *due < *first)) first = due;
    }
    return first;
  }

  Preview::Lookup look_up(const Plan& plan) {
    Preview::Lookup found;
    auto patience = make_patience();
    look_up_each(
        {context_.destination, patience, rules_.kind}, plan.adds.size(),
        [&](std::size_t i) { return spill_.read(plan.adds[i].offset).identifier; },
        [&](std::size_t i, const std::string& record) {
          const bool there = !record.empty();
          if (plan.adds[i].cause == AddCause::kProbe) {
            // Nothing is created for those.
            ++found.probed;
            if (there) ++found.probed_exist;
          } else {
            ++(there ? found.exists : found.missing);
          }
        },
        [&](std::size_t done) {
          check_going();
          context_.observer.on_progress({RunProgress::Phase::kMatching, done, plan.adds.size()});
        },
        [](std::size_t) {});  // neither found nor to be created: it will be refused
    return found;
  }

  void estimate(const Plan& plan, bool has_audience, Preview& preview) const {
    if (!context_.destination.supports(MUSTER_ESTIMATE_1)) return;
    EstimateRequest request;
    request.kind = rules_.kind;
    request.create_missing = rules_.create_missing;
    request.has_audience = has_audience;
    request.verify = rules_.read_back == ReadBack::kOn;
    request.adds_by_record = plan.adds_by_record;
    request.adds = plan.adds.size() - plan.adds_by_record;
    request.removes = preview.removes;
    request.updates = plan.updates.size();
    if (preview.lookup) request.missing = preview.lookup->missing;
    request.audience_size = plan.unchanged + plan.adds.size();
    preview.estimate = context_.destination.estimate(request);
    const auto& would_check = context_.would_check_connection;
    if (would_check && would_check()) ++preview.estimate.calls;
    preview.estimate.calls += matching_calls_;
    // The first window's worth goes at once; every further one waits for its turn.
    const auto share = std::floor(preview.estimate.requests_per_window * context_.rate_share);
    const auto per_window = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(share));
    if (preview.estimate.calls == 0) return;
    preview.duration = preview.estimate.window * ((preview.estimate.calls - 1) / per_window);
  }

  //! The members of the cohort that the plan has nothing for, in the order of the source.
  std::vector<SpillOffset> unchanged_of(const Plan& plan) const {
    std::vector<SpillOffset> told;
    for (const auto& planned : plan.adds) told.push_back(planned.offset);
    for (const auto& planned : plan.updates) told.push_back(planned.offset);
    for (const auto& dropped : plan.still_dropped) told.push_back(dropped.offset);
    std::sort(told.begin(), told.end());
    std::vector<SpillOffset> unchanged;
    for (const auto& member : cohort_->members()) {
      if (!std::binary_search(told.begin(), told.end(), member.offset)) {
        unchanged.push_back(member.offset);
      }
    }
    std::sort(unchanged.begin(), unchanged.end());
    return unchanged;
  }

  static std::string_view what_came_before(AddCause cause) {
    if (cause == AddCause::kProbe) return "LOOKED_FOR_AGAIN";
    const bool was_dropped = cause == AddCause::kHealing || cause == AddCause::kDrifted;
    return was_dropped ? "DROPPED_BEFORE" : "";
  }

  void write_rows(const Plan& plan, bool starts_over) {
    Report rows(options_.rows, {});
    const auto add = [&](std::string_view operation, SpillOffset offset, std::string_view outcome,
                         std::string_view reason, std::string_view detail) {
      const auto member = spill_.read(offset);
      rows.add({operation,
                member.source_id,
                member.identifier,
                outcome,
                reason.empty() ? std::string_view(member.reason) : reason,
                detail,
                {}});
    };
    for (const auto& planned : plan.adds) {
      add("add", planned.offset, "planned", {}, what_came_before(planned.cause));
    }
    for (const auto& planned : plan.updates) add("update", planned.offset, "planned", {}, {});
    const auto remove = [&](const MemberKey& key, std::string_view detail) {
      const auto row = context_.store->member(sync_->id, key);
      rows.add({"remove", {}, {}, "planned", {}, detail, row ? row->record_id : std::string{}});
    };
    for (const auto& key : plan.removes) remove(key, {});
    if (!starts_over) {
      for (const auto& key : plan.doubtful) remove(key, "MAY_BE_LISTED");
    }
    for (const auto offset : unchanged_of(plan)) add("none", offset, "unchanged", {}, {});
    for (const auto offset : cohort_->rejected_rows()) add("none", offset, "dropped", {}, {});
    for (const auto& dropped : plan.still_dropped) {
      const auto row = row_of(dropped.key);
      if (row) add("none", dropped.offset, "dropped", row->reason, row->detail);
    }
    for (const auto& duplicate : cohort_->duplicates()) {
      const auto first = spill_.read(duplicate.first).source_id;
      add("none", duplicate.offset, "duplicate", "duplicate_of", first);
    }
    rows.flush();
  }

  const PreviewContext& context_;
  const SyncRules& rules_;
  Source& source_;
  const PreviewOptions& options_;
  Spill spill_;
  std::optional<CohortIndex> cohort_;
  std::optional<SyncRow> sync_;
  std::vector<Rekeyed> rekeyed_;      //!< as a run would
  std::uint64_t matching_calls_ = 0;  //!< that it makes for them
  std::optional<Error> refused_;
  bool list_gone_ = false;
};

}  // namespace

Preview preview_sync(const PreviewContext& context, const SyncRules& rules, Source& source,
                     const PreviewOptions& options) {
  return Previewer(context, rules, source, options).run();
}

}  // namespace muster
