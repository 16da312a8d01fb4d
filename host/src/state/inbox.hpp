// Changes that were pushed to us and wait to be applied: a SQLite file of its own beside the state,
// so that whoever receives them waits for no run. What `put` took is on the disk when it returns.
// One Inbox is used by one thread; several may have the same file open. Throws Error: full disk,
// locked, corrupt; the file is then as it was before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace muster {

//! A message for one sync.
struct InboxMessage {
  std::int64_t id = 0;        //!< in the order of arrival
  std::string message_key;    //!< what tells a repeated one; no identifier
  std::int64_t computed = 0;  //!< Unix seconds: when its source computed it
  std::string sealed;         //!< its content, sealed by whoever put it
  bool waits = true;          //!< not applied yet
};

class Inbox {
 public:
  //! Makes the file (0600) when there is none.
  explicit Inbox(const std::filesystem::path& file);
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  //! Durable on return, for all of `syncs` or for none. False when the message was taken before,
  //! however long ago within the last 30 days; nothing is changed then.
  bool put(const std::vector<std::string>& syncs, const InboxMessage& message, Instant now);

  //! The last message of a sync that is not applied yet; nothing when there is none.
  std::optional<std::int64_t> last_waiting(std::string_view sync);
  //! All messages computed after `computed`, applied or not, in the order of arrival: what a
  //! reading of the whole cohort at that time lacks.
  std::vector<InboxMessage> computed_after(std::string_view sync, std::int64_t computed);

  //! The messages up to `id` are applied, and `removed` members were taken out by them.
  void mark_applied(std::string_view sync, std::int64_t id, std::uint64_t removed);
  //! When the cohort that the last whole run read was computed; messages as old or older are part
  //! of it. -1: there was none.
  std::int64_t settled(std::string_view sync);
  //! Members taken out by pushed changes since the last whole run.
  std::uint64_t removed_since_whole_run(std::string_view sync);
  //! A run over the whole cohort, as it was at `computed` (-1: not known), took in all messages up
  //! to `id`: those that are part of it are forgotten, the others kept for 30 days.
  void settle(std::string_view sync, std::int64_t computed, std::int64_t id, Instant now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster
