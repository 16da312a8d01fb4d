#include "simulator/hubspot.hpp"

#include <algorithm>

namespace muster::simulator {
namespace {

bool is_version(const std::string& segment) {
  return segment == "v3" || segment == "2026-03" || segment == "2026-09";
}

//! The path without its version, which stands second or third: /crm/v3/objects/contacts is
//! /crm/objects/v3/contacts in dated versions (api.md §1).
struct Versioned {
  std::string version;
  std::vector<std::string> rest;
};

std::optional<Versioned> versioned(std::vector<std::string> path) {
  for (std::size_t i = 1; i < std::min<std::size_t>(path.size(), 3); ++i) {
    if (!is_version(path[i])) continue;
    Versioned found{path[i], {}};
    path.erase(path.begin() + static_cast<std::ptrdiff_t>(i));
    found.rest = std::move(path);
    return found;
  }
  return std::nullopt;
}

bool begins_with(const std::vector<std::string>& path, std::initializer_list<const char*> words) {
  return path.size() >= words.size() && std::equal(words.begin(), words.end(), path.begin());
}

std::vector<std::string> after(const std::vector<std::string>& path, std::ptrdiff_t count) {
  return {path.begin() + count, path.end()};
}

//! The answer of a batch as one that mentions some of its inputs with no word.
SimResponse without_entries(SimResponse response, int count) {
  boost::system::error_code failed;
  auto body = json::parse(response.body, failed);
  auto* object = failed ? nullptr : body.if_object();
  if (object == nullptr) return response;
  for (const auto* name : {"results", "errors"}) {
    auto* entries = object->if_contains(name);
    auto* list = entries == nullptr ? nullptr : entries->if_array();
    while (list != nullptr && !list->empty() && count-- > 0) list->pop_back();
  }
  response.body = json::serialize(body);
  return response;
}

//! One more, which tells of nobody in particular (api.md §4.2).
SimResponse with_error(SimResponse response, const std::string& category) {
  auto body = json::parse(response.body);
  auto& errors = body.as_object()["errors"];
  if (!errors.is_array()) errors = json::array{};
  errors.as_array().emplace_back(
      json::object{{"status", "error"}, {"category", category}, {"message", "simulated fault"}});
  response.status = 207;
  response.body = json::serialize(body);
  return response;
}

}  // namespace

HubSpot::HubSpot(const Clock& clock, std::uint64_t seed)
    : clock_(clock),
      account_(clock, seed),
      limiter_(clock),
      oauth_(clock, account_, switches_),
      contacts_(account_, switches_),
      lists_(account_, switches_) {
  restart_correlation_ids();
}

SimResponse HubSpot::handle(const SimRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.path().rfind("/_simulator/", 0) == 0) return control(request);
  auto response = answer(request);
  if (switches_.date_header) response.headers.emplace_back("Date", http_date(clock_.now()));
  log_.push_back({request.method, request.target, request.body, response.status,
                  switches_.log_answers ? response.body : std::string{}});
  return response;
}

std::size_t HubSpot::count(const std::string& part, const std::string& method) const {
  return static_cast<std::size_t>(std::count_if(log_.begin(), log_.end(), [&](const auto& entry) {
    return entry.target.find(part) != std::string::npos &&
           (method.empty() || entry.method == method);
  }));
}

SimResponse HubSpot::answer(const SimRequest& request) {
  if (const auto fault = faults_.meet(request)) return faulty(request, *fault);
  return route(request);
}

SimResponse HubSpot::faulty(const SimRequest& request, const Fault& fault) {
  SimResponse response;
  if (fault.kind == "drop_member" || fault.kind == "keep_member") {
    const auto count = static_cast<std::size_t>(std::max<std::int64_t>(1, fault.status));
    fault.kind == "drop_member" ? lists_.drop_members(count) : lists_.keep_members(count);
    response = route(request);
    response.delay = Milliseconds{fault.delay_ms};
    return response;
  }
  if (fault.kind == "lose_entries") {
    response = without_entries(route(request), std::max(1, fault.status));
    if (!fault.category.empty()) response = with_error(std::move(response), fault.category);
    response.delay = Milliseconds{fault.delay_ms};
    return response;
  }
  SimResponse done;
  const bool passes = fault.applied || fault.kind == "truncated" || fault.kind == "slow";
  if (passes) done = route(request);
  if (fault.kind == "slow") {
    response = done;
  } else if (fault.kind == "reset") {
    response.disturbance = Disturbance::kReset;
  } else if (fault.kind == "refused") {
    response.disturbance = Disturbance::kRefused;
  } else if (fault.kind == "truncated") {
    response = done;
    response.disturbance = Disturbance::kTruncated;
  } else if (fault.kind == "empty_results") {
    response = json_response(200, json::object{{"status", "COMPLETE"}, {"results", json::array{}}});
  } else if (fault.kind == "unauthorized") {
    response = error_response(401, "EXPIRED_AUTHENTICATION",
                              "The OAuth token used to make this call expired 75 second(s) ago.");
  } else if (fault.kind == "invalid_token") {
    // The quirk of a token that can't be read (§2.5).
    response = OAuthApi::unreadable_token();
  } else if (fault.kind == "unauthenticated") {
    response = OAuthApi::unauthenticated();
  } else if (fault.status == 403) {
    response = missing_scopes({"crm.lists.write"});
  } else if (fault.status == 409) {
    response = error_response(409, "CONFLICT", "Contact already exists");
  } else if (fault.status == 429) {
    response = rate_limited(fault.policy.empty() ? "TEN_SECONDLY_ROLLING" : fault.policy, false);
  } else if (fault.status >= 500) {
    response = html_error(fault.status);
  } else {
    response = error_response(fault.status, fault.category, "simulated fault");
  }
  if (fault.retry_after_s >= 0) {
    response.headers.emplace_back("Retry-After", std::to_string(fault.retry_after_s));
  }
  response.delay = Milliseconds{fault.delay_ms};
  return response;
}

SimResponse HubSpot::route(const SimRequest& request) {
  const auto path = segments(request.path());
  if (begins_with(path, {"oauth", "authorize"})) return oauth_.authorize(request);
  const auto found = versioned(path);
  if (!found) return not_found();
  const auto& rest = found->rest;
  if (request.method == "POST" && begins_with(rest, {"oauth", "token"})) {
    if (rest.size() == 2) return oauth_.token(request);
    if (rest[2] == "introspect") return oauth_.introspect(request);
    if (rest[2] == "revoke") return oauth_.revoke(request);
    return not_found();
  }
  const bool is_contacts = begins_with(rest, {"crm", "objects", "contacts"}) ||
                           begins_with(rest, {"crm", "objects", "0-1"});
  const bool is_lists = begins_with(rest, {"crm", "lists"});
  const auto behind_contacts = is_contacts ? after(rest, 3) : std::vector<std::string>{};
  const auto behind_lists = is_lists ? after(rest, 2) : std::vector<std::string>{};
  const bool is_search = is_contacts && ContactsApi::is_search(behind_contacts);
  if (const auto policy = limiter_.refuse(switches_, is_search)) {
    auto response = rate_limited(*policy, switches_.retry_after);
    if (!is_search) limiter_.add_headers(switches_, response);
    return response;
  }
  SimResponse response;
  if (is_contacts) {
    auto refused = oauth_.refuse(request, ContactsApi::scopes(request, behind_contacts));
    response = refused ? *refused : contacts_.handle(request, behind_contacts, found->version);
  } else if (is_lists) {
    auto refused = oauth_.refuse(request, ListsApi::scopes(request, behind_lists));
    response = refused ? *refused : lists_.handle(request, behind_lists, found->version);
  } else if (begins_with(rest, {"crm", "properties", "contacts"}) && request.method == "GET") {
    auto refused = oauth_.refuse(request, {"crm.objects.contacts.read"});
    response = refused
                   ? *refused
                   : json_response(200, json::object{{"results", contacts_.properties().listed()}});
  } else if (begins_with(rest, {"account-info", "details"}) && request.method == "GET") {
    response = account_info(request);
  } else if (begins_with(rest, {"appinstalls", "external-install"}) && request.method == "DELETE") {
    response = oauth_.uninstall(request);
  } else {
    response = not_found();
  }
  if (!is_search) limiter_.add_headers(switches_, response);
  return response;
}

SimResponse HubSpot::account_info(const SimRequest& request) {
  if (auto refused = oauth_.refuse(request, {"oauth"})) return *refused;
  return json_response(200, json::object{{"portalId", account_.portal_id},
                                         {"accountType", "STANDARD"},
                                         {"timeZone", switches_.time_zone},
                                         {"companyCurrency", "USD"},
                                         {"additionalCurrencies", json::array{}},
                                         {"utcOffset", "-05:00"},
                                         {"utcOffsetMilliseconds", switches_.utc_offset_ms},
                                         {"uiDomain", "app.hubspot.com"},
                                         {"dataHostingLocation", "na1"}});
}

}  // namespace muster::simulator
