// The files that Amplitude writes to S3 (amplitude/api.md §6): three of a run. Pure.
#pragma once

#include <string>
#include <vector>

#include "simulator/amplitude_project.hpp"

namespace muster::simulator {

struct S3File {
  std::string name;
  std::string text;
};

//! One run of a cohort's sync: who was there at the last one, who came and who left since.
struct S3Run {
  //! How the time in a name is spelled: the documentation has both.
  enum class Spelling { kColon, kHyphen };
  //! Whether `existing` has those who came, too: the documentation says both.
  enum class Existing { kAsBefore, kWithEntering };

  std::int64_t project = 187'520;
  std::string cohort = "7khm89cz";
  std::string day = "2026-11-24";  //!< YYYY-MM-DD
  int hour = 10;
  int second = 30;  //!< the minutes are not in the name
  std::string routing_key = "key";
  Spelling spelling = Spelling::kColon;
  Existing holds = Existing::kAsBefore;
  std::vector<std::string> properties{"email"};
  std::vector<AmplitudeUser> existing, entering, exiting;

  //! entering, exiting, existing.
  std::vector<S3File> files() const;
};

}  // namespace muster::simulator
