#include "simulator/contacts_api.hpp"

#include <algorithm>
#include <set>

namespace muster::simulator {
namespace {

constexpr std::size_t kLargestBatch = 100;
const std::set<std::string> kReadOnly{"hs_object_id",         "createdate",
                                      "lastmodifieddate",     "hs_additional_emails",
                                      "hs_merged_object_ids", "hs_marketable_status"};
const std::set<std::string> kKnown{"email",   "firstname",      "lastname",  "phone",
                                   "company", "lifecyclestage", "plan_tier", "score"};
// Reserved top-level domains are on no list of IANA's (§4.5).
const std::set<std::string> kReservedDomains{"example", "invalid", "test", "localhost", "internal"};

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& entry : list) text += (text.empty() ? "" : ";") + entry;
  return text;
}

std::string joined_ids(const std::vector<ContactId>& list) {
  std::vector<std::string> texts;
  for (const auto id : list) texts.push_back(std::to_string(id));
  return joined(texts);
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return {};
  if (const auto* text = value->if_string()) return {text->data(), text->size()};
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  return {};
}

ContactId id_from(const std::string& text) {
  return text.empty() || text.find_first_not_of("0123456789") != std::string::npos ||
                 text.size() > 19
             ? 0
             : std::stoull(text);
}

json::array inputs_of(const json::object& body) {
  const auto* inputs = body.if_contains("inputs");
  return inputs != nullptr && inputs->is_array() ? inputs->as_array() : json::array{};
}

json::object item_error(json::object error, const std::string& trace) {
  error["status"] = "error";
  auto& context = error["context"];
  if (!context.is_object()) context = json::object{};
  context.as_object()["objectWriteTraceId"] = json::array{trace};
  return error;
}

//! With a trace id of its own for each input, one bad input does not hurt the others (§4.3).
bool all_traced(const json::array& inputs) {
  std::set<std::string> traces;
  for (const auto& input : inputs) {
    const auto trace = text_at(input.as_object(), "objectWriteTraceId");
    if (trace.empty() || !traces.insert(trace).second) return false;
  }
  return true;
}

SimResponse whole_error(const json::object& error) {
  const bool conflict = text_at(error, "category") == "CONFLICT";
  auto extra = error;
  const auto message = text_at(error, "message");
  extra.erase("message");
  extra.erase("category");
  return error_response(conflict ? 409 : 400, text_at(error, "category"), message, extra);
}

}  // namespace

bool ContactsApi::is_search(const std::vector<std::string>& rest) {
  return rest.size() == 1 && rest[0] == "search";
}

std::vector<std::string> ContactsApi::scopes(const SimRequest& request,
                                             const std::vector<std::string>& rest) {
  const bool reads = request.method == "GET" || is_search(rest) ||
                     (rest.size() == 2 && rest[0] == "batch" && rest[1] == "read");
  return {reads ? "crm.objects.contacts.read" : "crm.objects.contacts.write"};
}

SimResponse ContactsApi::handle(const SimRequest& request, const std::vector<std::string>& rest,
                                const std::string& version) {
  if (rest.size() == 2 && rest[0] == "batch" && request.method == "POST") {
    return batch(request, rest[1], version);
  }
  const bool posts = rest.size() == 1 && request.method == "POST";
  if (posts) {
    boost::system::error_code failed;
    const auto body = json::parse(request.body, failed);
    if (failed || !body.is_object()) return invalid_json();
    if (rest[0] == "merge") return merge(body.as_object());
    if (rest[0] == "gdpr-delete") return erase(body.as_object());
    if (rest[0] == "search") return search(body.as_object());
  }
  return single(request, rest, version);
}

SimResponse ContactsApi::batch(const SimRequest& request, const std::string& operation,
                               const std::string& version) {
  boost::system::error_code failed;
  const auto parsed = json::parse(request.body, failed);
  if (failed || !parsed.is_object()) return invalid_json();
  const auto& body = parsed.as_object();
  const auto inputs = inputs_of(body);
  for (const auto& input : inputs) {
    if (!input.is_object()) return invalid_json();
  }
  if (inputs.size() > kLargestBatch) {
    return error_response(400, "VALIDATION_ERROR",
                          "The maximum number of inputs supported in a batch request is 100.");
  }
  if (operation != "create") {
    std::set<std::string> seen;
    for (const auto& input : inputs) {
      const auto id = text_at(input.as_object(), "id");
      if (seen.insert(lower(id)).second) continue;
      return error_response(400, "VALIDATION_ERROR",
                            "Duplicate IDs found in batch input: [" + id + "]. IDs must be unique",
                            {{"context", json::object{{"ids", json::array{id}}}}});
    }
  }
  if (operation == "read") {
    return read(body, inputs, field(query(request.target), "archived") == "true");
  }
  if (operation == "create") return create(inputs, version);
  if (operation == "update") return update(inputs, version);
  if (operation == "upsert") return upsert(inputs, version);
  if (operation == "archive") return archive(inputs);
  return not_found();
}

SimResponse ContactsApi::batch_response(BatchAnswer answer, int good_status) {
  if (switches_.shuffle_results) {
    auto& results = answer.results;
    for (std::size_t i = results.size(); i > 1; --i) {
      std::swap(results[i - 1], results[account_.random()() % i]);
    }
  }
  json::object body{{"status", "COMPLETE"}, {"results", std::move(answer.results)}};
  const bool good = answer.errors.empty();
  if (!good) {
    body["numErrors"] = answer.errors.size();
    body["errors"] = std::move(answer.errors);
  }
  body["startedAt"] = "2026-11-23T16:56:07.367Z";
  body["completedAt"] = "2026-11-23T16:56:07.403Z";
  return json_response(good ? good_status : 207, body);
}

json::object ContactsApi::shown(const Contact& contact) const {
  json::object properties{
      {"email", contact.email.empty() ? json::value{} : json::value(contact.email)},
      {"hs_object_id", std::to_string(contact.id)},
      {"createdate", "2026-01-01T00:00:00Z"},
      {"lastmodifieddate", "2026-01-01T00:00:00Z"}};
  properties["hs_additional_emails"] = contact.additional_emails.empty()
                                           ? json::value{}
                                           : json::value(joined(contact.additional_emails));
  if (switches_.merged_ids_in_properties && !contact.merged_ids.empty()) {
    properties["hs_merged_object_ids"] = joined_ids(contact.merged_ids);
  }
  for (const auto& [name, value] : contact.properties) properties[name] = value;
  return {{"id", std::to_string(contact.id)},
          {"properties", properties},
          {"createdAt", "2026-01-01T00:00:00Z"},
          {"updatedAt", "2026-01-01T00:00:00Z"},
          {"archived", contact.archived},
          {"url", "https://app.hubspot.com/contacts/" + std::to_string(account_.portal_id) +
                      "/record/0-1/" + std::to_string(contact.id)}};
}

SimResponse ContactsApi::read(const json::object& body, const json::array& inputs, bool archived) {
  const bool by_email = text_at(body, "idProperty") == "email";
  BatchAnswer answer;
  json::array missing;
  std::set<ContactId> shown_ids;
  for (const auto& input : inputs) {
    const auto id = text_at(input.as_object(), "id");
    const Contact* contact = nullptr;
    if (by_email) {
      contact = account_.by_email(lower(id), switches_.additional_emails_match_read);
    } else {
      contact = account_.by_id(account_.survivor(id_from(id)));
    }
    if (contact == nullptr || contact->archived != archived) {
      missing.emplace_back(id);
    } else if (shown_ids.insert(contact->id).second) {
      // Two inputs may be one record: one result, and no error (§4.7).
      answer.results.emplace_back(shown(*contact));
    }
  }
  if (!missing.empty()) {
    // All that are missing stand in one entry (§4.2).
    answer.errors.emplace_back(
        json::object{{"status", "error"},
                     {"category", "OBJECT_NOT_FOUND"},
                     {"message",
                      "Could not get some CONTACT objects, they may be deleted or not exist. Check "
                      "that ids are valid."},
                     {"context", json::object{{"ids", std::move(missing)}}}});
  }
  return batch_response(std::move(answer), 200);
}

std::optional<PropertyError> ContactsApi::refuse(const json::object& properties, bool creating,
                                                 const std::string& version) const {
  for (const auto& [key, value] : properties) {
    const std::string name(key);
    if (kReadOnly.contains(name)) {
      return PropertyError{"READ_ONLY_VALUE", name, "Property \"" + name + "\" is read only"};
    }
    if (!kKnown.contains(name)) {
      return PropertyError{"PROPERTY_DOESNT_EXIST", name,
                           "Property \"" + name + "\" does not exist"};
    }
    const auto text = text_at(properties, name);
    if (name == "score" && text.find_first_not_of("0123456789") != std::string::npos) {
      return PropertyError{"INVALID_INTEGER", name, text + " was not a valid integer."};
    }
    if (name != "email") continue;
    const auto address = lower(text);
    const auto at = address.find('@');
    const auto dot = address.rfind('.');
    const bool formed = at != std::string::npos && at > 0 && dot != std::string::npos && dot > at;
    const bool reserved = formed && kReservedDomains.contains(address.substr(dot + 1));
    if (!formed || reserved || account_.refused_emails.contains(address)) {
      return PropertyError{"INVALID_EMAIL", "email", "Email address " + text + " is invalid"};
    }
  }
  if (creating && version.rfind("2026-09", 0) == 0) {
    for (const auto& name : switches_.required_on_create) {
      if (properties.contains(name)) continue;
      return PropertyError{"MISSING_REQUIRED_PROPERTY", name,
                           "A value for " + name + " must be provided"};
    }
  }
  return std::nullopt;
}

json::object ContactsApi::conflict(const Contact& existing) const {
  json::object error{{"category", "CONFLICT"}, {"message", "Contact already exists"}};
  if (switches_.conflict_ids != "none") {
    error["message"] = "Contact already exists. Existing ID: " + std::to_string(existing.id);
  }
  if (switches_.conflict_ids == "context") {
    error["context"] = json::object{{"existingId", json::array{std::to_string(existing.id)}}};
  }
  return error;
}

void ContactsApi::write(Contact& contact, const json::object& properties) {
  for (const auto& [key, value] : properties) {
    const std::string name(key);
    if (name == "email") {
      account_.set_email(contact, text_at(properties, name));
    } else {
      contact.properties[name] = text_at(properties, name);
    }
  }
  contact.updated = account_.clock().now();
}

SimResponse ContactsApi::create(const json::array& inputs, const std::string& version) {
  const bool traced = all_traced(inputs);
  // What would happen to each, before anything does.
  const auto error_of = [&](const json::object& input) -> std::optional<json::object> {
    const auto* properties = object_at(input, "properties");
    const json::object none;
    if (auto refused = refuse(properties == nullptr ? none : *properties, true, version)) {
      return property_error_body(*refused);
    }
    const auto email = properties == nullptr ? std::string{} : lower(text_at(*properties, "email"));
    const auto* existing = email.empty() ? nullptr : account_.by_email(email);
    if (existing != nullptr) return conflict(*existing);
    return std::nullopt;
  };
  if (!traced) {
    for (const auto& input : inputs) {
      if (auto error = error_of(input.as_object())) return whole_error(*error);
    }
  }
  BatchAnswer answer;
  for (const auto& input : inputs) {
    const auto& object = input.as_object();
    const auto trace = text_at(object, "objectWriteTraceId");
    if (auto error = error_of(object)) {
      answer.errors.emplace_back(item_error(std::move(*error), trace));
      continue;
    }
    const auto* properties = object_at(object, "properties");
    auto& contact = account_.create(properties == nullptr ? "" : text_at(*properties, "email"));
    if (properties != nullptr) write(contact, *properties);
    auto result = shown(contact);
    if (switches_.trace_ids_in_results) result["objectWriteTraceId"] = trace;
    answer.results.emplace_back(std::move(result));
  }
  return batch_response(std::move(answer), 201);
}

SimResponse ContactsApi::update(const json::array& inputs, const std::string& version) {
  const bool traced = all_traced(inputs);
  BatchAnswer answer;
  for (const auto pass : {0, 1}) {
    if (pass == 0 && traced) continue;  // without traces, the first error refuses all
    for (const auto& input : inputs) {
      const auto& object = input.as_object();
      const auto id = id_from(text_at(object, "id"));
      const auto trace = text_at(object, "objectWriteTraceId");
      // An old, merged id is left out in silence (§4.7).
      if (account_.survivor(id) != id) continue;
      auto* contact = account_.by_id(id);
      const auto* properties = object_at(object, "properties");
      std::optional<json::object> error;
      if (contact == nullptr || contact->archived) {
        error = json::object{{"category", "OBJECT_NOT_FOUND"},
                             {"message", "CONTACT objects were not found"},
                             {"context", json::object{{"ids", json::array{std::to_string(id)}}}}};
      } else if (properties != nullptr) {
        if (auto refused = refuse(*properties, false, version))
          error = property_error_body(*refused);
      }
      if (error && pass == 0) return whole_error(*error);
      if (pass == 0) continue;
      if (error) {
        answer.errors.emplace_back(item_error(std::move(*error), trace));
        continue;
      }
      if (properties != nullptr) write(*contact, *properties);
      answer.results.emplace_back(shown(*contact));
    }
  }
  return batch_response(std::move(answer), 200);
}

SimResponse ContactsApi::upsert(const json::array& inputs, const std::string& version) {
  std::set<ContactId> resolved;
  for (const auto& input : inputs) {
    const auto* contact = account_.by_email(lower(text_at(input.as_object(), "id")));
    if (contact == nullptr || resolved.insert(contact->id).second) continue;
    if (switches_.upsert_conflict_rejects_batch) return whole_error(conflict(*contact));
  }
  const bool traced = all_traced(inputs);
  BatchAnswer answer;
  for (const auto pass : {0, 1}) {
    if (pass == 0 && traced) continue;
    for (const auto& input : inputs) {
      const auto& object = input.as_object();
      const auto email = lower(text_at(object, "id"));
      const auto trace = text_at(object, "objectWriteTraceId");
      const auto* given = object_at(object, "properties");
      json::object properties = given == nullptr ? json::object{} : *given;
      auto* contact = account_.by_email(email);
      if (contact == nullptr) properties["email"] = email;
      if (auto refused = refuse(properties, contact == nullptr, version)) {
        auto error = property_error_body(*refused);
        if (pass == 0) return whole_error(error);
        answer.errors.emplace_back(item_error(std::move(error), trace));
        continue;
      }
      if (pass == 0) continue;
      const bool is_new = contact == nullptr;
      if (is_new) contact = &account_.create(email);
      write(*contact, properties);
      auto result = shown(*contact);
      result["new"] = is_new;
      answer.results.emplace_back(std::move(result));
    }
  }
  return batch_response(std::move(answer), 200);
}

SimResponse ContactsApi::archive(const json::array& inputs) {
  for (const auto& input : inputs) {
    auto* contact = account_.by_id(id_from(text_at(input.as_object(), "id")));
    if (contact != nullptr && !contact->archived) account_.archive(*contact);
  }
  SimResponse response;
  response.status = 204;
  return response;
}

SimResponse ContactsApi::merge(const json::object& body) {
  auto* primary = account_.by_id(account_.survivor(id_from(text_at(body, "primaryObjectId"))));
  auto* other = account_.by_id(account_.survivor(id_from(text_at(body, "objectIdToMerge"))));
  if (primary == nullptr || other == nullptr || primary == other) return not_found();
  return json_response(200,
                       shown(account_.merge(*primary, *other, switches_.merge_keeps_primary_id)));
}

SimResponse ContactsApi::erase(const json::object& body) {
  const auto id = text_at(body, "objectId");
  auto* contact = text_at(body, "idProperty") == "email" ? account_.by_email(lower(id))
                                                         : account_.by_id(id_from(id));
  if (contact != nullptr) account_.erase(*contact);
  SimResponse response;
  response.status = 204;
  return response;
}

//! By e-mail alone; additional addresses are not searched (§4.6).
SimResponse ContactsApi::search(const json::object& body) {
  std::vector<std::string> emails;
  const auto* groups = body.if_contains("filterGroups");
  if (groups != nullptr && groups->is_array()) {
    for (const auto& group : groups->as_array()) {
      for (const auto& filter : group.at("filters").as_array()) {
        const auto& f = filter.as_object();
        if (text_at(f, "propertyName") != "email") continue;
        emails.push_back(lower(text_at(f, "value")));
        if (const auto* values = f.if_contains("values")) {
          for (const auto& value : values->as_array()) emails.push_back(lower(value.as_string()));
        }
      }
    }
  }
  json::array results;
  for (const auto& email : emails) {
    const auto* contact = account_.by_email(email, false);
    if (contact != nullptr) results.emplace_back(shown(*contact));
  }
  return json_response(200, json::object{{"total", results.size()}, {"results", results}});
}

SimResponse ContactsApi::single(const SimRequest& request, const std::vector<std::string>& rest,
                                const std::string& version) {
  boost::system::error_code failed;
  const auto parsed =
      request.body.empty() ? json::value(json::object{}) : json::parse(request.body, failed);
  if (failed || !parsed.is_object()) return invalid_json();
  const auto* given = object_at(parsed.as_object(), "properties");
  const json::object properties = given == nullptr ? json::object{} : *given;
  if (rest.empty() && request.method == "POST") {
    if (auto refused = refuse(properties, true, version)) {
      return whole_error(property_error_body(*refused));
    }
    const auto email = lower(text_at(properties, "email"));
    const auto* existing = email.empty() ? nullptr : account_.by_email(email);
    if (existing != nullptr) return whole_error(conflict(*existing));
    auto& contact = account_.create(email);
    write(contact, properties);
    return json_response(201, shown(contact));
  }
  if (rest.size() != 1) return not_found();
  const bool by_email = field(query(request.target), "idProperty") == "email";
  auto* contact = by_email ? account_.by_email(lower(rest[0]))
                           : account_.by_id(account_.survivor(id_from(rest[0])));
  if (contact == nullptr || contact->archived) return not_found();
  if (request.method == "GET") return json_response(200, shown(*contact));
  if (request.method == "DELETE") {
    account_.archive(*contact);
    SimResponse response;
    response.status = 204;
    return response;
  }
  if (request.method != "PATCH") return error_response(405, "", "method not allowed");
  if (auto refused = refuse(properties, false, version)) {
    return whole_error(property_error_body(*refused));
  }
  write(*contact, properties);
  return json_response(200, shown(*contact));
}

}  // namespace muster::simulator
