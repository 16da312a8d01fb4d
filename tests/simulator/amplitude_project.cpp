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

}  // namespace

AmplitudeCohort& AmplitudeProject::add(std::string id, std::string name) {
  auto& cohort = cohorts[id];
  cohort.id = std::move(id);
  cohort.name = std::move(name);
  return cohort;
}

std::string cohort_csv(const AmplitudeCohort& cohort, const std::vector<std::string>& properties,
                       const std::string& property_prefix) {
  std::string text = "amplitude_id,user_id";
  for (const auto& property : properties) text += ',' + property_prefix + property;
  text += "\r\n";
  for (const auto& user : cohort.users) {
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

}  // namespace muster::simulator
