// The people of a world, the contacts that they are at the beginning, and the cohort of the day as
// its file has it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "simulation/draw.hpp"
#include "simulator/hubspot.hpp"
#include "support/temp_dir.hpp"

namespace muster::simulation {

struct Person {
  std::string email;
  std::string alias;    //!< a secondary address of the same contact; may be empty
  std::string id;       //!< the contact's id at the beginning; empty without one
  std::string company;  //!< as the source has it today
  bool in_cohort = false;
};

//! A row of the cohort's file.
struct CohortRow {
  std::string source_id;
  std::string canonical;  //!< empty: no identifier, or none that is well-formed
  bool duplicate = false;
  std::string company;  //!< to be written to the contact; empty: nothing is known of it
};

class People {
 public:
  People(Random& random, const Draw& draw, simulator::HubSpot& hubspot, std::uint64_t seed);

  //! Some join, some leave.
  void change_cohort();
  void write_cohort(const testing::TempDir& directory);

  const std::vector<Person>& all() const { return people_; }
  const std::vector<CohortRow>& rows() const { return rows_; }
  //! The canonical identifiers of today, and of all days so far.
  const std::set<std::string>& cohort() const { return cohort_; }
  const std::set<std::string>& ever() const { return ever_; }

 private:
  void populate(simulator::HubSpot& hubspot, std::uint64_t seed);
  void put(std::string& csv, const std::string& written, const std::string& canonical,
           const std::string& company = {});
  std::string noisy(const std::string& email);

  Random& random_;
  const Draw& draw_;
  std::vector<Person> people_;
  std::vector<CohortRow> rows_;
  std::set<std::string> cohort_;
  std::set<std::string> ever_;
};

}  // namespace muster::simulation
