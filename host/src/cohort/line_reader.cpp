#include "cohort/line_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "cohort/encoding.hpp"

namespace muster {
namespace {

constexpr std::size_t kFirstBuffer = std::size_t{1} << 20U;
constexpr std::size_t kLongestLine = std::size_t{64} << 20U;

}  // namespace

LineReader::LineReader(std::unique_ptr<ByteStream> stream, std::string name)
    : stream_(std::move(stream)), name_(std::move(name)), buffer_(kFirstBuffer) {}

std::string LineReader::where(std::uint64_t column) const {
  return fmt::format("{}:{}:{}", name_, std::max<std::uint64_t>(1, line_), column);
}

//! More bytes behind what is there; false at the end of the stream.
bool LineReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (buffer_.size() >= kLongestLine) {
      throw Error(ErrorKind::kFailed, "source.line_too_long",
                  fmt::format("a line of more than {} MiB", kLongestLine >> 20U))
          .at(where(1))
          .with_hint("a line must hold one person; nothing was sent");
    }
    buffer_.resize(buffer_.size() * 2);
  }
  const auto count = stream_->read(buffer_.data() + end_, buffer_.size() - end_);
  end_ += count;
  at_end_ = count == 0;
  return count > 0;
}

void LineReader::check_beginning() {
  while (end_ - begin_ < 4 && fill()) {
  }
  const std::string_view head(buffer_.data() + begin_, std::min<std::size_t>(end_ - begin_, 4));
  if (is_utf16(head)) throw utf16_error(where(1));
  begin_ += byte_order_mark(head);
}

bool LineReader::next(std::string_view& line) {
  if (line_ == 0) check_beginning();
  std::size_t scanned = 0;
  const char* newline = nullptr;
  for (;;) {
    const auto size = end_ - begin_;
    if (size > scanned) {
      newline = static_cast<const char*>(
          std::memchr(buffer_.data() + begin_ + scanned, '\n', size - scanned));
    }
    if (newline != nullptr) break;
    scanned = size;
    if (!fill()) break;
  }
  const char* const begin = buffer_.data() + begin_;
  const char* const end = newline != nullptr ? newline : buffer_.data() + end_;
  if (newline == nullptr && begin == end) return false;
  ++line_;
  line = {begin, static_cast<std::size_t>(end - begin)};
  begin_ = static_cast<std::size_t>(end - buffer_.data()) + (newline != nullptr ? 1 : 0);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto invalid = find_invalid_utf8(line);
  if (invalid != std::string_view::npos) throw not_utf8_error(where(invalid + 1));
  return true;
}

}  // namespace muster
