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
  //! Borrows all.
  Pushes(Inbox& inbox, const Vault& vault, const Clock& clock)
      : inbox_(inbox), vault_(vault), clock_(clock) {}

  //! Keeps a message for `syncs`; durable on return. False when it was kept before. Throws Error:
  //! "push.malformed" for a time that is still to come, and what the inbox throws.
  bool keep(const std::vector<std::string>& syncs, const PushedMessage& message,
            std::string_view body);

  //! What the whole cohort, as it was last read, lacks: applied or not.
  PushedChanges since_whole(const std::string& sync);
  //! What waits, and what overrules some of it.
  PushedChanges to_apply(const std::string& sync);

 private:
  std::int64_t since(const std::string& sync);
  PushedChanges changes_of(const std::vector<InboxMessage>& messages) const;

  Inbox& inbox_;
  const Vault& vault_;
  const Clock& clock_;
};

}  // namespace muster
