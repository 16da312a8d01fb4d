// One CSV text as members: its header, its rows, what was odd in them. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cohort/csv_reader.hpp"
#include "cohort/header.hpp"
#include "cohort/source.hpp"

namespace muster {

//! How a CSV text is to be read.
struct CsvForm {
  std::optional<char> delimiter;         //!< nothing: the header decides
  std::optional<std::string> id_column;  //!< nothing: user id, Amplitude id or id
  enum class RaggedRows { kCount, kRefuse } ragged_rows = RaggedRows::kCount;
  //! kAuto: a single column whose first cell is an identifier itself has no header.
  enum class Header { kAuto, kPresent, kAbsent } header = Header::kAuto;
  //! A prefix that the file may put before the names of columns, such as Amplitude's "gp:".
  std::string column_prefix = {};
};

class CsvTable {
 public:
  //! Reads the header; throws Error when there is none (kEmptySource), or a column is missing.
  //! Borrows `form` and `ragged`, which counts rows with too few or too many cells.
  CsvTable(std::unique_ptr<ByteStream> stream, std::string name, const CsvForm& form,
           const Columns& columns, SourceNotice& ragged);
  //! The next member; nothing at the end of the whole text.
  std::optional<Member> next();
  Source::Progress progress() const { return reader_.progress(); }

 private:
  void read_header(const Columns& columns);
  void skip_separator_line();
  std::string_view cell(std::size_t place) const;
  void check_width();

  CsvReader reader_;
  const CsvForm& form_;
  SourceNotice& ragged_;
  ColumnPlaces places_;
  std::size_t width_ = 0;
  bool row_waits_ = false;  //!< the first row was no header
  std::vector<std::string_view> cells_;
};

}  // namespace muster
