#include "simulator/contacts_api.hpp"

#include <algorithm>
#include <set>

namespace muster::simulator {
namespace {

constexpr std::size_t kLargestBatch = 100;

//! "email,firstname" as its parts.
std::vector<std::string> listed(const std::string& names) {
  std::string separated = names;
  std::replace(separated.begin(), separated.end(), ',', ';');
  return parts(separated);
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
    if (rest[0] == "search") return search(request, body.as_object());
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
  body["startedAt"] = body["completedAt"] = timestamp(account_.clock().now());
  return json_response(good ? good_status : 207, body);
}

json::object ContactsApi::shown(const Contact& contact,
                                const std::vector<std::string>& asked) const {
  return {{"id", std::to_string(contact.id)},
          {"properties", properties_.shown(contact, asked)},
          {"createdAt", timestamp(contact.created)},
          {"updatedAt", timestamp(contact.updated)},
          {"archived", contact.archived},
          {"url", "https://app.hubspot.com/contacts/" + std::to_string(account_.portal_id) +
                      "/record/0-1/" + std::to_string(contact.id)}};
}

std::vector<std::string> ContactsApi::asked(const json::object& body) {
  std::vector<std::string> names;
  if (const auto* listed = array_at(body, "properties")) {
    for (const auto& name : *listed) {
      if (const auto* text = name.if_string()) names.emplace_back(text->data(), text->size());
    }
  }
  return names;
}

SimResponse ContactsApi::read(const json::object& body, const json::array& inputs, bool archived) {
  const bool by_email = text_at(body, "idProperty") == "email";
  const auto names = asked(body);
  BatchAnswer answer;
  json::array missing;
  std::set<ContactId> shown_ids;
  for (const auto& input : inputs) {
    const auto id = text_at(input.as_object(), "id");
    const Contact* contact = nullptr;
    if (by_email) {
      contact = account_.by_email(lower(id), switches_.additional_emails_match_read);
    } else {
      contact = account_.by_id(account_.survivor(whole_number(id)));
    }
    if (contact == nullptr || contact->archived != archived) {
      missing.emplace_back(id);
    } else if (shown_ids.insert(contact->id).second) {
      // Two inputs may be one record: one result, and no error (§4.7).
      answer.results.emplace_back(shown(*contact, names));
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

json::object ContactsApi::write(Contact& contact, const json::object& values,
                                const std::string& version) {
  json::array warnings;
  std::vector<std::string> written{"email"};
  for (auto& [name, value] : properties_.stored(values, version, warnings)) {
    written.push_back(name);
    if (name == "email") {
      account_.set_email(contact, value);
    } else {
      contact.properties[name] = value;
    }
  }
  contact.updated = account_.clock().now();
  auto result = shown(contact, written);
  if (!warnings.empty()) result["warnings"] = std::move(warnings);
  return result;
}

SimResponse ContactsApi::create(const json::array& inputs, const std::string& version) {
  const bool traced = switches_.traces_isolate && all_traced(inputs);
  // What would happen to each, before anything does.
  const auto error_of = [&](const json::object& input) -> std::optional<json::object> {
    const auto* properties = object_at(input, "properties");
    const json::object none;
    if (auto refused =
            properties_.refuse(properties == nullptr ? none : *properties, nullptr, version)) {
      return property_error_body(*refused);
    }
    const auto email = properties == nullptr ? std::string{} : lower(text_at(*properties, "email"));
    const auto* existing = email.empty() ? nullptr : account_.by_email(email);
    if (existing != nullptr) return conflict(*existing);
    return std::nullopt;
  };
  for (const auto& input : inputs) {
    if (traced && !switches_.create_conflict_rejects_batch) break;
    const auto error = error_of(input.as_object());
    if (!error) continue;
    const bool conflicts = text_at(*error, "category") == "CONFLICT";
    if (!traced || (conflicts && switches_.create_conflict_rejects_batch)) {
      return whole_error(*error);
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
    auto result = write(contact, properties == nullptr ? json::object{} : *properties, version);
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
      const auto id = whole_number(text_at(object, "id"));
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
        if (auto refused = properties_.refuse(*properties, contact, version)) {
          error = property_error_body(*refused);
        }
      }
      if (error && pass == 0) return whole_error(*error);
      if (pass == 0) continue;
      if (error) {
        answer.errors.emplace_back(item_error(std::move(*error), trace));
        continue;
      }
      answer.results.emplace_back(
          write(*contact, properties == nullptr ? json::object{} : *properties, version));
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
      if (auto refused = properties_.refuse(properties, contact, version)) {
        auto error = property_error_body(*refused);
        if (pass == 0) return whole_error(error);
        answer.errors.emplace_back(item_error(std::move(error), trace));
        continue;
      }
      if (pass == 0) continue;
      const bool is_new = contact == nullptr;
      if (is_new) contact = &account_.create(email);
      auto result = write(*contact, properties, version);
      result["new"] = is_new;
      answer.results.emplace_back(std::move(result));
    }
  }
  return batch_response(std::move(answer), 200);
}

SimResponse ContactsApi::archive(const json::array& inputs) {
  for (const auto& input : inputs) {
    auto* contact = account_.by_id(whole_number(text_at(input.as_object(), "id")));
    if (contact != nullptr && !contact->archived) account_.archive(*contact);
  }
  SimResponse response;
  response.status = 204;
  return response;
}

SimResponse ContactsApi::merge(const json::object& body) {
  auto* primary = account_.by_id(account_.survivor(whole_number(text_at(body, "primaryObjectId"))));
  auto* other = account_.by_id(account_.survivor(whole_number(text_at(body, "objectIdToMerge"))));
  if (primary == nullptr || other == nullptr || primary == other) return not_found();
  return json_response(
      200, shown(account_.merge(*primary, *other, switches_.merge_keeps_primary_id), {}));
}

SimResponse ContactsApi::erase(const json::object& body) {
  const auto id = text_at(body, "objectId");
  auto* contact = text_at(body, "idProperty") == "email" ? account_.by_email(lower(id))
                                                         : account_.by_id(whole_number(id));
  if (contact != nullptr) account_.erase(*contact);
  SimResponse response;
  response.status = 204;
  return response;
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
    if (auto refused = properties_.refuse(properties, nullptr, version)) {
      return whole_error(property_error_body(*refused));
    }
    const auto email = lower(text_at(properties, "email"));
    const auto* existing = email.empty() ? nullptr : account_.by_email(email);
    if (existing != nullptr) return whole_error(conflict(*existing));
    auto& contact = account_.create(email);
    return json_response(201, write(contact, properties, version));
  }
  if (rest.size() != 1) return not_found();
  const bool by_email = field(query(request.target), "idProperty") == "email";
  auto* contact = by_email ? account_.by_email(lower(rest[0]))
                           : account_.by_id(account_.survivor(whole_number(rest[0])));
  if (contact == nullptr || contact->archived) return not_found();
  if (request.method == "GET") {
    return json_response(200, shown(*contact, listed(field(query(request.target), "properties"))));
  }
  if (request.method == "DELETE") {
    account_.archive(*contact);
    SimResponse response;
    response.status = 204;
    return response;
  }
  if (request.method != "PATCH") return error_response(405, "", "method not allowed");
  if (auto refused = properties_.refuse(properties, contact, version)) {
    return whole_error(property_error_body(*refused));
  }
  return json_response(200, write(*contact, properties, version));
}

}  // namespace muster::simulator
