#include "cohort/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "cohort/encoding.hpp"

namespace muster {
namespace {

constexpr std::size_t kFirstBuffer = std::size_t{1} << 20U;
// A longer row is a missing quote, not a row.
constexpr std::size_t kLongestRow = std::size_t{64} << 20U;

const char* find(const char* begin, const char* end, char wanted) noexcept {
  return begin == end ? nullptr
                      : static_cast<const char*>(
                            std::memchr(begin, wanted, static_cast<std::size_t>(end - begin)));
}

char most_frequent_delimiter(std::string_view header) {
  constexpr std::array<char, 3> kCandidates{',', ';', '\t'};
  std::array<std::size_t, 3> counts{};
  bool inside = false;
  for (const char c : header) {
    if (c == '"') inside = !inside;
    for (std::size_t i = 0; i < kCandidates.size() && !inside; ++i) {
      if (c == kCandidates[i]) ++counts[i];
    }
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return kCandidates[static_cast<std::size_t>(most - counts.begin())];
}

}  // namespace

CsvReader::CsvReader(std::unique_ptr<ByteStream> stream, std::string name,
                     std::optional<char> delimiter)
    : stream_(std::move(stream)),
      name_(std::move(name)),
      delimiter_(delimiter),
      buffer_(kFirstBuffer) {}

std::string CsvReader::where(std::uint64_t line, std::uint64_t column) const {
  return fmt::format("{}:{}:{}", name_, line, column);
}

//! More bytes behind what is there; false at the end of the stream.
bool CsvReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (buffer_.size() >= kLongestRow) {
      throw Error(ErrorKind::kFailed, "csv.row_too_long",
                  fmt::format("a row of more than {} MiB", kLongestRow >> 20U))
          .at(where(next_line_, 1))
          .with_hint(
              "a quote is probably missing, or line breaks are a carriage return alone; nothing "
              "was sent");
    }
    buffer_.resize(buffer_.size() * 2);
  }
  const auto count = stream_->read(buffer_.data() + end_, buffer_.size() - end_);
  end_ += count;
  at_end_ = count == 0;
  return count > 0;
}

//! What the first bytes say of the encoding.
void CsvReader::check_beginning() {
  began_ = true;
  while (end_ - begin_ < 4 && fill()) {
  }
  const std::string_view head(buffer_.data() + begin_, std::min<std::size_t>(end_ - begin_, 4));
  if (is_utf16(head)) throw utf16_error(where(1, 1));
  begin_ += byte_order_mark(head);
}

bool CsvReader::next(std::vector<std::string_view>& cells) {
  if (!began_) check_beginning();
  std::string_view row;
  bool quoted = false;
  do {
    if (!find_row(row, quoted)) return false;
  } while (row.empty());
  check_utf8(row);
  if (!quoted) check_line_breaks(row);
  is_first_row_ = false;
  if (!delimiter_) delimiter_ = most_frequent_delimiter(row);
  cells.clear();
  if (quoted) {
    split_quoted(row, cells);
  } else {
    split_plain(row, cells);
  }
  return true;
}

//! Consumes one row, up to the line break that no quotes enclose.
bool CsvReader::find_row(std::string_view& row, bool& quoted) {
  quoted = false;
  row_line_ = next_line_;
  std::size_t scanned = 0;  // of the row, known to hold no end
  bool inside = false;
  std::uint64_t breaks_inside = 0;
  for (;;) {
    const char* const begin = buffer_.data() + begin_;
    const char* const end = buffer_.data() + end_;
    const char* at = begin + scanned;
    while (at < end) {
      const char* const newline = find(at, end, '\n');
      const char* const stop = newline == nullptr ? end : newline;
      // Quotes up to the line break: an odd number changes whether we are inside.
      for (const char* quote = find(at, stop, '"'); quote != nullptr;
           quote = find(quote + 1, stop, '"')) {
        quoted = true;
        inside = !inside;
      }
      if (newline != nullptr && !inside) {
        next_line_ = row_line_ + breaks_inside + 1;
        const char* last = newline;
        if (last > begin && last[-1] == '\r') --last;
        row = {begin, static_cast<std::size_t>(last - begin)};
        begin_ = static_cast<std::size_t>(newline + 1 - buffer_.data());
        return true;
      }
      if (newline != nullptr) ++breaks_inside;
      at = newline == nullptr ? end : newline + 1;
    }
    scanned = end_ - begin_;
    if (fill()) continue;
    if (scanned == 0) return false;
    row = {buffer_.data() + begin_, scanned};
    if (inside) refuse_open_row(row);
    ended_without_break_ = row.back() != '\r';
    if (row.back() == '\r') row.remove_suffix(1);
    next_line_ = row_line_ + breaks_inside + 1;
    begin_ = end_;
    return true;
  }
}

//! A row that the file's end leaves within quotes. The quote at fault is the first that can't stand
//! where it stands; only the cells tell.
void CsvReader::refuse_open_row(std::string_view row) {
  std::vector<std::string_view> cells;
  if (!delimiter_) delimiter_ = most_frequent_delimiter(row);
  split_quoted(row, cells);
  throw error_in_row("csv.open_quote", "a quote is opened and never closed",
                     "close it, or double a quote that is part of the text", row, row.rfind('"'));
}

void CsvReader::split_plain(std::string_view row, std::vector<std::string_view>& cells) const {
  const char* at = row.data();
  const char* const end = row.data() + row.size();
  for (;;) {
    const char* const delimiter = find(at, end, *delimiter_);
    const char* const stop = delimiter == nullptr ? end : delimiter;
    cells.emplace_back(at, static_cast<std::size_t>(stop - at));
    if (delimiter == nullptr) return;
    at = delimiter + 1;
  }
}

void CsvReader::split_quoted(std::string_view row, std::vector<std::string_view>& cells) {
  unescaped_.clear();
  unescaped_.reserve(row.size());
  std::size_t at = 0;
  for (;;) {
    if (at < row.size() && row[at] == '"') {
      cells.push_back(quoted_cell(row, at));
    } else {
      const auto stop = std::min(row.find(*delimiter_, at), row.size());
      const auto cell = row.substr(at, stop - at);
      if (const auto quote = cell.find('"'); quote != std::string_view::npos) {
        throw error_in_row("csv.quote_in_text", "a quote in a cell that does not begin with one",
                           "put the whole cell in quotes and double those within", row, at + quote);
      }
      if (const auto alone = cell.find('\r'); alone != std::string_view::npos) {
        throw lone_carriage_return(row, at + alone);
      }
      cells.push_back(cell);
      at = stop;
    }
    if (at == row.size()) return;
    ++at;  // the delimiter
  }
}

//! The cell that begins with the quote at `at`; leaves `at` at the delimiter or the row's end.
std::string_view CsvReader::quoted_cell(std::string_view row, std::size_t& at) {
  const auto begin = ++at;
  const auto copied_from = unescaped_.size();
  bool escaped = false;
  for (;;) {
    const auto quote = row.find('"', at);
    // find_row saw an even number of quotes, but an odd one may follow a cell that went wrong.
    if (quote == std::string_view::npos) {
      throw error_in_row("csv.open_quote", "a quote is opened and never closed",
                         "close it, or double a quote that is part of the text", row, begin - 1);
    }
    const bool doubled = quote + 1 < row.size() && row[quote + 1] == '"';
    if (doubled) {
      unescaped_.append(row.substr(at, quote + 1 - at));
      escaped = true;
      at = quote + 2;
      continue;
    }
    const auto after = quote + 1;
    if (after < row.size() && row[after] != *delimiter_) {
      throw error_in_row("csv.text_after_quote", "text after a closing quote",
                         "double a quote that is part of the text", row, after);
    }
    if (escaped) unescaped_.append(row.substr(at, quote - at));
    at = after;
    return escaped ? std::string_view(unescaped_).substr(copied_from)
                   : row.substr(begin, quote - begin);
  }
}

//! Line breaks of old Macintosh programs would make the whole file a header, or two people one.
void CsvReader::check_line_breaks(std::string_view row) const {
  const auto alone = row.find('\r');
  if (alone != std::string_view::npos) throw lone_carriage_return(row, alone);
}

Error CsvReader::lone_carriage_return(std::string_view row, std::size_t at) const {
  if (is_first_row_) {
    return error_in_row("csv.lone_carriage_return", "lines end with a carriage return alone",
                        "convert it: tr '\\r' '\\n' < IN > OUT", row, at);
  }
  return error_in_row(
      "csv.lone_carriage_return",
      "a carriage return that neither ends the line nor stands in quotes",
      "it may be a line break of another program's: end all lines alike, or put the "
      "cell in quotes",
      row, at);
}

void CsvReader::check_utf8(std::string_view row) const {
  const auto invalid = find_invalid_utf8(row);
  if (invalid == std::string_view::npos) return;
  throw not_utf8_error(where_in_row(row, invalid));
}

std::string CsvReader::where_in_row(std::string_view row, std::size_t offset) const {
  const auto before = row.substr(0, offset);
  const auto breaks = std::count(before.begin(), before.end(), '\n');
  const auto line_begin = before.rfind('\n');
  const auto column = line_begin == std::string_view::npos ? offset + 1 : offset - line_begin;
  return where(row_line_ + static_cast<std::uint64_t>(breaks), column);
}

Error CsvReader::error_in_row(const char* code, std::string message, std::string hint,
                              std::string_view row, std::size_t offset) const {
  return Error(ErrorKind::kFailed, code, std::move(message))
      .at(where_in_row(row, offset))
      .with_hint(std::move(hint));
}

}  // namespace muster
