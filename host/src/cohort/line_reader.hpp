// A text file line by line, at the speed of memchr. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "cohort/byte_stream.hpp"

namespace muster {

class LineReader {
 public:
  //! `name` is what errors call the file.
  LineReader(std::unique_ptr<ByteStream> stream, std::string name);

  //! The next line without its line break, a view that lives until the next call; false at the end.
  //! Throws Error: not UTF-8, UTF-16, longer than any line could be, and what the stream throws.
  bool next(std::string_view& line);
  //! The 1-based number of the line that was read last.
  std::uint64_t line() const noexcept { return line_; }
  Source::Progress progress() const { return stream_->progress(); }
  //! "name:line:column" of the line read last, the column counted in bytes from 1.
  std::string where(std::uint64_t column) const;

 private:
  bool fill();
  void check_beginning();

  std::unique_ptr<ByteStream> stream_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  //!< of what is not yet consumed
  std::size_t end_ = 0;    //!< of what is in the buffer
  bool at_end_ = false;
  std::uint64_t line_ = 0;
};

}  // namespace muster
