#include "member_pages.hpp"

#include <set>
#include <utility>

#include "identifiers.hpp"
#include "list_answers.hpp"

namespace muster::hubspot {
namespace {

MemberPage ask_for_page(Api& api, std::string_view list, std::string_view cursor) {
  Request request;
  request.path = api.path_to(Path::kMemberships, percent_encoded(list)) +
                 "?limit=" + std::to_string(kMembersOfAPage);
  if (!cursor.empty()) request.path += "&after=" + percent_encoded(cursor);
  const auto answer = api.call(std::move(request));
  const auto* results = array_at(answer.body, "results");
  if (answer.fate != Fate::kOk || results == nullptr) {
    throw_list_failure(api, answer, list, "read the list");
  }
  MemberPage page;
  for (const auto& member : *results) {
    // What is no contact's id is no contact: nothing else is taken for a record.
    if (auto id = canonical_contact_id(id_at(member, "recordId"))) {
      page.ids.push_back(std::move(*id));
    }
  }
  const auto* paging = find(answer.body, "paging");
  const auto* next = paging == nullptr ? nullptr : find(*paging, "next");
  if (next != nullptr) page.next = text_at(*next, "after");
  return page;
}

}  // namespace

MemberPage read_member_page(Api& api, std::string_view list, std::string_view cursor) {
  auto page = ask_for_page(api, list, cursor);
  const bool says_nobody = cursor.empty() && page.ids.empty() && page.next.empty();
  // A success without results may be a failure (hubspot/api.md §4.3): nobody's leaving is taken for
  // proved by one. The list's size can't tell, it lags.
  return says_nobody ? ask_for_page(api, list, cursor) : page;
}

void read_memberships(Api& api, std::string_view list, std::string_view cursor,
                      const muster_readback_sink& sink) {
  std::string after(cursor);
  std::set<std::string> seen;
  do {
    if (!after.empty() && !seen.insert(after).second) {
      throw sdk::Failure(MUSTER_UNAVAILABLE, "hubspot.cursor",
                         "HubSpot's pages of the list lead in a circle", "try again later");
    }
    auto page = read_member_page(api, list, after);
    after = std::move(page.next);
    std::vector<muster_text> texts;
    for (const auto& id : page.ids) texts.push_back(sdk::text(id));
    if (sink.page(sink.context, texts.data(), texts.size(), sdk::text(after)) != MUSTER_OK) {
      return;  // the host has seen enough
    }
  } while (!after.empty());
}

}  // namespace muster::hubspot
