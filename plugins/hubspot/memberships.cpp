#include "memberships.hpp"

#include <algorithm>
#include <unordered_set>

namespace muster::hubspot {
namespace {

// The largest page there is (hubspot/api.md §5).
constexpr const char* kPageSize = "250";

std::unordered_set<std::string> ids_in(const json::value& body,
                                       std::initializer_list<const char*> names) {
  std::unordered_set<std::string> ids;
  for (const auto* name : names) {
    const auto* list = array_at(body, name);
    if (list == nullptr) continue;  // absent is empty
    for (const auto& id : *list) ids.insert(id_of(id));
  }
  return ids;
}

void set(std::vector<Written>& written, std::size_t begin, std::size_t end, Written::State state,
         const Answer& answer) {
  for (auto i = begin; i < end; ++i) {
    written[i].state = state;
    written[i].wait_ms = answer.wait_ms;
  }
}

}  // namespace

std::vector<Written> Memberships::write(std::string_view list, const std::vector<Change>& changes) {
  std::vector<Written> written(changes.size());
  std::size_t begin = 0;
  while (begin < changes.size() && !api_.ended()) {
    const auto size = std::min({chunk_, api_.settings().membership_chunk, changes.size() - begin});
    write_range(list, changes, {begin, begin + size}, written);
    begin += size;
  }
  return written;
}

void Memberships::write_range(std::string_view list, const std::vector<Change>& changes,
                              Range range, std::vector<Written>& written) {
  json::array to_add;
  json::array to_remove;
  for (auto i = range.begin; i < range.end; ++i) {
    auto& ids = changes[i].kind == Change::Kind::kAdd ? to_add : to_remove;
    ids.emplace_back(changes[i].record_id);
  }
  Request request;
  request.method = "PUT";
  request.path = api_.path_to(Path::kMembershipsChange, percent_encoded(list));
  request.body = json::serialize(json::object{{"recordIdsToAdd", std::move(to_add)},
                                              {"recordIdsToRemove", std::move(to_remove)}});
  const auto answer = api_.call(std::move(request));
  switch (answer.fate) {
    case Fate::kOk:
      take(changes, range, answer, written);
      if (range.end - range.begin >= chunk_) chunk_ *= 2;
      chunk_ = std::min(chunk_, api_.settings().membership_chunk);
      return;
    case Fate::kRetry:
      return set(written, range.begin, range.end, Written::State::kRetry, answer);
    case Fate::kInDoubt:
      smaller();  // it may have been too much at once
      return set(written, range.begin, range.end, Written::State::kInDoubt, answer);
    case Fate::kSkipped:
      return;
    case Fate::kNotFound:
      throw_list_failure(api_, answer, "write to the list");
    case Fate::kRefused:
    case Fate::kConflict:
    case Fate::kTooLarge:
      break;
  }
  // Refused as a whole: the list is none that can be written to, or it was too much at once, or one
  // id is the culprit, which halves find.
  if (answer.fate != Fate::kTooLarge) lists_.check(list);
  if (range.end - range.begin == 1) {
    written[range.begin].state = Written::State::kRejected;
    written[range.begin].detail =
        answer.error.code.empty() ? answer.error.category : answer.error.code;
    return;
  }
  smaller();
  const auto half = range.begin + (range.end - range.begin) / 2;
  write_range(list, changes, {range.begin, half}, written);
  write_range(list, changes, {half, range.end}, written);
}

void Memberships::take(const std::vector<Change>& changes, Range range, const Answer& answer,
                       std::vector<Written>& written) {
  // HubSpot's own spelling has one s too many; both are met (hubspot/api.md §5).
  const auto added = ids_in(answer.body, {"recordsIdsAdded", "recordIdsAdded"});
  const auto removed = ids_in(answer.body, {"recordIdsRemoved", "recordsIdsRemoved"});
  const auto missing = ids_in(answer.body, {"recordIdsMissing", "recordsIdsMissing"});
  for (auto i = range.begin; i < range.end; ++i) {
    const auto& id = changes[i].record_id;
    const bool changed =
        changes[i].kind == Change::Kind::kAdd ? added.contains(id) : removed.contains(id);
    written[i].state = changed                ? Written::State::kChanged
                       : missing.contains(id) ? Written::State::kMissing
                                              : Written::State::kUnchanged;
  }
}

void read_memberships(Api& api, std::string_view list, std::string_view cursor,
                      const muster_readback_sink& sink) {
  std::string after(cursor);
  do {
    Request request;
    request.path = api.path_to(Path::kMemberships, percent_encoded(list)) + "?limit=" + kPageSize;
    if (!after.empty()) request.path += "&after=" + percent_encoded(after);
    const auto answer = api.call(std::move(request));
    const auto* results = array_at(answer.body, "results");
    if (answer.fate != Fate::kOk || results == nullptr) {
      throw_list_failure(api, answer, "read the list");
    }
    std::vector<std::string> ids;
    for (const auto& member : *results) {
      auto id = id_at(member, "recordId");
      if (!id.empty()) ids.push_back(std::move(id));
    }
    after.clear();
    const auto* paging = find(answer.body, "paging");
    const auto* next = paging == nullptr ? nullptr : find(*paging, "next");
    if (next != nullptr) after = text_at(*next, "after");
    std::vector<muster_text> texts;
    for (const auto& id : ids) texts.push_back(sdk::text(id));
    if (sink.page(sink.context, texts.data(), texts.size(), sdk::text(after)) != MUSTER_OK) {
      return;  // the host has seen enough
    }
  } while (!after.empty());
}

}  // namespace muster::hubspot
