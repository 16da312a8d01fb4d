#include "base/transport.hpp"

#include "base/text.hpp"

namespace muster {

std::string_view HttpResponse::header(std::string_view name) const noexcept {
  for (const auto& header : headers) {
    if (equal_but_for_case(header.name, name)) return header.value;
  }
  return {};
}

}  // namespace muster
