// What was pushed for syncs: kept sealed in the inbox, read from it as changes. As the inbox, it is
// used by one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cohort/pushed_source.hpp"
#include "state/inbox.hpp"
#include "vault/vault.hpp"

namespace muster {

class Pushes {
 public:
  //! Borrows all, for its own life.
  Pushes(Inbox& inbox, const Vault& vault, const Clock& clock)
      : inbox_(inbox), vault_(vault), clock_(clock) {}

  //! Keeps a message for `syncs`; durable on return. False when it was kept before. Throws Error:
  //! "push.malformed" for a time that is still to come, and what the inbox throws.
  bool keep(const std::vector<std::string>& syncs, const PushedMessage& message,
            std::string_view body);

  //! What of the inbox is for `sync` while it takes the cohort of that id.
  Subscription subscription(const std::string& sync, const std::string& cohort_id) const;
  //! What the whole cohort, as it was last read, lacks: applied or not.
  PushedChanges since_whole(const Subscription& to);
  //! What waits, and what overrules some of it.
  PushedChanges to_apply(const Subscription& to);

 private:
  std::string key(const char* kind, const std::string& text) const;
  PushedChanges changes_of(const std::vector<InboxMessage>& messages) const;

  Inbox& inbox_;
  const Vault& vault_;
  const Clock& clock_;
};

}  // namespace muster
