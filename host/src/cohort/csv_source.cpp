#include "cohort/csv_source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace muster {
namespace {

//! Whether a cell is an identifier rather than the name of a column.
bool looks_like_identifier(std::string_view cell) {
  const bool number = !cell.empty() && std::all_of(cell.begin(), cell.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  return number || cell.find('@') != std::string_view::npos;
}

}  // namespace

CsvSource::CsvSource(CsvOptions options, Waiting waiting)
    : options_(std::move(options)), waiting_(std::move(waiting)) {}

void CsvSource::open(const Columns& columns) {
  columns_ = columns;
  files_ = FileSet(options_.pattern);
  open_file(0);
}

void CsvSource::open_file(std::size_t index) {
  file_ = index;
  const auto& files = files_.files();
  const auto& file = files[index];
  auto name = files.size() == 1 && !options_.shown_as.empty() ? options_.shown_as : file.string();
  if (file == "-") name = "standard input";
  reader_ = std::make_unique<CsvReader>(open_byte_stream(file, waiting_), std::move(name),
                                        options_.delimiter);
  read_header();
}

void CsvSource::read_header() {
  if (!reader_->next(cells_)) {
    throw Error(ErrorKind::kFailed, "source.empty", "the file is empty: it has no header")
        .at(reader_->where(1, 1))
        .with_hint("the first line must name the columns");
  }
  width_ = cells_.size();
  const bool headerless = options_.header == CsvOptions::Header::kAbsent ||
                          (options_.header == CsvOptions::Header::kAuto && width_ == 1 &&
                           looks_like_identifier(cells_[0]));
  if (headerless) {
    if (width_ != 1 || !columns_.properties.empty()) {
      throw Error(ErrorKind::kFailed, "source.no_header",
                  "a file without a header can have one column only, the identifier")
          .at(reader_->where(reader_->line(), 1))
          .with_hint("add a first line that names the columns");
    }
    places_ = {};
    row_waits_ = true;
    return;
  }
  const std::vector<std::string> header(cells_.begin(), cells_.end());
  places_ = find_columns(header, columns_, options_.id_column, reader_->where(reader_->line(), 1));
}

std::string_view CsvSource::cell(std::size_t place) const {
  return place < cells_.size() ? cells_[place] : std::string_view{};
}

std::optional<Member> CsvSource::next() {
  while (!row_waits_ && !reader_->next(cells_)) {
    bytes_before_ += reader_->progress().done;
    if (file_ + 1 == files_.files().size()) {
      files_.check_unchanged();
      return std::nullopt;
    }
    open_file(file_ + 1);
  }
  row_waits_ = false;
  check_width();
  Member member;
  member.line = reader_->line();
  member.identifier = cell(places_.identifier);
  if (places_.source_id) member.source_id = cell(*places_.source_id);
  for (const auto place : places_.properties) member.properties.push_back(cell(place));
  return member;
}

void CsvSource::check_width() {
  if (cells_.size() == width_) return;
  const auto where = reader_->where(reader_->line(), 1);
  if (options_.ragged_rows == CsvOptions::RaggedRows::kRefuse) {
    throw Error(ErrorKind::kFailed, "source.ragged_row",
                fmt::format("a row with {} cells; the header has {}", cells_.size(), width_))
        .at(where)
        .with_hint("correct the row, or leave out 'strict: true' to count such rows");
  }
  if (ragged_.count++ == 0) ragged_.first_at = where;
}

Source::Progress CsvSource::progress() const {
  if (!reader_) return {};
  auto progress = reader_->progress();
  const bool last = file_ + 1 == files_.files().size();
  return {bytes_before_ + progress.done, last ? bytes_before_ + progress.total : 0};
}

std::vector<SourceNotice> CsvSource::notices() const {
  if (ragged_.count == 0) return {};
  return {ragged_};
}

}  // namespace muster
