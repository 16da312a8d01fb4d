// A sync whose columns are mapped to properties.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "hubspot/plugin_world.hpp"
#include "hubspot/run_world.hpp"

namespace muster::testing {

inline constexpr const char* kUpdate = "/contacts/batch/update";

class Properties : public ::testing::Test {
 protected:
  void cohort(const std::vector<std::string>& rows) { world.cohort(rows, "email,plan,points"); }
  std::string value(const std::string& email, const std::string& property) {
    const auto* contact = world.hubspot.account().by_email(email);
    if (contact == nullptr) return "no contact";
    const auto found = contact->properties.find(property);
    return found == contact->properties.end() ? "" : found->second;
  }
  static std::string text(const std::filesystem::path& file) {
    std::ostringstream read;
    read << std::ifstream(file).rdbuf();
    return read.str();
  }

  RunWorld world{"properties: {plan: plan_tier, points: score}"};
};

}  // namespace muster::testing
