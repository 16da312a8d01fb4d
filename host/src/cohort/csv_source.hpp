// A cohort in CSV files: one path, a glob, or standard input.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "cohort/csv_table.hpp"
#include "cohort/file_set.hpp"
#include "cohort/source.hpp"
#include "cohort/source_environment.hpp"

namespace muster {

struct CsvOptions {
  std::filesystem::path pattern;  //!< "-": standard input
  std::string shown_as;           //!< what errors call it: the path as configured
  CsvForm form;
};

class CsvSource final : public Source {
 public:
  explicit CsvSource(CsvOptions options, Waiting waiting = {});
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override;
  std::vector<SourceNotice> notices() const override;
  std::optional<Instant> as_of() const override { return as_of_; }
  void set_heartbeat(std::function<void()> beat) override { waiting_.heartbeat = std::move(beat); }

 private:
  void open_file(std::size_t index);

  CsvOptions options_;
  Waiting waiting_;
  Columns columns_;
  FileSet files_;
  std::optional<Instant> as_of_;
  std::size_t file_ = 0;
  std::uint64_t bytes_before_ = 0;  //!< of the files read to their end
  std::optional<CsvTable> table_;
  SourceNotice ragged_{"ragged_rows", 0, {}};
};

}  // namespace muster
