// What a simulated Amplitude project holds: its cohorts and their members. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace muster::simulator {

//! A person of a cohort.
struct AmplitudeUser {
  std::uint64_t amplitude_id = 0;
  std::string user_id;  //!< empty: anonymous
  std::map<std::string, std::string> properties;
};

struct AmplitudeCohort {
  std::string id;
  std::string name;
  bool archived = false;
  bool published = true;
  std::int64_t last_computed = 0;  //!< Unix seconds
  std::int64_t size = -1;          //!< as listed; -1: the number of users
  std::vector<AmplitudeUser> users;
  std::vector<AmplitudeUser> computed_users = {};  //!< at last_computed

  //! At that time, Unix seconds.
  void compute(std::int64_t now) {
    last_computed = now;
    computed_users = users;
  }
};

struct AmplitudeProject {
  std::string api_key = "0123456789abcdef0123456789abcdef";
  std::string secret_key = "fedcba9876543210fedcba9876543210";
  std::int64_t app_id = 187520;
  std::map<std::string, AmplitudeCohort> cohorts;  //!< by id

  AmplitudeCohort& add(std::string id, std::string name);
};

//! The file of a cohort: CSV with quoted cells (amplitude/api.md §1.6).
std::string cohort_csv(const AmplitudeCohort& cohort, const std::vector<std::string>& properties,
                       const std::string& property_prefix);
//! People as a file at S3 has them: its header is another (amplitude/api.md §6).
std::string s3_csv(const std::vector<AmplitudeUser>& users,
                   const std::vector<std::string>& properties);

}  // namespace muster::simulator
