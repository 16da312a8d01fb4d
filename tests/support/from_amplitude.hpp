// A workspace whose syncs read a cohort of a simulated Amplitude rather than a file.
#pragma once

#include <boost/regex.hpp>
#include <string>

#include "simulator/amplitude.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {

inline constexpr const char* kAmplitudeCohort = "7khm89cz";

//! Every `source: {csv: …}` of the muster.yaml in `dir` becomes the project's cohort, which is
//! added.
inline void read_from(simulator::Amplitude& amplitude, const TempDir& dir) {
  auto& project = amplitude.project();
  project.add(kAmplitudeCohort, "Power Users");
  dir.write("api_key", project.api_key);
  dir.write("secret_key", project.secret_key);
  const auto source = std::string("source: {amplitude: {cohort: ") + kAmplitudeCohort +
                      ", api_base: \"http://127.0.0.1:3\", api_key: {file: api_key}, secret_key: "
                      "{file: secret_key}}}";
  dir.write("muster.yaml", boost::regex_replace(read_file(dir / "muster.yaml"),
                                                boost::regex("source: \\{csv: [^}]*\\}"), source));
}

//! Someone enters the cohort, whose `column` holds the address.
inline void add_person(simulator::Amplitude& amplitude, const std::string& column,
                       const std::string& address) {
  auto& users = amplitude.project().cohorts.at(kAmplitudeCohort).users;
  users.push_back({1'000 + users.size(), address, {{column, address}}});
}

//! What it was asked for that counts.
inline std::size_t downloads(const simulator::Amplitude& amplitude) {
  return amplitude.count(std::string("/request/") + kAmplitudeCohort);
}

}  // namespace muster::testing
