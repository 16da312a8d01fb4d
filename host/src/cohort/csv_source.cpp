#include "cohort/csv_source.hpp"

#include <utility>

namespace muster {

CsvSource::CsvSource(CsvOptions options, Waiting waiting)
    : options_(std::move(options)), waiting_(std::move(waiting)) {}

void CsvSource::open(const Columns& columns) {
  columns_ = columns;
  files_ = FileSet(options_.pattern);
  as_of_ = files_.written();
  bytes_before_ = 0;
  ragged_.clear();
  open_file(0);
}

void CsvSource::open_file(std::size_t index) {
  file_ = index;
  const auto& files = files_.files();
  const auto& file = files[index];
  auto name = files.size() == 1 && !options_.shown_as.empty() ? options_.shown_as : file.string();
  if (file == "-") name = "standard input";
  try {
    table_.emplace(open_byte_stream(file, waiting_), std::move(name), options_.form, columns_,
                   ragged_);
  } catch (const Error& error) {
    if (error.code() == kEmptySource && files.size() > 1) throw empty_part(file.string());
    throw;
  }
}

std::optional<Member> CsvSource::next() {
  for (;;) {
    if (auto member = table_->next()) return member;
    if (file_ + 1 == files_.files().size()) {
      files_.check_unchanged();
      return std::nullopt;
    }
    bytes_before_ += table_->progress().done;
    open_file(file_ + 1);
  }
}

Source::Progress CsvSource::progress() const {
  if (!table_) return {};
  const auto progress = table_->progress();
  const bool last = file_ + 1 == files_.files().size();
  return {bytes_before_ + progress.done, last ? bytes_before_ + progress.total : 0};
}

std::vector<SourceNotice> CsvSource::notices() const {
  if (ragged_.count == 0) return {};
  return {ragged_};
}

}  // namespace muster
