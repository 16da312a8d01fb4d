// The newest download that was asked for of a cohort, remembered from one run to the next: it costs
// one of the month's, and its file stays for seven days (amplitude/api.md §1.5). One thread.
#pragma once

#include <optional>
#include <string>

#include "cohort/source_environment.hpp"

namespace muster {

struct AmplitudeDownload {
  std::string id;
  Instant asked{};
  //! The cohort is not older than this; nothing where Amplitude did not tell.
  std::optional<Instant> as_of;
  bool archived = false;  //!< the cohort was, when it was asked for
  bool was_read = false;  //!< to its end, by somebody
};

class RememberedDownload {
 public:
  //! `key` tells the project, the cohort and what is asked of it. Borrows the environment.
  RememberedDownload(const SourceEnvironment& environment, std::string key)
      : environment_(environment), key_(std::move(key)) {}

  //! What can still be had, and is new enough for this reading: whatever nobody has read yet; what
  //! was read, where it was asked for at `SourceEnvironment::again_since` or later.
  std::optional<AmplitudeDownload> get() const;
  void put(const AmplitudeDownload& download);
  //! Of another one, which was asked for meanwhile, nothing changes.
  void mark_read(const std::string& id);
  void forget(const std::string& id);

 private:
  const SourceEnvironment& environment_;
  std::string key_;
};

}  // namespace muster
