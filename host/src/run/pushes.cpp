#include "run/pushes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace muster {
namespace {

//! How far a sender's clock may be ahead of ours. A later time is none, such as milliseconds taken
//! for seconds: whatever came after it would pass for old.
constexpr Milliseconds kAhead = std::chrono::hours(24);

}  // namespace

bool Pushes::keep(const std::vector<std::string>& syncs, const PushedMessage& message,
                  std::string_view body) {
  const auto now = clock_.now();
  if (message.computed > pushed_time(now + kAhead)) {
    throw Error(ErrorKind::kUsage, "push.malformed", "'computed_time' is still to come")
        .with_hint("it is in Unix seconds");
  }
  InboxMessage kept;
  const auto key = vault_.hasher().key("message", message.cohort_id + '/' + message.message_id);
  for (const auto byte : key.bytes) kept.message_key += fmt::format("{:02x}", byte);
  kept.computed = message.computed;
  kept.sealed = vault_.seal(SealPurpose::kInbox, kept.message_key, body);
  return inbox_.put(syncs, kept, now);
}

PushedChanges Pushes::since_whole(const std::string& sync) {
  return changes_of(inbox_.computed_after(sync, since(sync)));
}

PushedChanges Pushes::to_apply(const std::string& sync) {
  return changes_of(inbox_.to_apply(sync, since(sync)));
}

//! A message of which it is not known any more whether it was applied does nothing.
std::int64_t Pushes::since(const std::string& sync) {
  return std::max(inbox_.settled(sync), pushed_time(clock_.now() - Inbox::kKept));
}

PushedChanges Pushes::changes_of(const std::vector<InboxMessage>& messages) const {
  PushedChanges changes;
  try {
    for (const auto& message : messages) {
      const auto body = vault_.unseal(SealPurpose::kInbox, message.message_key, message.sealed);
      changes.add(parse_pushed_message(body), message.waits);
    }
  } catch (Error& error) {
    if (error.where().empty()) error.at(inbox_.file().string());
    throw;
  }
  return changes;
}

}  // namespace muster
