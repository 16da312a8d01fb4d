#include "simulator/contacts_api.hpp"

#include <algorithm>

namespace muster::simulator {
namespace {

//! "email,firstname" as its parts.
std::vector<std::string> listed(const std::string& names) {
  std::string separated = names;
  std::replace(separated.begin(), separated.end(), ',', ';');
  return parts(separated);
}

//! Of two lifecycle stages. A contact goes forward only, and a write that would lead it back leaves
//! it where it is, without a word (§10.21).
bool is_before(const std::string& stage, const std::string& other) {
  static const std::vector<std::string> kStages{"subscriber", "lead", "opportunity", "customer",
                                                "other"};
  const auto place = [](const std::string& name) {
    return std::find(kStages.begin(), kStages.end(), name) - kStages.begin();
  };
  return !other.empty() && place(stage) < place(other);
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
    } else if (name != "lifecyclestage" || value.empty() ||
               !is_before(value, contact.properties[name])) {
      contact.properties[name] = value;
    }
  }
  contact.updated = account_.clock().now();
  auto result = shown(contact, written);
  if (!warnings.empty()) result["warnings"] = std::move(warnings);
  return result;
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
  return empty_response();
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
    return empty_response();
  }
  if (request.method != "PATCH") return error_response(405, "", "method not allowed");
  if (auto refused = properties_.refuse(properties, contact, version)) {
    return whole_error(property_error_body(*refused));
  }
  return json_response(200, write(*contact, properties, version));
}

}  // namespace muster::simulator
