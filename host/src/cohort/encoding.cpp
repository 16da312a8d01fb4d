#include "cohort/encoding.hpp"

#include <utility>

namespace muster {

bool is_utf16(std::string_view head) noexcept {
  return head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF") ||
         head.find('\0') != std::string_view::npos;
}

std::size_t byte_order_mark(std::string_view head) noexcept {
  return head.starts_with("\xEF\xBB\xBF") ? 3 : 0;
}

Error utf16_error(std::string where) {
  return Error(ErrorKind::kFailed, "csv.utf16", "the file is UTF-16, not UTF-8")
      .at(std::move(where))
      .with_hint("convert it: iconv -f UTF-16 -t UTF-8 IN > OUT");
}

Error not_utf8_error(std::string where) {
  return Error(ErrorKind::kFailed, "csv.not_utf8", "a byte that is not UTF-8")
      .at(std::move(where))
      .with_hint(
          "the file may be Latin-1 or Windows-1252; convert it: iconv -f WINDOWS-1252 -t UTF-8 IN "
          "> OUT");
}

}  // namespace muster
