#include "simulator/amplitude_project.hpp"

#include <utility>

namespace muster::simulator {
namespace {

void append_quoted(std::string& text, const std::string& cell) {
  text += '"';
  for (const char c : cell) {
    if (c == '"') text += '"';
    text += c;
  }
  text += '"';
}

std::string table_of(const std::string& header, const std::vector<AmplitudeUser>& users,
                     const std::vector<std::string>& properties) {
  auto text = header + "\r\n";
  for (const auto& user : users) {
    append_quoted(text, std::to_string(user.amplitude_id));
    text += ',';
    append_quoted(text, user.user_id);
    for (const auto& property : properties) {
      text += ',';
      const auto value = user.properties.find(property);
      append_quoted(text, value == user.properties.end() ? std::string{} : value->second);
    }
    text += "\r\n";
  }
  return text;
}

}  // namespace

AmplitudeCohort& AmplitudeProject::add(std::string id, std::string name) {
  auto& cohort = cohorts[id];
  cohort.id = std::move(id);
  cohort.name = std::move(name);
  return cohort;
}

std::string cohort_csv(const AmplitudeCohort& cohort, const std::vector<std::string>& properties,
                       const std::string& property_prefix) {
  std::string header = "amplitude_id,user_id";
  for (const auto& property : properties) header += ',' + property_prefix + property;
  return table_of(header, cohort.users, properties);
}

std::string s3_csv(const std::vector<AmplitudeUser>& users,
                   const std::vector<std::string>& properties) {
  std::string header = "amplitudeID,userID";
  for (const auto& property : properties) header += ',' + property;
  return table_of(header, users, properties);
}

}  // namespace muster::simulator
