#include "cohort/csv_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace muster {
namespace {

//! Whether a cell is an identifier rather than the name of a column.
bool looks_like_identifier(std::string_view cell) {
  const bool number = !cell.empty() && std::all_of(cell.begin(), cell.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  return number || cell.find('@') != std::string_view::npos;
}

//! Names without the prefix, unless the bare name is there too.
void strip_prefix(std::vector<std::string>& header, const std::string& prefix) {
  if (prefix.empty()) return;
  for (auto& name : header) {
    if (!name.starts_with(prefix)) continue;
    auto bare = name.substr(prefix.size());
    if (std::find(header.begin(), header.end(), bare) == header.end()) name = std::move(bare);
  }
}

}  // namespace

CsvTable::CsvTable(std::unique_ptr<ByteStream> stream, std::string name, const CsvForm& form,
                   const Columns& columns, SourceNotice& ragged)
    : reader_(std::move(stream), std::move(name), form.delimiter), form_(form), ragged_(ragged) {
  read_header(columns);
}

void CsvTable::read_header(const Columns& columns) {
  if (!reader_.next(cells_)) {
    throw Error(ErrorKind::kFailed, std::string(kEmptySource),
                "the file is empty: it has no header")
        .at(reader_.where(1, 1))
        .with_hint("the first line must name the columns");
  }
  skip_separator_line();
  width_ = cells_.size();
  const auto where = reader_.where(reader_.line(), 1);
  const bool headerless =
      form_.header == CsvForm::Header::kAbsent ||
      (form_.header == CsvForm::Header::kAuto && width_ == 1 && looks_like_identifier(cells_[0]));
  if (headerless) {
    if (form_.id_column) {
      throw Error(
          ErrorKind::kFailed, "source.no_header",
          fmt::format("the file has no header, hence no column '{}' of ids", *form_.id_column))
          .at(where)
          .with_hint("add a first line that names the columns");
    }
    if (width_ != 1 || !columns.properties.empty()) {
      throw Error(ErrorKind::kFailed, "source.no_header",
                  "a file without a header can have one column only, the identifier")
          .at(where)
          .with_hint("add a first line that names the columns");
    }
    row_waits_ = true;
    return;
  }
  std::vector<std::string> header(cells_.begin(), cells_.end());
  strip_prefix(header, form_.column_prefix);
  const bool always = form_.header == CsvForm::Header::kPresent;
  places_ = find_columns(header, columns, form_.id_column, where,
                         always ? NamesFrom::kExport : NamesFrom::kFile);
}

//! Excel's own first line, such as "sep=;", tells what stands between cells: no column is called
//! so. What muster.yaml says counts more.
void CsvTable::skip_separator_line() {
  constexpr std::string_view kName = "sep=";
  const auto first = cells_[0];
  if (first.size() > kName.size() + 1 ||
      !equal_but_for_case(first.substr(0, kName.size()), kName)) {
    return;
  }
  // Where it is the reader's own delimiter, it stands between empty cells.
  const bool is_split = first.size() == kName.size() && cells_.size() > 1;
  const bool rest_is_empty =
      std::all_of(cells_.begin() + 1, cells_.end(), [](auto cell) { return cell.empty(); });
  if (!rest_is_empty || (first.size() == kName.size() && !is_split)) return;
  const auto where = reader_.where(reader_.line(), 1);
  if (!is_split && !form_.delimiter) {
    const char said = first.back();
    if (said != ',' && said != ';' && said != '\t') {
      throw Error(ErrorKind::kFailed, "csv.separator",
                  fmt::format("the first line says that '{}' stands between cells, which muster "
                              "does not read",
                              one_line(std::string_view(&said, 1))))
          .at(where)
          .with_hint("write the file with ',', ';' or a tab between cells");
    }
    reader_.use_delimiter(said);
  }
  if (reader_.next(cells_)) return;
  throw Error(ErrorKind::kFailed, "source.no_header",
              "the file ends behind its first line, which says what stands between cells")
      .at(where)
      .with_hint("the second line must name the columns");
}

std::string_view CsvTable::cell(std::size_t place) const {
  return place < cells_.size() ? cells_[place] : std::string_view{};
}

std::optional<Member> CsvTable::next() {
  if (!row_waits_ && !reader_.next(cells_)) return std::nullopt;
  row_waits_ = false;
  check_width();
  Member member;
  member.line = reader_.line();
  member.identifier = cell(places_.identifier);
  if (places_.source_id) member.source_id = cell(*places_.source_id);
  for (const auto place : places_.properties) member.properties.push_back(cell(place));
  return member;
}

void CsvTable::check_width() {
  if (cells_.size() == width_) return;
  const auto where = reader_.where(reader_.line(), 1);
  if (cells_.size() < width_ && reader_.ended_without_break()) {
    // What a copy or a program that broke off leaves behind: people behind it are missing.
    throw Error(ErrorKind::kFailed, "source.truncated",
                "the file ends within a row: its last row has too few cells and no line break")
        .at(where)
        .with_hint("copy or write it again; if it is whole, end the row with a line break");
  }
  if (form_.ragged_rows == CsvForm::RaggedRows::kRefuse) {
    throw Error(ErrorKind::kFailed, "source.ragged_row",
                fmt::format("a row with {} cells; the header has {}", cells_.size(), width_))
        .at(where)
        .with_hint("correct the row, or leave out 'strict: true' to count such rows");
  }
  ragged_.add(where);
}

}  // namespace muster
