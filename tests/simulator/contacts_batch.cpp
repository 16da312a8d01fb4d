// Batches of contacts: one answer for each input, or one error for all (hubspot/api.md §4).
#include <set>

#include "simulator/contacts_api.hpp"

namespace muster::simulator {
namespace {

constexpr std::size_t kLargestBatch = 100;

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

}  // namespace

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
  return empty_response();
}

}  // namespace muster::simulator
