#include "run/audience_life.hpp"

#include <fmt/format.h>

#include "run/patience.hpp"
#include "run/read_back.hpp"

namespace muster {
namespace {

//! A list that is deleted again and again while a run fills it is not ours to fight for.
constexpr int kMaxRecreations = 2;

}  // namespace

std::string what_to_do_about_deleted_list(const SyncRules& rules) {
  return fmt::format(
      "restore it: muster sync {} --restore-list; or let it be made again: "
      "on_list_deleted: recreate",
      rules.sync);
}

AudienceLife::AudienceLife(Session& session, bool restore) : session_(session), restore_(restore) {
  session_.may_recreate = may_recover();
}

bool AudienceLife::may_recover() const {
  if (lost_ == kMaxRecreations) return false;
  if (restore_ || session_.rules.on_list_deleted == OnListDeleted::kRestore) return true;
  return may_start_over();
}

//! A run over changes would leave the new audience almost empty.
bool AudienceLife::may_start_over() const {
  return session_.is_whole && session_.rules.on_list_deleted != OnListDeleted::kStop;
}

void AudienceLife::recover(const DestinationError& gone) {
  if (lost_ == kMaxRecreations) throw gone;
  ++lost_;
  session_.may_recreate = may_recover();
  const auto wanted = session_.rules.on_list_deleted;
  if ((restore_ || wanted == OnListDeleted::kRestore) && restored()) return;
  if (wanted == OnListDeleted::kStop) {
    auto error = gone;
    error.with_hint(what_to_do_about_deleted_list(session_.rules));
    throw error;
  }
  if (!may_start_over()) {
    auto error = gone;
    error.with_hint(fmt::format("the next run over the whole cohort makes it again: muster sync {}",
                                session_.rules.sync));
    throw error;
  }
  start_over();
}

//! Asked again, like all else of a run, for as long as the sync's `retry_for`.
void AudienceLife::change(std::int32_t action) const {
  auto patience = session_.patience();
  patience.ask([&] {
    session_.context.destination.change_audience(action, session_.sync.audience_ref,
                                                 session_.rules.audience_name);
  });
}

//! Whether the destination gave the audience back, with the members that it had.
bool AudienceLife::restored() const {
  auto& destination = session_.context.destination;
  const auto& name = session_.rules.audience_name;
  if (!destination.supports(MUSTER_AUDIENCE_1)) return false;
  try {
    change(MUSTER_AUDIENCE_RESTORE);
  } catch (const DestinationError& error) {
    // The name may be taken by the list that an earlier run was about to make in its stead.
    const bool is_replaced = error.status() == MUSTER_AUDIENCE_TAKEN &&
                             session_.sync.audience_creating == session_.rules.audience_name;
    const bool cannot = is_replaced || error.status() == MUSTER_AUDIENCE_GONE ||
                        error.status() == MUSTER_REJECTED || error.status() == MUSTER_NOT_SUPPORTED;
    if (!cannot) throw;
    tell(fmt::format("the list '{}' was deleted and can't be restored: {}", name, error.message()));
    return false;
  }
  tell(fmt::format("the list '{}' was deleted at the destination; it was restored", name));
  return true;
}

//! It is made again, and everyone is sent. Said, not hidden.
void AudienceLife::start_over() {
  tell(
      fmt::format("the list '{}' was deleted at the destination; it is created again and the whole "
                  "cohort is sent",
                  session_.rules.audience_name));
  session_.may_adopt = false;
  session_.sync.audience_ref.clear();
  session_.sync.audience_name.clear();
  // Nobody is in the new list: a kill before everyone is sent must not leave them for listed. The
  // reference stays in the state until there is another: the list may be restored, and is ours.
  Lease::Transaction transaction(session_.lease);
  session_.context.store.reopen_members(session_.sync.id);
  transaction.commit();
}

void AudienceLife::rename() {
  auto& sync = session_.sync;
  const auto& name = session_.rules.audience_name;
  const bool renamed = !sync.audience_ref.empty() && sync.audience_name != name;
  if (!renamed || !session_.context.destination.supports(MUSTER_AUDIENCE_1)) return;
  change(MUSTER_AUDIENCE_RENAME);
  sync.audience_name = name;
  session_.put_sync();
}

void AudienceLife::require() const {
  auto& destination = session_.context.destination;
  if (!destination.supports(MUSTER_READBACK_1)) return;
  if (audience_exists(destination, session_.sync.audience_ref)) return;
  throw AudienceGone{DestinationError(
      Error(ErrorKind::kFailed, "audience.gone", "the list does not exist any more"),
      MUSTER_AUDIENCE_GONE, std::nullopt)};
}

//! Whom a list held before it was taken over nobody can tell from those of a lost state.
void AudienceLife::tell_adoption() const {
  const auto& verified = session_.tally.figures().verified;
  if (verified && verified->strangers == 0) {
    return tell(fmt::format("the list '{}' existed and was taken over; it holds nobody else",
                            session_.rules.audience_name));
  }
  const auto others = verified ? fmt::format("{} of its records are", verified->strangers)
                               : std::string("whoever in it is");
  const auto* what_then = session_.rules.strangers == Strangers::kRemove
                              ? "stay in it in this run; the next one takes them out, as "
                                "remove_strangers: true says"
                              : "stay in it (remove_strangers: true takes them out)";
  tell(
      fmt::format("the list '{}' existed and was taken over; {} of nobody in the cohort, can't be "
                  "told to be this sync's, and {}",
                  session_.rules.audience_name, others, what_then));
}

}  // namespace muster
