#include "simulation/people.hpp"

#include <fmt/format.h>

#include <cctype>

namespace muster::simulation {

People::People(Random& random, const Draw& draw, simulator::HubSpot& hubspot, std::uint64_t seed)
    : random_(random), draw_(draw) {
  populate(hubspot, seed);
}

void People::populate(simulator::HubSpot& hubspot, std::uint64_t seed) {
  auto& account = hubspot.account();
  for (int i = 0; i < draw_.people; ++i) {
    Person person;
    person.email = fmt::format("person{}x{}@example.com", i, seed % 1000);
    if (random_.chance(0.65)) {
      auto& contact = account.create(person.email);
      contact.properties["firstname"] = fmt::format("Name{}", i);
      if (random_.chance(0.5)) contact.properties["phone"] = fmt::format("+49 30 {}", i);
      if (random_.chance(0.5)) contact.properties["company"] = fmt::format("Former {}", i);
      person.id = std::to_string(contact.id);
      if (random_.chance(0.2)) {
        person.alias = fmt::format("alias{}x{}@example.org", i, seed % 1000);
        account.add_additional_email(contact, person.alias);
      }
      if (random_.chance(0.08)) account.archive(contact);
    } else if (random_.chance(0.1)) {
      account.refused_emails.insert(person.email);
    }
    people_.push_back(std::move(person));
  }
}

void People::change_cohort() {
  for (auto& person : people_) {
    if (random_.chance(0.3)) person.in_cohort = !person.in_cohort;
    if (draw_.properties && random_.chance(0.3)) {
      person.company = fmt::format("Company {}", random_.pick(1, 5));
    }
  }
  if (random_.chance(0.9)) random_.one_of(people_).in_cohort = true;
}

std::string People::noisy(const std::string& email) {
  auto text = email;
  if (random_.chance(0.2)) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  }
  if (random_.chance(0.1)) text = " " + text + " ";
  return text;
}

void People::put(std::string& csv, const std::string& written, const std::string& canonical,
                 const std::string& company) {
  CohortRow row{fmt::format("u{}", rows_.size()), canonical, false, company};
  if (!canonical.empty()) {
    row.duplicate = !cohort_.insert(canonical).second;
    ever_.insert(canonical);
  }
  csv += row.source_id + ',' + written + (draw_.properties ? ',' + company : "") + '\n';
  rows_.push_back(std::move(row));
}

void People::write_cohort(const testing::TempDir& directory) {
  rows_.clear();
  cohort_.clear();
  std::string csv = draw_.properties ? "user_id,who,works_at\n" : "user_id,who\n";
  for (const auto& person : people_) {
    if (!person.in_cohort) continue;
    if (!draw_.by_email) {
      if (person.id.empty()) continue;
      put(csv, random_.chance(0.1) ? "0" + person.id : person.id, person.id, person.company);
      continue;
    }
    const bool use_alias = !person.alias.empty() && random_.chance(0.5);
    if (!use_alias || random_.chance(0.5)) {
      put(csv, noisy(person.email), person.email, person.company);
    }
    if (use_alias) put(csv, noisy(person.alias), person.alias, person.company);
    if (random_.chance(0.1)) put(csv, person.email, person.email, person.company);
  }
  if (random_.chance(0.5)) put(csv, "no address", {});
  if (random_.chance(0.5)) put(csv, "", {});
  if (!draw_.by_email && random_.chance(0.5)) put(csv, "999", "999");
  directory.write("cohort.csv", csv);
}

}  // namespace muster::simulation
