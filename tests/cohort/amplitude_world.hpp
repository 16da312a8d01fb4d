// A simulated Amplitude and what a source needs to reach it, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "cohort/amplitude_source.hpp"
#include "simulator/amplitude.hpp"
#include "simulator/simulated_transport.hpp"
#include "support/temp_dir.hpp"

namespace muster::testing {

//! What a workspace's state would remember.
class PlainMemory final : public SourceMemory {
 public:
  std::optional<std::string> get(std::string_view key) override {
    const auto found = values.find(std::string(key));
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  void update(std::string_view key, const Change& change) override {
    const auto changed = change(get(key));
    if (changed) {
      values[std::string(key)] = *changed;
    } else {
      values.erase(std::string(key));
    }
  }
  std::string name_of(std::string_view secret) override {
    return std::to_string(std::hash<std::string_view>{}(secret));
  }
  std::map<std::string, std::string> values;
};

inline const char* kCohort = "7khm89cz";

class AmplitudeWorld {
 public:
  AmplitudeWorld() {
    amplitude.project().add(kCohort, "Power Users");
    amplitude.switches().minute_limit = 60;  // a test of limits sets its own
    dir.write("api_key", amplitude.project().api_key);
    dir.write("secret_key", amplitude.project().secret_key);
  }
  simulator::AmplitudeCohort& cohort() { return amplitude.project().cohorts.at(kCohort); }
  void add_user(std::string user_id, std::string email, std::string plan = {}) {
    simulator::AmplitudeUser user;
    user.amplitude_id = 1'000 + cohort().users.size();
    user.user_id = std::move(user_id);
    user.properties["email"] = std::move(email);
    user.properties["plan"] = std::move(plan);
    cohort().users.push_back(std::move(user));
  }
  SourceEnvironment environment(Waiting waiting = {}) {
    return {clock,
            [this]() -> std::unique_ptr<Transport> {
              return std::make_unique<simulator::SimulatedTransport>(
                  clock, [this](const simulator::SimRequest& r) { return amplitude.handle(r); });
            },
            memory, std::move(waiting)};
  }
  AmplitudeOptions options() const {
    AmplitudeOptions options;
    const auto reference = [&](const char* name) {
      return SecretReference{SecretReference::Kind::kFile, (dir / name).string(),
                             std::string("muster.yaml:5:") + name};
    };
    options.project.api_key = reference("api_key");
    options.project.secret_key = reference("secret_key");
    options.project.api_base = "http://127.0.0.1:1";
    options.cohort = kCohort;
    options.where = "muster.yaml:4:13";
    return options;
  }
  std::unique_ptr<AmplitudeSource> source(Waiting waiting = {}) {
    return std::make_unique<AmplitudeSource>(options(), environment(std::move(waiting)));
  }
  //! Whatever has `path` in its path is answered with `status` from now on.
  void refuse(const std::string& path, int status) {
    simulator::Fault refused;
    refused.path = path;
    refused.status = status;
    refused.count = -1;
    amplitude.faults().add(refused);
  }
  //! Requests of step 1, which cost downloads.
  std::size_t downloads() const {
    return amplitude.count("/request/" + std::string(kCohort) + "?");
  }

  VirtualClock clock;
  simulator::Amplitude amplitude{clock};
  PlainMemory memory;
  TempDir dir;
};

inline const Columns kEmail{"email", {}};

inline std::vector<std::string> identifiers(Source& source, const Columns& columns = kEmail) {
  source.open(columns);
  std::vector<std::string> seen;
  while (const auto member = source.next()) seen.emplace_back(member->identifier);
  return seen;
}

inline Error error_of(Source& source) {
  try {
    identifiers(source);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "not refused";
  return {ErrorKind::kFailed, "", ""};
}

}  // namespace muster::testing
