// What a membership answer leaves out was so already, or was not done (hubspot/api.md §4.3 knows
// such silent failures): the records' own lists tell which.
#include <algorithm>
#include <array>
#include <map>

#include "memberships.hpp"

namespace muster::hubspot {
namespace {

// Records whose memberships one call tells, as in every batch.
constexpr std::size_t kSample = 100;
// Reading right after writing may lag; no figure is documented (hubspot/api.md §5).
constexpr std::array<std::int64_t, 3> kSettlingWaitsMs{1'000, 4'000, 10'000};

bool is_member(const json::array& lists, std::string_view list) {
  return std::any_of(lists.begin(), lists.end(),
                     [&](const auto& entry) { return id_at(entry, "listId") == list; });
}

//! What passes is asked again; a refusal, or an answer of another form, may stay.
Written untold_by(const Answer& answer) {
  const bool passes =
      answer.fate == Fate::kRetry || answer.fate == Fate::kInDoubt || answer.fate == Fate::kSkipped;
  return {passes ? Written::State::kInDoubt : Written::State::kUnaccounted, {}, answer.wait_ms};
}

}  // namespace

//! Up to a hundred are all looked at; of more, a hundred that stand for the others, which are
//! looked at when one of those is not as it should be.
void Memberships::confirm(Writing& writing, const Places& places) {
  const auto step = (places.size() + kSample - 1) / kSample;
  Places sample;
  Places others;
  for (std::size_t i = 0; i < places.size(); ++i) {
    (i % step == 0 ? sample : others).push_back(places[i]);
  }
  const auto set = [&](const Places& which, const Written& known) {
    for (const auto place : which) writing.written[place] = known;
  };
  const auto seen = look(writing, sample, kSettlingWaitsMs);
  set(places, {Written::State::kUnchanged, {}, -1});
  set(seen.lost, seen.as);
  if (seen.lost.empty()) return;
  if (!seen.told || seen.lost.size() == sample.size()) return set(others, seen.as);
  in_batches(others, [&](const Places& batch) {
    const auto looked = look(writing, batch, {});
    set(looked.lost, looked.as);
  });
}

//! One whose lists HubSpot refuses to tell keeps nobody else from being confirmed.
Memberships::Seen Memberships::look_at_halves(const Writing& writing, const Places& places,
                                              std::span<const std::int64_t> waits_ms) {
  const auto middle = places.begin() + static_cast<std::ptrdiff_t>(places.size() / 2);
  auto seen = look(writing, Places(places.begin(), middle), waits_ms);
  const auto rest = look(writing, Places(middle, places.end()), waits_ms);
  seen.lost.insert(seen.lost.end(), rest.lost.begin(), rest.lost.end());
  if (rest.told) return seen;
  seen.told = false;
  seen.as = rest.as;
  return seen;
}

//! Whose lists say otherwise, also after the waits. Where HubSpot does not tell, nobody's change is
//! known to have been made.
Memberships::Seen Memberships::look(const Writing& writing, const Places& places,
                                    std::span<const std::int64_t> waits_ms) {
  if (places.empty()) return {};
  std::map<std::string, std::size_t> open;
  json::array inputs;
  for (const auto place : places) {
    const auto& id = writing.changes[place].record_id;
    open.emplace(id, place);
    inputs.emplace_back(json::object{{"objectTypeId", "0-1"}, {"recordId", id}});
  }
  const auto body = json::serialize(json::object{{"inputs", std::move(inputs)}});
  Seen seen;
  for (std::size_t look = 0;; ++look) {
    Request request;
    request.method = "POST";
    request.path = api_.path_to(Path::kMembershipsOfRecords);
    request.body = body;
    const auto answer = api_.call(std::move(request));
    const auto* results = array_at(answer.body, "results");
    if (answer.fate == Fate::kRefused && answer.status == 400 && places.size() > 1) {
      return look_at_halves(writing, places, waits_ms);
    }
    if (answer.fate != Fate::kOk || results == nullptr) {
      // Of one that is refused alone it is known.
      seen.told = places.size() == 1 && answer.fate == Fate::kRefused;
      seen.as = untold_by(answer);
      break;
    }
    for (const auto& result : *results) {
      const auto found = open.find(id_at(result, "recordId"));
      const auto* lists = array_at(result, "recordListMemberships");
      if (found == open.end() || lists == nullptr) continue;
      const bool wanted = writing.changes[found->second].kind == Change::Kind::kAdd;
      if (is_member(*lists, writing.list) == wanted) open.erase(found);
    }
    if (open.empty() || look == waits_ms.size() || !api_.wait(waits_ms[look])) break;
  }
  for (const auto& [id, place] : open) seen.lost.push_back(place);
  return seen;
}

}  // namespace muster::hubspot
