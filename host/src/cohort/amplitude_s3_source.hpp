// A cohort as Amplitude writes it to S3, copied to a directory: each run's files of those who
// enter, leave and are there (amplitude/api.md §6). The newest run is read: everyone of
// `existing` and `entering`, without those of `exiting`. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cohort/csv_table.hpp"
#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"

namespace muster {

struct AmplitudeS3Options {
  std::filesystem::path directory;
  std::string shown_as;  //!< what errors call it: the path as configured
  std::string cohort;    //!< its id; empty: the directory holds one alone
  std::optional<std::string> id_column;
};

//! The files of one run.
struct AmplitudeS3Run {
  std::vector<std::filesystem::path> entering, exiting, existing;
  //! By its name, whose time zone nobody tells and whose minutes are missing, or by the file that
  //! was written longest ago, whichever is earlier.
  Instant time{};
};

//! Persons of a file, to be met again in another one: by the Amplitude id, and by the user id where
//! one of the two rows has no other.
class AmplitudePersons {
 public:
  void add(std::string_view amplitude_id, std::string_view user_id);
  bool contains(std::string_view amplitude_id, std::string_view user_id) const;
  void clear();

 private:
  using Ids = std::unordered_set<std::string>;
  Ids amplitude_ids_;
  Ids user_ids_;
  Ids user_ids_alone_;  //!< of rows without an Amplitude id
};

class AmplitudeS3Source final : public Source {
 public:
  explicit AmplitudeS3Source(AmplitudeS3Options options, Waiting waiting = {});
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override;
  std::vector<SourceNotice> notices() const override;
  std::optional<Instant> as_of() const override { return run_.time; }

 private:
  //! By the time in their names, and the routing key: each sync of Amplitude's has its own, and
  //! writes three files of its own.
  using Runs = std::map<std::pair<std::string, std::string>, AmplitudeS3Run>;
  AmplitudeS3Run newest_run();
  Error other_cohorts(const std::set<std::string>& cohorts) const;
  void note_unread(const std::string& file);
  Runs::const_iterator newest_of(const Runs& runs);
  std::optional<Member> next_row();
  void open_file();
  void read_leavers();

  AmplitudeS3Options options_;
  Waiting waiting_;
  CsvForm form_;
  Columns columns_;  //!< with the Amplitude id and the user id behind the properties
  AmplitudeS3Run run_;
  std::vector<std::filesystem::path> files_;  //!< in the order of reading
  std::size_t file_ = 0;
  std::uint64_t bytes_before_ = 0;
  std::uint64_t rows_ = 0;
  std::optional<CsvTable> table_;
  AmplitudePersons leaving_;
  AmplitudePersons entering_;
  SourceNotice ragged_{"ragged_rows", 0, {}};
  SourceNotice overlap_{"overlapping_rows", 0, {}};
  SourceNotice same_hour_{"runs_of_one_hour", 0, {}};
  SourceNotice unread_{"unread_files", 0, {}};
};

}  // namespace muster
