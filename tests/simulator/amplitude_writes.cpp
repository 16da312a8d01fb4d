// Cohorts written through Amplitude's API (amplitude/api.md §1.7, §1.8), and the simulator's door.
#include <algorithm>
#include <stdexcept>

#include "simulator/amplitude.hpp"

namespace muster::simulator {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostIds = 100'000;

SimResponse answer_of(int status, const json::value& body) {
  SimResponse answer;
  answer.status = status;
  answer.headers.emplace_back("Content-Type", "application/json");
  answer.body = json::serialize(body);
  return answer;
}

SimResponse invalid(const std::string& message) {
  return answer_of(400, json::object{{"error", json::object{{"http_code", 400},
                                                            {"type", "invalid_request"},
                                                            {"message", message},
                                                            {"metadata", json::object{}}}}});
}

bool flag(const json::object& body, const char* name, bool otherwise) {
  const auto* value = body.if_contains(name);
  return value == nullptr ? otherwise : value->as_bool();
}

std::string text(const json::object& body, const char* name) {
  const auto* value = body.if_contains(name);
  return value == nullptr ? std::string{} : std::string(value->as_string());
}

//! The user that an id means; nullptr when the project has none.
const AmplitudeUser* find_user(const AmplitudeProject& project, bool by_amplitude_id,
                               const std::string& id) {
  for (const auto& [key, cohort] : project.cohorts) {
    for (const auto& user : cohort.users) {
      const bool same =
          by_amplitude_id ? std::to_string(user.amplitude_id) == id : user.user_id == id;
      if (same) return &user;
    }
  }
  return nullptr;
}

AmplitudeUser user_from(const json::object& entry, std::uint64_t otherwise) {
  AmplitudeUser user;
  const auto* id = entry.if_contains("amplitude_id");
  user.amplitude_id = id == nullptr ? otherwise : id->to_number<std::uint64_t>();
  user.user_id = text(entry, "user_id");
  if (const auto* properties = entry.if_contains("properties")) {
    for (const auto& [name, value] : properties->as_object()) {
      user.properties[name] = value.as_string().c_str();
    }
  }
  return user;
}

}  // namespace

SimResponse Amplitude::upload(const SimRequest& request) {
  json::error_code failed;
  const auto parsed = json::parse(request.body, failed);
  if (failed || !parsed.is_object()) return invalid("the body is not JSON");
  const auto& body = parsed.as_object();
  for (const auto* name : {"name", "app_id", "id_type", "ids", "owner", "published"}) {
    if (!body.contains(name)) return invalid(std::string("missing ") + name);
  }
  const auto type = text(body, "id_type");
  if (type != "BY_AMP_ID" && type != "BY_USER_ID") return invalid("invalid id_type");
  const auto& ids = body.at("ids").as_array();
  if (ids.size() > kMostIds) return invalid("too many ids");
  std::vector<AmplitudeUser> users;
  json::array unknown;
  for (const auto& id : ids) {
    const auto* user = find_user(project_, type == "BY_AMP_ID", id.as_string().c_str());
    if (user == nullptr) {
      unknown.push_back(id);
    } else {
      users.push_back(*user);
    }
  }
  if (!unknown.empty() && !flag(body, "skip_invalid_ids", true)) return invalid("invalid ids");
  auto cohort = text(body, "existing_cohort_id");
  if (!flag(body, "skip_save", false)) {
    if (cohort.empty()) cohort = "up" + std::to_string(next_id_++);
    auto& made = project_.add(cohort, text(body, "name"));
    made.published = body.at("published").as_bool();
    made.users = users;  // an existing one's contents are replaced
  }
  return answer_of(200, json::object{{"cohortId", cohort},
                                     {"metadata", json::object{{"matched", users.size()},
                                                               {"totals", ids.size()},
                                                               {"invalid_ids_sample", unknown}}}});
}

SimResponse Amplitude::change_members(const SimRequest& request) {
  json::error_code failed;
  const auto parsed = json::parse(request.body, failed);
  if (failed || !parsed.is_object()) return invalid("the body is not JSON");
  const auto& body = parsed.as_object();
  const auto id = text(body, "cohort_id");
  const auto found = project_.cohorts.find(id);
  if (found == project_.cohorts.end()) return invalid("unknown cohort_id");
  auto users = found->second.users;
  json::array results;
  for (const auto& entry : body.at("memberships").as_array()) {
    const auto& change = entry.as_object();
    const bool by_amplitude_id = text(change, "id_type") == "BY_ID";
    const bool add = text(change, "operation") == "ADD";
    if (change.at("ids").as_array().size() > kMostIds) return invalid("too many ids");
    json::array skipped;
    for (const auto& member : change.at("ids").as_array()) {
      const auto* known = find_user(project_, by_amplitude_id, member.as_string().c_str());
      if (known == nullptr) {
        skipped.push_back(member);
        continue;
      }
      const auto user = *known;
      const auto place = std::find_if(users.begin(), users.end(), [&](const auto& other) {
        return other.amplitude_id == user.amplitude_id;
      });
      if (add && place == users.end()) users.push_back(user);
      if (!add && place != users.end()) users.erase(place);
    }
    if (!skipped.empty() && !flag(body, "skip_invalid_ids", true)) return invalid("invalid ids");
    results.emplace_back(json::object{{"skipped_ids", skipped},
                                      {"id_type", change.at("id_type")},
                                      {"operation", change.at("operation")}});
  }
  found->second.users = std::move(users);
  return answer_of(200, json::object{{"cohort_id", id}, {"memberships_result", results}});
}

//! POST cohorts: replaces a cohort. switches, faults, others, requests: as HubSpot's door.
SimResponse Amplitude::control(const SimRequest& request) {
  const auto path = segments(request.path());
  const auto what = path.size() > 1 ? path[1] : std::string{};
  try {
    const auto body =
        request.body.empty() ? json::value(json::object{}) : json::parse(request.body);
    if (what == "requests" && request.method == "GET") {
      json::array entries;
      for (const auto& entry : log_) {
        entries.emplace_back(json::object{{"method", entry.method},
                                          {"target", entry.target},
                                          {"status", entry.status},
                                          {"authorized", entry.authorized}});
      }
      return answer_of(200, json::object{{"requests", std::move(entries)}});
    }
    if (what == "requests") {
      log_.clear();
    } else if (what == "switches") {
      switches_.set(body.as_object());
    } else if (what == "faults" && request.method == "DELETE") {
      faults_.clear();
    } else if (what == "faults") {
      faults_.add(Fault::from_json(body.as_object()));
    } else if (what == "others") {
      use_by_others(body.at("downloads").to_number<std::int64_t>());
    } else if (what == "cohorts") {
      const auto& entry = body.as_object();
      auto& cohort = project_.add(text(entry, "id"), text(entry, "name"));
      cohort.archived = flag(entry, "archived", false);
      cohort.published = flag(entry, "published", true);
      if (const auto* at = entry.if_contains("last_computed")) {
        cohort.last_computed = at->to_number<std::int64_t>();
      }
      cohort.users.clear();
      for (const auto& user : entry.at("users").as_array()) {
        cohort.users.push_back(user_from(user.as_object(), 1000 + cohort.users.size()));
      }
    } else {
      return answer_of(404, json::object{});
    }
    return answer_of(200, json::object{});
  } catch (const std::exception& error) {
    return invalid(error.what());
  }
}

}  // namespace muster::simulator
