#include "cli/columns.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/text.hpp"

namespace muster::cli {
namespace {

//! A character, or a colour.
struct Cell {
  std::string_view bytes;
  std::size_t columns = 0;
  bool is_blank() const { return bytes == " "; }
};
using Cells = std::vector<Cell>;
using Place = Cells::const_iterator;

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};
//! Unicode's East Asian wide and fullwidth characters, by blocks (UAX #11).
constexpr std::array kWide{
    Range{0x1100, 0x115F},   Range{0x2E80, 0xA4CF},   Range{0xAC00, 0xD7A3},
    Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},
    Range{0xFFE0, 0xFFE6},   Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1FAFF},
    Range{0x20000, 0x3FFFD},
};
//! Combining marks and what joins characters: no column of their own.
constexpr std::array kNarrowless{Range{0x300, 0x36F}, Range{0x200B, 0x200F}, Range{0xFE00, 0xFE0F}};

template <std::size_t Count>
bool is_in(const std::array<Range, Count>& ranges, std::uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& r) { return code >= r.first && code <= r.last; });
}

std::uint32_t code_point(std::string_view character) {
  if (character.size() < 2) return static_cast<unsigned char>(character.front());
  auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(character.front())) &
              (0x7FU >> character.size());
  for (const char c : character.substr(1)) {
    code = (code << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return code;
}

std::size_t bytes_of_colour(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const auto end = text.find_first_not_of("0123456789", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

Cell first_cell(std::string_view text) {
  if (const auto bytes = bytes_of_colour(text); bytes > 0) return {text.substr(0, bytes), 0};
  const auto character = text.substr(0, std::max<std::size_t>(1, utf8_character(text)));
  const auto code = code_point(character);
  const std::size_t columns = is_in(kNarrowless, code) ? 0 : is_in(kWide, code) ? 2 : 1;
  return {character, columns};
}

Cells cells_of(std::string_view line) {
  Cells cells;
  while (!line.empty()) {
    cells.push_back(first_cell(line));
    line.remove_prefix(cells.back().bytes.size());
  }
  return cells;
}

std::size_t width(Place begin, Place end) {
  return std::accumulate(begin, end, std::size_t{0},
                         [](std::size_t sum, const Cell& cell) { return sum + cell.columns; });
}

std::string text_of(Place begin, Place end) {
  std::string text;
  for (auto cell = begin; cell != end; ++cell) text += cell->bytes;
  return text;
}

Place skip_blanks(Place begin, Place end) {
  return std::find_if(begin, end, [](const Cell& cell) { return !cell.is_blank(); });
}

Place end_of_word(Place begin, Place end) {
  return std::find_if(begin, end, [](const Cell& cell) { return cell.is_blank(); });
}

bool is_to_be_copied(Place begin, Place end) {
  return std::any_of(begin, end, [](const Cell& cell) { return cell.bytes == "/"; });
}

//! Where the value of "  name   value" begins; `end` where there are no two columns.
Place value_of(Place first, Place end) {
  const auto gap = std::adjacent_find(
      first, end, [](const Cell& a, const Cell& b) { return a.is_blank() && b.is_blank(); });
  return skip_blanks(gap, end);
}

//! Lays the words of one line out.
class Layout {
 public:
  Layout(std::string begin, std::size_t column, std::size_t indent)
      : lines_(std::move(begin)), column_(column), indent_(indent) {}

  void add(std::size_t blanks, Place word, Place end) {
    const auto wide = width(word, end);
    if (!is_empty_ && column_ + blanks + wide > kColumns) {
      break_line();
    } else {
      lines_ += std::string(blanks, ' ');
      column_ += blanks;
    }
    if (column_ + wide <= kColumns || is_to_be_copied(word, end)) {
      append(word, end);
    } else {
      append_in_pieces(word, end);
    }
  }
  std::string take() { return std::move(lines_); }

 private:
  void break_line() {
    lines_ += '\n' + std::string(indent_, ' ');
    column_ = indent_;
    is_empty_ = true;
  }
  void append(Place begin, Place end) {
    lines_ += text_of(begin, end);
    column_ += width(begin, end);
    is_empty_ = false;
  }
  void append_in_pieces(Place cell, Place end) {
    for (; cell != end; ++cell) {
      if (column_ + cell->columns > kColumns) break_line();
      append(cell, cell + 1);
    }
  }

  std::string lines_;
  std::size_t column_;
  std::size_t indent_;
  bool is_empty_ = true;  //!< the line, but for its indentation
};

std::string fit_line(std::string_view line, std::size_t hanging) {
  const auto cells = cells_of(line);
  if (width(cells.begin(), cells.end()) <= kColumns) return std::string(line);
  const auto end = cells.end();
  const auto first = std::find_if(cells.begin(), end,
                                  [](const Cell& c) { return !c.is_blank() && c.columns > 0; });
  const auto margin = width(cells.begin(), first);
  const auto value = value_of(first, end);
  const bool has_value = value != end && width(cells.begin(), value) <= kColumns / 2;
  const auto begin = has_value ? value : first;
  const auto column = width(cells.begin(), begin);
  Layout layout(text_of(cells.begin(), begin), column,
                has_value ? column : std::max(margin, margin == 0 ? hanging : 0));
  for (auto at = begin; at != end;) {
    const auto word = skip_blanks(at, end);
    const auto after = end_of_word(word, end);
    if (word != after) layout.add(static_cast<std::size_t>(word - at), word, after);
    at = after;
  }
  return layout.take();
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  const auto cells = cells_of(text);
  return width(cells.begin(), cells.end());
}

std::string first_columns(std::string_view text, std::size_t columns) {
  std::string first;
  for (const auto& cell : cells_of(text)) {
    if (cell.columns > columns) break;
    columns -= cell.columns;
    first += cell.bytes;
  }
  return first;
}

std::string fit(std::string_view text, std::size_t hanging) {
  std::string lines;
  while (true) {
    const auto end = text.find('\n');
    lines += fit_line(text.substr(0, end), hanging);
    if (end == std::string_view::npos) return lines;
    lines += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace muster::cli
