#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace muster {
namespace {

//! Levenshtein's distance.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view wrong, const std::vector<std::string>& names) {
  constexpr std::size_t kLongestName = 100;
  if (wrong.size() > kLongestName) return {};
  std::string best;
  std::size_t fewest = std::max<std::size_t>(2, wrong.size() / 3) + 1;
  for (const auto& name : names) {
    const auto distance = edits(wrong, name);
    if (distance >= fewest) continue;
    fewest = distance;
    best = name;
  }
  return best;
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& names) {
  if (const auto name = nearest(wrong, names); !name.empty()) return "did you mean '" + name + "'?";
  if (names.empty()) return {};
  std::string all = "known: ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) all += ", ";
    all += names[i];
  }
  return all;
}

}  // namespace muster
