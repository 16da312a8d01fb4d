// Changes that were pushed to us and wait to be applied: a SQLite file of its own beside the state,
// so that whoever receives them waits for no run. What `put` took is on the disk when it returns.
// One Inbox is used by one thread; several may have the same file open. Throws Error: full disk,
// locked, corrupt, from a newer version; the file is then as it was before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "state/store.hpp"

namespace muster {

//! What of the inbox is a sync's: the messages about the cohort that it takes now. Those about one
//! that it took before a change of its configuration are not.
struct Subscription {
  std::string sync;
  std::string cohort_key;  //!< as InboxMessage has it

  bool operator==(const Subscription&) const = default;
};

//! A message for one sync.
struct InboxMessage {
  std::int64_t id = 0;        //!< in the order of arrival
  std::string cohort_key;     //!< what tells its cohort from others; no id of it
  std::string message_key;    //!< what tells a repeated one; no identifier
  std::int64_t computed = 0;  //!< Unix seconds: when its source computed it
  std::string sealed;         //!< its content, sealed by whoever put it
  bool waits = true;          //!< not applied yet
};

class Inbox {
 public:
  //! How long a message that was applied is known as such. One that waits does so for ever.
  static constexpr Milliseconds kKept = std::chrono::days(30);

  //! kReadWrite: makes the file (0600) when there is none. kReadOnly: throws when there is none.
  Inbox(const std::filesystem::path& file, StoreAccess access);
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  const std::filesystem::path& file() const noexcept;

  //! Durable on return, for all of `syncs` or for none. False when each of them was given the
  //! message before; nothing is changed then.
  bool put(const std::vector<std::string>& syncs, const InboxMessage& message, Instant now);

  //! The last message that is not applied yet; nothing when there is none.
  std::optional<std::int64_t> last_waiting(const Subscription& to);
  //! The messages computed after `computed`, in the order of arrival: what a reading of the whole
  //! cohort at that time lacks. All that wait, and of those that were applied the ones computed at
  //! `applied_since` or later.
  std::vector<InboxMessage> computed_after(const Subscription& to, std::int64_t computed,
                                           std::int64_t applied_since = 0);
  //! Those computed after `computed` that wait, and those that are at least as new as one that
  //! waits and may overrule it.
  std::vector<InboxMessage> to_apply(const Subscription& to, std::int64_t computed);

  //! The messages up to `id` are applied.
  void mark_applied(const Subscription& to, std::int64_t id);
  //! When the cohort that the last whole run read was computed; messages as old or older are part
  //! of it. -1: there was none of this cohort, or nobody knows.
  std::int64_t settled(const Subscription& to);
  //! A run over the whole cohort, as it was at `computed` (-1: not known), took in all messages up
  //! to `id`: the content of those that are part of it is forgotten, that of the others kept.
  void settle(const Subscription& to, std::int64_t computed, std::int64_t id, Instant now);
  //! Forgets what came longer ago than kKept: what was applied, unless an older one waits that it
  //! overrules, and what nobody waits for, since it is for none of `wanted`.
  void forget_old(const std::vector<Subscription>& wanted, Instant now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster
