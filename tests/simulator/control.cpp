// What HubSpot does not have: a door for tests, under /_simulator/ (README.md lists it).
#include <stdexcept>

#include "simulator/hubspot.hpp"

namespace muster::simulator {

SimResponse HubSpot::control(const SimRequest& request) {
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
                                          {"body", entry.body},
                                          {"status", entry.status},
                                          {"answer", entry.answer}});
      }
      return json_response(200, json::object{{"requests", std::move(entries)}});
    }
    if (what == "requests" && request.method == "DELETE") {
      log_.clear();
      return json_response(200, json::object{});
    }
    if (what == "switches") {
      switches_.set(body.as_object());
      return json_response(200, json::object{});
    }
    if (what == "faults" && request.method == "DELETE") {
      faults_.clear();
      lists_.be_honest();
      return json_response(200, json::object{});
    }
    if (what == "faults") {
      faults_.add(Fault::from_json(body.as_object()));
      return json_response(200, json::object{});
    }
    if (what == "lists") return control_lists(request, path);
    if (what == "expire-tokens") {
      oauth_.expire_access_tokens();
      return json_response(200, json::object{});
    }
    if (what == "uninstall") {
      oauth_.uninstall_app();
      return json_response(200, json::object{});
    }
    if (what == "static-token") {
      oauth_.add_static_token(body.at("token").as_string().c_str(), oauth_.app().scopes);
      return json_response(200, json::object{});
    }
    if (what == "withdraw-scope") {
      oauth_.withdraw_scope(body.at("scope").as_string().c_str());
      return json_response(200, json::object{});
    }
    if (what == "others") {
      limiter_.use_by_others(body.at("requests").as_int64());
      return json_response(200, json::object{});
    }
    return not_found();
  } catch (const std::exception& error) {
    return error_response(400, "SIMULATOR", error.what());
  }
}

//! GET lists: everything about all lists. POST lists: one made by hand. POST lists/ID: changes it.
SimResponse HubSpot::control_lists(const SimRequest& request,
                                   const std::vector<std::string>& path) {
  if (request.method == "GET") {
    json::array lists;
    for (const auto& [id, list] : account_.lists()) {
      json::array members;
      for (const auto& [member, joined] : list.members) {
        const auto* contact = account_.by_id(member);
        members.emplace_back(json::object{{"id", std::to_string(member)},
                                          {"email", contact == nullptr ? "" : contact->email}});
      }
      lists.emplace_back(json::object{{"id", std::to_string(id)},
                                      {"name", list.name},
                                      {"type", list.processing_type},
                                      {"deleted", list.deleted.has_value()},
                                      {"members", std::move(members)}});
    }
    return json_response(200, json::object{{"lists", std::move(lists)}});
  }
  const auto body = json::parse(request.body);
  const auto& asked = body.as_object();
  if (path.size() == 2) {
    const auto* type = asked.if_contains("type");
    auto& list = account_.create_list(asked.at("name").as_string().c_str(),
                                      type == nullptr ? "MANUAL" : type->as_string().c_str());
    return json_response(200, json::object{{"id", std::to_string(list.id)}});
  }
  auto* list = account_.list(std::stoull(path[2]));
  if (list == nullptr) return not_found();
  for (const auto& [name, value] : asked) {
    if (name == "type") {
      list->processing_type = value.as_string().c_str();
    } else if (name == "add") {
      for (const auto& id : value.as_array()) {
        account_.add_member(*list, std::stoull(id.as_string().c_str()));
      }
    } else if (name == "remove") {
      for (const auto& id : value.as_array()) {
        account_.remove_member(*list, std::stoull(id.as_string().c_str()));
      }
    } else {
      throw std::invalid_argument("unknown change of a list: " + std::string(name));
    }
  }
  return json_response(200, json::object{});
}

}  // namespace muster::simulator
