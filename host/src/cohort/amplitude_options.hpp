// What a source says of an Amplitude project and its cohort.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret_reference.hpp"

namespace muster {

//! A project, reached with a key pair of its own in one of two regions (amplitude/api.md §1.1).
struct AmplitudeProjectAccess {
  enum class Region { kUs, kEu } region = Region::kUs;
  SecretReference api_key;
  SecretReference secret_key;
  std::string api_base;  //!< empty: the region's
};

struct AmplitudeOptions {
  AmplitudeProjectAccess project;
  std::string cohort;                    //!< its id, such as 7khm89cz
  std::vector<std::string> properties;   //!< user properties to ask for, as Amplitude calls them
  std::optional<std::string> id_column;  //!< nothing: user id, or else the Amplitude id
  std::string where;                     //!< file:line:column in muster.yaml
  //! Its age matters, since changes are laid over it: one that is not known is told.
  bool is_dated = false;
};

//! "us" or "eu".
const char* to_word(AmplitudeProjectAccess::Region region);
//! Where the region's API is.
const char* base_of(AmplitudeProjectAccess::Region region);

}  // namespace muster
