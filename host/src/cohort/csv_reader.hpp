// CSV by RFC 4180, row by row, at the speed of memchr: quotes, line breaks within quotes, CRLF, a
// byte order mark. Bytes that are not UTF-8 and broken quoting are errors with line and column.
// One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "cohort/byte_stream.hpp"

namespace muster {

class CsvReader {
 public:
  //! `name` is what errors call the file. Without a delimiter, the header decides: the most
  //! frequent of comma, semicolon and tab.
  CsvReader(std::unique_ptr<ByteStream> stream, std::string name, std::optional<char> delimiter);

  //! The next row that is not blank, as views that live until the next call; false at the end.
  //! Throws Error.
  bool next(std::vector<std::string_view>& cells);
  //! What the rows from the next one on have between cells.
  void use_delimiter(char delimiter) { delimiter_ = delimiter; }
  //! The 1-based line on which the row that was read last begins.
  std::uint64_t line() const noexcept { return row_line_; }
  //! Whether the row that was read last is the file's last and has no line break behind it.
  bool ended_without_break() const noexcept { return ended_without_break_; }
  Source::Progress progress() const { return stream_->progress(); }
  //! "name:line:column", columns counted in bytes from 1.
  std::string where(std::uint64_t line, std::uint64_t column) const;
  const std::string& name() const noexcept { return name_; }

 private:
  bool fill();
  void check_beginning();
  bool find_row(std::string_view& row, bool& quoted);
  [[noreturn]] void refuse_open_row(std::string_view row);
  void split_plain(std::string_view row, std::vector<std::string_view>& cells) const;
  void split_quoted(std::string_view row, std::vector<std::string_view>& cells);
  std::string_view quoted_cell(std::string_view row, std::size_t& at);
  void check_line_breaks(std::string_view row) const;
  Error lone_carriage_return(std::string_view row, std::size_t at) const;
  void check_utf8(std::string_view row) const;
  std::string where_in_row(std::string_view row, std::size_t offset) const;
  Error error_in_row(const char* code, std::string message, std::string hint, std::string_view row,
                     std::size_t offset) const;

  std::unique_ptr<ByteStream> stream_;
  std::string name_;
  std::optional<char> delimiter_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  //!< of what is not yet consumed
  std::size_t end_ = 0;    //!< of what is in the buffer
  bool at_end_ = false;
  bool began_ = false;
  bool is_first_row_ = true;
  bool ended_without_break_ = false;
  std::uint64_t next_line_ = 1;
  std::uint64_t row_line_ = 0;
  //! Unescaped cells of the row in hand; reserved so that views stay valid.
  std::string unescaped_;
};

}  // namespace muster
