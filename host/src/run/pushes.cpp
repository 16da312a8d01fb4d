#include "run/pushes.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace muster {
namespace {

//! A later time than that is none, such as milliseconds taken for seconds.
constexpr Milliseconds kMostAhead = std::chrono::hours(24);
//! How far a sender's clock is believed to be ahead of ours: whatever comes after a later time
//! would pass for old.
constexpr Milliseconds kAhead = std::chrono::hours(1);

}  // namespace

bool Pushes::keep(const std::vector<std::string>& syncs, const PushedMessage& message,
                  std::string_view body) {
  const auto now = clock_.now();
  if (message.computed > pushed_time(now + kMostAhead)) {
    throw Error(ErrorKind::kUsage, "push.malformed", "'computed_time' is still to come")
        .with_hint("it is in Unix seconds");
  }
  InboxMessage kept;
  kept.cohort_key = key("cohort", message.cohort_id);
  kept.message_key = key("message", message.cohort_id + '/' + message.message_id);
  kept.computed = std::min(message.computed, pushed_time(now + kAhead));
  kept.sealed = vault_.seal(SealPurpose::kInbox, kept.message_key, body);
  return inbox_.put(syncs, kept, now);
}

std::string Pushes::key(const char* kind, const std::string& text) const {
  std::string shown;
  for (const auto byte : vault_.hasher().key(kind, text).bytes)
    shown += fmt::format("{:02x}", byte);
  return shown;
}

Subscription Pushes::subscription(const std::string& sync, const std::string& cohort_id) const {
  return {sync, key("cohort", cohort_id)};
}

PushedChanges Pushes::since_whole(const Subscription& to) {
  return changes_of(
      inbox_.computed_after(to, inbox_.settled(to), pushed_time(clock_.now() - Inbox::kKept)));
}

PushedChanges Pushes::to_apply(const Subscription& to) {
  return changes_of(inbox_.to_apply(to, inbox_.settled(to)));
}

PushedChanges Pushes::changes_of(const std::vector<InboxMessage>& messages) const {
  PushedChanges changes;
  try {
    for (const auto& message : messages) {
      const auto body = vault_.unseal(SealPurpose::kInbox, message.message_key, message.sealed);
      auto parsed = parse_pushed_message(body);
      parsed.computed = message.computed;
      changes.add(std::move(parsed), message.waits);
    }
  } catch (Error& error) {
    if (error.where().empty()) error.at(inbox_.file().string());
    throw;
  }
  return changes;
}

}  // namespace muster
