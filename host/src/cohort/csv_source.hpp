// A cohort in CSV files: one path, a glob, or standard input.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "cohort/csv_reader.hpp"
#include "cohort/file_set.hpp"
#include "cohort/header.hpp"
#include "cohort/source.hpp"

namespace muster {

struct CsvOptions {
  std::filesystem::path pattern;         //!< "-": standard input
  std::string shown_as;                  //!< what errors call it: the path as configured
  std::optional<char> delimiter;         //!< nothing: the header decides
  std::optional<std::string> id_column;  //!< nothing: user id, Amplitude id or id
  enum class RaggedRows { kCount, kRefuse } ragged_rows = RaggedRows::kCount;
  //! kAuto: a single column whose first cell is an identifier itself has no header.
  enum class Header { kAuto, kPresent, kAbsent } header = Header::kAuto;
};

class CsvSource final : public Source {
 public:
  explicit CsvSource(CsvOptions options, Waiting waiting = {});
  void open(const Columns& columns) override;
  std::optional<Member> next() override;
  Progress progress() const override;
  std::vector<SourceNotice> notices() const override;
  void set_heartbeat(std::function<void()> beat) override { waiting_.heartbeat = std::move(beat); }

 private:
  void open_file(std::size_t index);
  void read_header();
  std::string_view cell(std::size_t place) const;
  void check_width();

  CsvOptions options_;
  Waiting waiting_;
  Columns columns_;
  FileSet files_;
  std::size_t file_ = 0;
  std::uint64_t bytes_before_ = 0;  //!< of the files read to their end
  std::unique_ptr<CsvReader> reader_;
  ColumnPlaces places_;
  std::size_t width_ = 0;
  bool row_waits_ = false;  //!< the first row was no header
  std::vector<std::string_view> cells_;
  SourceNotice ragged_{"ragged_rows", 0, {}};
};

}  // namespace muster
