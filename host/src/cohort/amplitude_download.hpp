// The newest download that was asked for of a cohort, remembered from one run to the next: it costs
// one of the month's, and its file stays for seven days (amplitude/api.md §1.5). One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cohort/amplitude_api.hpp"
#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"

namespace muster {

//! The user properties to ask for, so that the file has `columns`: sorted.
std::vector<std::string> properties_to_ask(const AmplitudeOptions& options, const Columns& columns);

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
  //! `project` names the project without telling its key; `properties` are asked for. Borrows the
  //! environment.
  RememberedDownload(const SourceEnvironment& environment, const std::string& project,
                     const std::string& cohort, const std::vector<std::string>& properties);

  //! What can still be had, and is new enough for this reading: whatever nobody has read yet; what
  //! was read, where it was asked for at `SourceEnvironment::again_since` or later.
  std::optional<AmplitudeDownload> get() const;
  void put(const AmplitudeDownload& download);
  //! Of another one, which was asked for meanwhile, nothing changes.
  void mark_read(const std::string& id);
  void forget(const std::string& id);

  //! A request was sent that counts, whatever came of it.
  void note_spent();
  //! When one was, last.
  std::optional<Instant> spent() const;

  //! A download that never ended was given up. How many were, one after the other.
  int note_given_up();
  void note_computed();

  //! Amplitude refused the cohort for being archived: it would again.
  void note_archived();
  bool was_refused_as_archived() const;

 private:
  const SourceEnvironment& environment_;
  std::string key_;
  std::string archived_key_;
};

}  // namespace muster
